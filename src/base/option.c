/* SPDX-License-Identifier: MIT
 *
 * base/option.c - see option.h.
 *
 * Every option is a row of `table`, and every value is an int64_t while it is judged: counts and sizes as they are,
 * words by the number their config field has for them (switches: 1 on, -1 off, so that 0 stays "not set"). What is
 * allowed, how a value is read and how it is written all follow from the row; only the list of processors, the one
 * option made of two config fields, is told apart by hand.
 */
#include "base/option.h"
#include "base/fault.h"

#include <coir/fiber.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

/* How an option is written, and the type of its config field. */
typedef enum kind {
	KIND_COUNT,  /* unsigned; 0 is "auto" */
	KIND_NUMBER, /* uint64_t */
	KIND_SIZE,   /* size_t */
	KIND_WORD,   /* an enum or an int */
} kind;

typedef struct word {
	const char *text;
	int value;
} word;

/* Of several words for one value the first is shown. */
static const word pins[] = {
	{"none", COIR_PIN_NONE},
	{"compact", COIR_PIN_COMPACT},
	{"scatter", COIR_PIN_SCATTER},
	{NULL, 0},
};
static const word guards[] = {
	{"auto", COIR_GUARD_AUTO},
	{"install", COIR_GUARD_INSTALL},
	{"mprotect", COIR_GUARD_MPROTECT},
	{"canary", COIR_GUARD_CANARY},
	{NULL, 0},
};
static const word clocks[] = {
	{"real", COIR_CLOCK_REAL},
	{"virtual", COIR_CLOCK_VIRTUAL},
	{"manual", COIR_CLOCK_MANUAL},
	{NULL, 0},
};
static const word switches[] = {
	{"on", 1}, {"off", -1}, {"1", 1}, {"0", -1}, {"yes", 1}, {"no", -1}, {"-1", -1}, {NULL, 0},
};

#define ON  1
#define OFF (-1)

typedef struct option {
	const char *name; /* of the config field */
	size_t field;     /* its offset in coir_config */
	const char *variable;
	kind kind;
	const word *words;
	int64_t min, max;
	int64_t fallback; /* the default; 0 for the main stack: RLIMIT_STACK */
	const char *help;
} option;

#define FIELD(f) #f, offsetof(coir_config, f)

static const option table[COIRI_OPTIONS] = {
	[COIRI_OPTION_WORKERS] = {FIELD(workers), "COIR_WORKERS", KIND_COUNT, NULL, 0, COIR_WORKERS_MAX, 0,
				  "kernel threads that run fibers; auto: one for each processor the process may use"},
	[COIRI_OPTION_PIN] = {FIELD(pin), "COIR_PIN", KIND_WORD, pins, 0, 0, COIR_PIN_NONE,
			      "where workers are bound: none, compact, scatter, or a list such as 0,2,4-7"},
	[COIRI_OPTION_STACK] = {FIELD(stack_size), "COIR_STACK", KIND_SIZE, NULL, COIR_STACK_MIN, COIR_STACK_MAX,
				128 << 10, "stack of a fiber that asks for none"},
	[COIRI_OPTION_MAIN_STACK] = {FIELD(main_stack), "COIR_MAIN_STACK", KIND_SIZE, NULL, COIR_STACK_MIN,
				     COIR_STACK_MAX, 0, "stack of the main fiber"},
	[COIRI_OPTION_GUARD] = {FIELD(guard), "COIR_GUARD", KIND_WORD, guards, 0, 0, COIR_GUARD_AUTO,
				"how the end of a stack is guarded: auto, install, mprotect, canary"},
	[COIRI_OPTION_WIPE_STACKS] = {FIELD(wipe_stacks), "COIR_WIPE_STACKS", KIND_WORD, switches, 0, 0, OFF,
				      "clear a stack when its fiber ends"},
	[COIRI_OPTION_OVERFLOW_REPORT] = {FIELD(overflow_report), "COIR_OVERFLOW_REPORT", KIND_WORD, switches, 0, 0, ON,
					  "catch SIGSEGV and SIGBUS to name the fiber whose stack overflowed"},
	[COIRI_OPTION_CLOCK] = {FIELD(clock), "COIR_CLOCK", KIND_WORD, clocks, 0, 0, COIR_CLOCK_REAL,
				"what time is: real, virtual (jumps when all fibers wait), manual; the latter two have "
				"one worker"},
	[COIRI_OPTION_SEED] = {FIELD(seed), "COIR_SEED", KIND_NUMBER, NULL, 1, INT64_MAX, 1,
			       "of all that is chosen by chance"},
};

