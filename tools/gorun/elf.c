/* SPDX-License-Identifier: MIT */
#include "elf.h"

#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
	const char *data;
	size_t size;
};

static bool is_elf64(const struct image *image)
{
	return image->size >= sizeof(Elf64_Ehdr) && memcmp(image->data, ELFMAG, SELFMAG) == 0 &&
	       image->data[EI_CLASS] == ELFCLASS64;
}

static bool map(struct image *image, const char *path)
{
	struct stat st;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return false;
	*image = (struct image){0};
	if (fstat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, file, 0);
		if (data != MAP_FAILED)
			*image = (struct image){data, (size_t)st.st_size};
	}
	close(file);
	if (image->data && is_elf64(image))
		return true;
	if (image->data)
		munmap((void *)image->data, image->size);
	return false;
}

bool elf_is(const char *path)
{
	struct image image;
	if (!map(&image, path))
		return false;
	munmap((void *)image.data, image.size);
	return true;
}

static bool holds(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++) {
		if (strcmp(name, *names) == 0)
			return true;
	}
	return false;
}

static bool table_imports(const struct image *image, const Elf64_Shdr *table, const Elf64_Shdr *strings,
			  const char *const *names)
{
	const Elf64_Sym *symbol = (const void *)(image->data + table->sh_offset);
	const char *text = image->data + strings->sh_offset;
	if (!strings->sh_size || text[strings->sh_size - 1])
		return false;
	for (uint64_t i = 0; i < table->sh_size / sizeof *symbol; i++) {
		if (symbol[i].st_shndx == SHN_UNDEF && symbol[i].st_name < strings->sh_size &&
		    is_among(text + symbol[i].st_name, names))
			return true;
	}
	return false;
}

static bool image_imports(const struct image *image, const char *const *names)
{
	const Elf64_Ehdr *head = (const void *)image->data;
	const Elf64_Shdr *section = (const void *)(image->data + head->e_shoff);
	uint64_t count = head->e_shnum;
	if (head->e_shentsize != sizeof *section || !holds(image, head->e_shoff, count * sizeof *section))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		const Elf64_Shdr *table = section + i;
		if (table->sh_type != SHT_DYNSYM || table->sh_link >= count)
			continue;
		const Elf64_Shdr *strings = section + table->sh_link;
		if (holds(image, table->sh_offset, table->sh_size) &&
		    holds(image, strings->sh_offset, strings->sh_size))
			return table_imports(image, table, strings, names);
	}
	return false;
}

bool elf_imports(const char *path, const char *const *names)
{
	struct image image;
	if (!map(&image, path))
		return false;
	bool found = image_imports(&image, names);
	munmap((void *)image.data, image.size);
	return found;
}
