/* Which instructions the kernels may use, found once when the library is loaded.
 *
 * Kernels with hand-written versions ask processor_level() at each run and call the version of that level; plain C is
 * the reference, and every version must give the same results bit for bit. Levels are architecture levels and not
 * processor names: by name gcc 12 falls back silently to the slowest version on processors of another maker.
 */
#pragma once
#include "kernels_api.h"

#if defined(__x86_64__)
#define PROCESSOR_WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")))
#define PROCESSOR_NARROW __attribute__((target("avx2,fma")))
#endif
#define PROCESSOR_INLINE static inline __attribute__((always_inline))

/* Compiles `name_lanes`, a PROCESSOR_INLINE function of plain loops over lanes, once for each level, and makes `name`
 * choose. Equal results need no care beyond -ffp-contract=off: the order of operations is that of the source. */
#if defined(__x86_64__)
#define PROCESSOR_VERSIONS(name, parameters, arguments)                                                                \
  static void name##_plain parameters { name##_lanes arguments; }                                                      \
  PROCESSOR_NARROW static void name##_narrow parameters { name##_lanes arguments; }                                    \
  PROCESSOR_WIDE static void name##_wide parameters { name##_lanes arguments; }                                        \
  static void name parameters {                                                                                        \
    int level = processor_level();                                                                                     \
    if (level == PROCESSOR_AVX512)                                                                                     \
      name##_wide arguments;                                                                                           \
    else if (level == PROCESSOR_AVX2)                                                                                  \
      name##_narrow arguments;                                                                                         \
    else                                                                                                               \
      name##_plain arguments;                                                                                          \
  }
#else
#define PROCESSOR_VERSIONS(name, parameters, arguments)                                                                \
  static void name parameters { name##_lanes arguments; }
#endif