_Static_assert(sizeof(coir_pin) == sizeof(int) && sizeof(coir_guard) == sizeof(int) &&
		       sizeof(coir_clock) == sizeof(int),
	       "words are read as int");

/* ---- writing values ---- */

#define TEXT_SIZE 160

static const char suffixes[] = "KMG"; /* each 1024 times the one before */

static void size_text(char *buf, size_t size, uint64_t bytes)
{
	int unit = 0;
	for (; unit < 3 && bytes && bytes % 1024 == 0; unit++)
		bytes /= 1024;
	const char suffix[2] = {unit ? suffixes[unit - 1] : '\0', '\0'};
	snprintf(buf, size, "%" PRIu64 "%s", bytes, suffix);
}

static const char *word_text(const word *words, int64_t value)
{
	for (; words->text; words++)
		if (words->value == value)
			return words->text;
	return NULL;
}

/* A value as it could be given in the environment; one that has no word as a number. */
static void value_text(const option *opt, int64_t value, char *buf, size_t size)
{
	const char *text = opt->kind == KIND_WORD ? word_text(opt->words, value) : NULL;
	if (text)
		snprintf(buf, size, "%s", text);
	else if (opt->kind == KIND_COUNT && value == 0)
		snprintf(buf, size, "auto");
	else if (opt->kind == KIND_SIZE && value == 0)
		snprintf(buf, size, "RLIMIT_STACK");
	else if (opt->kind == KIND_SIZE)
		size_text(buf, size, (uint64_t)value);
	else
		snprintf(buf, size, "%" PRId64, value);
}

static void allowed_words(const option *opt, char *buf, size_t size)
{
	size_t used = 0;
	for (const word *w = opt->words; w->text && used < size; w++)
		if (word_text(opt->words, w->value) == w->text)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "one of ", w->text);
	if (opt->words == pins && used < size)
		snprintf(buf + used, size - used, ", or a list of processors such as 0,2,4-7");
}

static void allowed_text(const option *opt, char *buf, size_t size)
{
	char min[32], max[32];
	if (opt->kind == KIND_WORD) {
		allowed_words(opt, buf, size);
		return;
	}
	value_text(opt, opt->min, min, sizeof min);
	value_text(opt, opt->max, max, sizeof max);
	if (opt->kind == KIND_COUNT)
		snprintf(buf, size, "%s, or a number from 1 to %s", min, max);
	else if (opt->kind == KIND_NUMBER)
		snprintf(buf, size, "a number from %s to %s", min, max);
	else
		snprintf(buf, size, "a size from %s to %s, in bytes or with a suffix K, M or G", min, max);
}

/* The answer for every value that is not allowed; where: "coir_config." or empty. */
static int refuse(const option *opt, const char *where, const char *name, const char *given)
{
	char allowed[TEXT_SIZE];
	allowed_text(opt, allowed, sizeof allowed);
	coiri_complain("%s%s=%.80s is not allowed: it must be %s", where, name, given, allowed);
	return -EINVAL;
}

/* ---- reading values ---- */

/* Digits, no sign, no space. Moves *cursor past them; false if there are none or they exceed INT64_MAX. */
static bool read_number(const char **cursor, int64_t *out)
{
	const char *c = *cursor;
	int64_t n = 0;
	if (!isdigit((unsigned char)*c))
		return false;
	for (; isdigit((unsigned char)*c); c++)
		if (__builtin_mul_overflow(n, (int64_t)10, &n) || __builtin_add_overflow(n, *c - '0', &n))
			return false;
	*cursor = c;
	*out = n;
	return true;
}

/* Bytes, or a number with K, KB or KiB and so on: powers of two all. */
static bool read_size(const char *text, int64_t *out)
{
	if (!read_number(&text, out))
		return false;
	if (*text == '\0' || strcasecmp(text, "B") == 0)
		return true;
	const char *found = strchr(suffixes, toupper((unsigned char)*text));
	if (!found || __builtin_mul_overflow(*out, (int64_t)1 << (10 * (found - suffixes + 1)), out))
		return false;
	return text[1] == '\0' || strcasecmp(text + 1, "B") == 0 || strcasecmp(text + 1, "iB") == 0;
}

static bool read_word(const word *words, const char *text, int64_t *out)
{
	for (; words->text; words++) {
		if (strcasecmp(words->text, text) == 0) {
			*out = words->value;
			return true;
		}
	}
	return false;
}

