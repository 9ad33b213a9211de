/* The echo canceller's filters with AVX-512: see echo_kernel.h. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#include "processor.h"

#define PROCESSOR_TARGET PROCESSOR_WIDE
#define INLINE PROCESSOR_WIDE PROCESSOR_INLINE

typedef __m512 vector;

INLINE vector load(const float *from) { return _mm512_load_ps(from); }

INLINE void store(float *to, vector a) { _mm512_store_ps(to, a); }

INLINE vector all(float value) { return _mm512_set1_ps(value); }

INLINE vector add(vector a, vector b) { return _mm512_add_ps(a, b); }

INLINE vector subtract(vector a, vector b) { return _mm512_sub_ps(a, b); }

INLINE vector multiply(vector a, vector b) { return _mm512_mul_ps(a, b); }

INLINE vector divide(vector a, vector b) { return _mm512_div_ps(a, b); }

INLINE vector from_samples(const int16_t *samples) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)samples)));
}

INLINE void put_samples(int16_t *samples, vector a) {
  const __m512 least = _mm512_set1_ps(-32768.0f), most = _mm512_set1_ps(32767.0f);
  __m512i whole = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(a, least), most));
  _mm256_storeu_si256((__m256i *)samples, _mm512_cvtsepi32_epi16(whole));
}

/* Lanes `apart` change places: 8 and 4 by quarters, 2 and 1 within a quarter. */
#define SWAPPED(a, apart)                                                                                              \
  ((apart) == 8   ? _mm512_shuffle_f32x4(a, a, 0x4e)                                                                   \
   : (apart) == 4 ? _mm512_shuffle_f32x4(a, a, 0xb1)                                                                   \
   : (apart) == 2 ? _mm512_permute_ps(a, 0x4e)                                                                         \
                  : _mm512_permute_ps(a, 0xb1))
#define PROCESSOR echo_avx512
#include "echo_kernel.h"
#endif
