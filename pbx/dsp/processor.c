/* Choice of instructions: see processor.h. */
#include "processor.h"

#include <stdatomic.h>

static int found = PROCESSOR_PLAIN;
static atomic_int limit = PROCESSOR_AVX512;

__attribute__((constructor)) static void find(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    found = PROCESSOR_AVX2;
  if (found == PROCESSOR_AVX2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni") &&
      __builtin_cpu_supports("avx512vbmi"))
    found = PROCESSOR_AVX512;
#endif
}

int processor_level(void) {
  int most = atomic_load_explicit(&limit, memory_order_relaxed);
  return found < most ? found : most;
}

int processor_limit(int level) {
  atomic_store(&limit, level < PROCESSOR_PLAIN ? PROCESSOR_PLAIN : level);
  return processor_level();
}
