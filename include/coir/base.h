/* SPDX-License-Identifier: MIT
 *
 * coir/base.h - what every public header shares: version, export marks, the entry type.
 */
#ifndef COIR_BASE_H
#define COIR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COIR_VERSION_MAJOR  0
#define COIR_VERSION_MINOR  1
#define COIR_VERSION_PATCH  0
#define COIR_VERSION_STRING "0.1.0"

#ifdef __cplusplus
#define COIR_BEGIN_DECLS extern "C" {
#define COIR_END_DECLS   }
#else
#define COIR_BEGIN_DECLS
#define COIR_END_DECLS
#endif

#if defined(__GNUC__) || defined(__clang__)
#define COIR_API        __attribute__((visibility("default")))
#define COIR_MUST_CHECK __attribute__((warn_unused_result))
#else
#define COIR_API
#define COIR_MUST_CHECK
#endif

COIR_BEGIN_DECLS

/* The entry function of a fiber. Its result goes to whoever joins the fiber. In a scope a
 * negative result is an error. */
typedef intptr_t (*coir_fn)(void *arg);

/* The version of the library that is linked, as "major.minor.patch". Any thread; never parks. */
COIR_API const char *coir_version(void);

COIR_END_DECLS

#endif