static bool read_text(const option *opt, const char *text, int64_t *out)
{
	if (opt->kind == KIND_WORD)
		return read_word(opt->words, text, out);
	if (opt->kind == KIND_SIZE)
		return read_size(text, out);
	if (opt->kind == KIND_NUMBER)
		return read_number(&text, out) && *text == '\0';
	*out = 0;
	return strcasecmp(text, "auto") == 0 || (read_number(&text, out) && *text == '\0');
}

static int64_t read_field(const option *opt, const coir_config *cfg)
{
	const char *field = (const char *)cfg + opt->field;
	unsigned count;
	uint64_t number;
	size_t bytes;
	int choice;
	switch (opt->kind) {
	case KIND_COUNT:
		memcpy(&count, field, sizeof count);
		return count;
	case KIND_NUMBER:
		memcpy(&number, field, sizeof number);
		return (int64_t)number;
	case KIND_SIZE:
		memcpy(&bytes, field, sizeof bytes);
		return (int64_t)bytes;
	default:
		memcpy(&choice, field, sizeof choice);
		return choice;
	}
}

static const char *read_environment(const option *opt)
{
	const char *text = getenv(opt->variable);
	return text && *text ? text : NULL;
}

int coiri_cpu_list_next(const char **cursor, unsigned *first, unsigned *last)
{
	int64_t low, high;
	const char *c = *cursor;
	if (*c == '\0')
		return 0;
	if (!read_number(&c, &low))
		return -EINVAL;
	high = low;
	if (*c == '-' && (c++, !read_number(&c, &high)))
		return -EINVAL;
	if (high < low || high > INT_MAX)
		return -EINVAL;
	if (*c == ',' && isdigit((unsigned char)c[1]))
		c++;
	else if (*c != '\0')
		return -EINVAL;
	*cursor = c;
	*first = (unsigned)low;
	*last = (unsigned)high;
	return 1;
}

/* ---- resolving ---- */

static bool allowed(const option *opt, int64_t value)
{
	if (opt->kind == KIND_WORD)
		return word_text(opt->words, value);
	return value >= opt->min && value <= opt->max;
}

static int resolve_value(const option *opt, const coir_config *cfg, int64_t *value, coiri_option_source *source)
{
	const char *text = read_environment(opt);
	*value = read_field(opt, cfg);
	if (*value != 0) {
		char given[32];
		*source = COIRI_FROM_CONFIG;
		if (allowed(opt, *value))
			return 0;
		value_text(opt, *value, given, sizeof given);
		return refuse(opt, "coir_config.", opt->name, given);
	}
	if (text) {
		*source = COIRI_FROM_ENV;
		return read_text(opt, text, value) && allowed(opt, *value) ? 0 : refuse(opt, "", opt->variable, text);
	}
	*source = COIRI_FROM_DEFAULT;
	*value = opt->fallback;
	return 0;
}

static int take_list(coiri_options *out, const char *where, const char *name, const char *text)
{
	const option *opt = &table[COIRI_OPTION_PIN];
	const char *cursor = text;
	unsigned first, last;
	int rc = *text ? 1 : -EINVAL;
	while (rc > 0)
		rc = coiri_cpu_list_next(&cursor, &first, &last);
	if (rc < 0)
		return refuse(opt, where, name, text);
	if (strlen(text) >= sizeof out->pin_list) {
		coiri_complain("%s%s=%.40s... is too long: a list of processors has at most %zu characters", where,
			       name, text, sizeof out->pin_list - 1);
		return -EINVAL;
	}
	strcpy(out->pin_list, text);
	return 0;
}

/* A list in the config also counts when the pin field is left at its default. */
static int resolve_pin(coiri_options *out, const coir_config *cfg, int64_t *value)
{
	const option *opt = &table[COIRI_OPTION_PIN];
	coiri_option_source *source = &out->source[COIRI_OPTION_PIN];
	const char *text = read_environment(opt);

	*value = COIR_PIN_LIST;
	if (cfg->pin == COIR_PIN_LIST || (cfg->pin == COIR_PIN_DEFAULT && cfg->pin_list)) {
		*source = COIRI_FROM_CONFIG;
		return take_list(out, "coir_config.", "pin_list", cfg->pin_list ? cfg->pin_list : "");
	}
	if (cfg->pin == COIR_PIN_DEFAULT && text && isdigit((unsigned char)*text)) {
		*source = COIRI_FROM_ENV;
		return take_list(out, "", opt->variable, text);
	}
	return resolve_value(opt, cfg, value, source);
}

