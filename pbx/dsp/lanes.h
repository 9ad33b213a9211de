/* How a kernel is compiled for several processors at once.
 *
 * EVERY_PROCESSOR before a function makes the compiler emit it for AVX-512, AVX2 and the common ground, chosen when
 * the program is loaded. The names are architecture levels and not processor names: with the latter gcc 12 falls
 * back silently to the slowest version on processors of another maker. Sanitizer builds take the common ground only,
 * because the choice is made before their run time is ready.
 */
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_PROCESSOR
#endif
