/* The echo canceller's filters with AVX2, 16 lanes in two halves: see echo_kernel.h. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#include "processor.h"

#define PROCESSOR_TARGET PROCESSOR_NARROW
#define INLINE PROCESSOR_NARROW PROCESSOR_INLINE

typedef struct {
  __m256 low, high;
} vector;

INLINE vector load(const float *from) { return (vector){_mm256_load_ps(from), _mm256_load_ps(from + 8)}; }

INLINE void store(float *to, vector a) {
  _mm256_store_ps(to, a.low);
  _mm256_store_ps(to + 8, a.high);
}

INLINE vector all(float value) { return (vector){_mm256_set1_ps(value), _mm256_set1_ps(value)}; }

INLINE vector add(vector a, vector b) { return (vector){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }

INLINE vector subtract(vector a, vector b) {
  return (vector){_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}

INLINE vector multiply(vector a, vector b) {
  return (vector){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}

INLINE vector divide(vector a, vector b) {
  return (vector){_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
}

INLINE vector from_samples(const int16_t *samples) {
  __m128i low = _mm_loadu_si128((const __m128i *)samples), high = _mm_loadu_si128((const __m128i *)(samples + 8));
  return (vector){_mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(low)), _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(high))};
}

INLINE void put_samples(int16_t *samples, vector a) {
  const __m256 least = _mm256_set1_ps(-32768.0f), most = _mm256_set1_ps(32767.0f);
  __m256i low = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(a.low, least), most));
  __m256i high = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(a.high, least), most));
  __m256i both = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
  _mm256_storeu_si256((__m256i *)samples, both);
}

/* Lanes `apart` change places: 8 and 4 halves and quarters, 2 and 1 within a quarter. */
#define HALF_SWAPPED(a, apart)                                                                                         \
  ((apart) == 4   ? _mm256_permute2f128_ps(a, a, 1)                                                                    \
   : (apart) == 2 ? _mm256_permute_ps(a, 0x4e)                                                                         \
                  : _mm256_permute_ps(a, 0xb1))
#define SWAPPED(a, apart)                                                                                              \
  ((apart) == 8 ? (vector){(a).high, (a).low} : (vector){HALF_SWAPPED((a).low, apart), HALF_SWAPPED((a).high, apart)})
#define PROCESSOR echo_avx2
#include "echo_kernel.h"
#endif