static size_t default_main_stack(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return (size_t)8 << 20;
	if (limit.rlim_cur < COIR_STACK_MIN)
		return COIR_STACK_MIN;
	return limit.rlim_cur > COIR_STACK_MAX ? COIR_STACK_MAX : (size_t)limit.rlim_cur;
}

/* The config as this version knows it: fields that an older, shorter one lacks are zero. It grew only by whole fields
 * at its end, so every older size is a multiple of its alignment. */
static int read_config(const coir_config *cfg, coir_config *out)
{
	memset(out, 0, sizeof *out);
	if (!cfg)
		return 0;
	if (cfg->size <= offsetof(coir_config, workers) || cfg->size > sizeof *out ||
	    cfg->size % _Alignof(coir_config)) {
		coiri_complain("coir_config.size=%zu is not allowed: start from COIR_CONFIG_INIT, which sets it to %zu",
			       cfg->size, sizeof *out);
		return -EINVAL;
	}
	memcpy(out, cfg, cfg->size);
	return 0;
}

/* A clock that is not real is for programs that do the same every time. */
static int want_one_worker(coiri_options *out)
{
	if (out->workers > 1 && out->source[COIRI_OPTION_WORKERS] == COIRI_FROM_CONFIG) {
		coiri_complain("coir_config.workers=%u is not allowed with the %s clock: leave it, or set it to 1",
			       out->workers, word_text(clocks, out->clock));
		return -EINVAL;
	}
	out->workers = 1;
	return 0;
}

int coiri_options_resolve(coiri_options *out, const coir_config *cfg)
{
	coir_config full;
	int64_t value[COIRI_OPTIONS];
	int rc = read_config(cfg, &full);

	memset(out, 0, sizeof *out);
	for (int i = 0; i < COIRI_OPTIONS && !rc; i++)
		rc = i == COIRI_OPTION_PIN ? resolve_pin(out, &full, &value[i])
					   : resolve_value(&table[i], &full, &value[i], &out->source[i]);
	if (rc)
		return rc;
	out->workers = (unsigned)value[COIRI_OPTION_WORKERS];
	out->pin = (coir_pin)value[COIRI_OPTION_PIN];
	out->stack_size = (size_t)value[COIRI_OPTION_STACK];
	out->main_stack = (size_t)value[COIRI_OPTION_MAIN_STACK];
	if (!out->main_stack)
		out->main_stack = default_main_stack();
	out->guard = (coir_guard)value[COIRI_OPTION_GUARD];
	out->wipe_stacks = value[COIRI_OPTION_WIPE_STACKS] == ON;
	out->overflow_report = value[COIRI_OPTION_OVERFLOW_REPORT] == ON;
	out->clock = (coir_clock)value[COIRI_OPTION_CLOCK];
	out->seed = (uint64_t)value[COIRI_OPTION_SEED];
	return out->clock == COIR_CLOCK_REAL ? 0 : want_one_worker(out);
}

void coiri_options_print(const coiri_options *o, FILE *stream)
{
	const int64_t value[COIRI_OPTIONS] = {
		[COIRI_OPTION_WORKERS] = o->workers,
		[COIRI_OPTION_PIN] = o->pin,
		[COIRI_OPTION_STACK] = (int64_t)o->stack_size,
		[COIRI_OPTION_MAIN_STACK] = (int64_t)o->main_stack,
		[COIRI_OPTION_GUARD] = o->guard,
		[COIRI_OPTION_WIPE_STACKS] = o->wipe_stacks ? ON : OFF,
		[COIRI_OPTION_OVERFLOW_REPORT] = o->overflow_report ? ON : OFF,
		[COIRI_OPTION_CLOCK] = o->clock,
		[COIRI_OPTION_SEED] = (int64_t)o->seed,
	};
	for (int i = 0; i < COIRI_OPTIONS; i++) {
		const option *opt = &table[i];
		const char *source[] = {"default", opt->variable, "config"};
		const bool list = i == COIRI_OPTION_PIN && o->pin == COIR_PIN_LIST;
		char text[32], fallback[32];
		value_text(opt, value[i], text, sizeof text);
		value_text(opt, opt->fallback, fallback, sizeof fallback);
		fprintf(stream, "%-16s %-10s %-21s %s (%s, default %s)\n", opt->name, list ? o->pin_list : text,
			source[o->source[i]], opt->help, opt->variable, fallback);
	}
}
