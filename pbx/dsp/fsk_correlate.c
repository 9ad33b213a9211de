/* Correlators of the FSK receiver: see fsk_correlate.h. */
#include "fsk_correlate.h"

#include "generated_tables.h"
#include "processor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BIT_STEPS 436907 /* 6 2/3 */
#define HALF 32768       /* rounds the cut to the upper 16 bits */
#define POWER_SHIFT 4    /* keeps the sum of a block within 32 bits */

/* A sine of amplitude A gives (A gain / 2^17)^2 / 2^4 a step, and A^2 / 2 a sample. */
#define SCALE(gain, step) ((float)(step) * 0.5f * 16.0f * (131072.0f / (gain)) * (131072.0f / (gain)))

const struct fsk_rows fsk_rows[FSK_MODEMS] = {
    [FSK_V23] = {fsk_rows_v23, 8, 1, BIT_STEPS, SCALE(FSK_GAIN_V23, 1)},
    [FSK_BELL202] = {fsk_rows_bell202, 8, 1, BIT_STEPS, SCALE(FSK_GAIN_BELL202, 1)},
    [FSK_V21_CHANNEL1] = {fsk_rows_v21_channel1, 28, 4, BIT_STEPS, SCALE(FSK_GAIN_V21_CHANNEL1, 4)},
    [FSK_V21_CHANNEL2] = {fsk_rows_v21_channel2, 28, 4, BIT_STEPS, SCALE(FSK_GAIN_V21_CHANNEL2, 4)},
    [FSK_CALLER_IDENTITY] = {fsk_rows_caller_identity, 8, 1, BIT_STEPS, SCALE(FSK_GAIN_CALLER_IDENTITY, 1)},
    [FSK_V21_FLAGS] = {fsk_rows_v21_flags, 28, 4, BIT_STEPS, SCALE(FSK_GAIN_V21_FLAGS, 4)},
};

static int32_t upper(int32_t sum) { return sum >> 16; }

static uint32_t plain(const struct fsk_rows *rows, const int16_t *sound, int32_t *difference) {
  uint32_t total = 0;
  for (int step = 0; step < KERNEL_BLOCK_SAMPLES / rows->step_samples; step++) {
    const int16_t *from = sound + step * rows->step_samples;
    int32_t sum[4] = {HALF, HALF, HALF, HALF};
    for (int k = 0; k < 4; k++)
      for (int t = 0; t < rows->taps; t++)
        sum[k] += from[t] * rows->row[k][t];
    int32_t mark = upper(sum[0]) * upper(sum[0]) + upper(sum[1]) * upper(sum[1]);
    int32_t space = upper(sum[2]) * upper(sum[2]) + upper(sum[3]) * upper(sum[3]);
    difference[step] = mark - space;
    total += (uint32_t)(mark > space ? mark : space) >> POWER_SHIFT;
  }
  return total;
}

static int64_t energy_plain(const int16_t *samples) {
  int64_t sum = 0;
  for (int i = 0; i < KERNEL_BLOCK_SAMPLES; i++)
    sum += samples[i] * samples[i];
  return sum;
}

#if defined(__x86_64__)

/* Cosine and sine of one frequency as the pairs that a product of pairs squares and adds. */
PROCESSOR_NARROW static inline __m256i pairs_avx2(__m256i cosine, __m256i sine) {
  return _mm256_blend_epi16(_mm256_srli_epi32(cosine, 16), sine, 0xaa);
}

PROCESSOR_NARROW static inline __m256i powers_avx2(const int16_t *from, const struct fsk_rows *rows, __m256i *space) {
  __m256i sum[4];
  for (int k = 0; k < 4; k++)
    sum[k] = _mm256_set1_epi32(HALF);
  for (int t = 0; t < 8; t += 2) {
    __m256i heard = _mm256_loadu_si256((const __m256i *)(from + t));
    for (int k = 0; k < 4; k++) {
      int32_t tap;
      __builtin_memcpy(&tap, &rows->row[k][t], sizeof tap);
      sum[k] = _mm256_add_epi32(sum[k], _mm256_madd_epi16(heard, _mm256_set1_epi32(tap)));
    }
  }
  __m256i low = pairs_avx2(sum[2], sum[3]), high = pairs_avx2(sum[0], sum[1]);
  *space = _mm256_madd_epi16(low, low);
  return _mm256_madd_epi16(high, high);
}

PROCESSOR_NARROW static uint32_t total_avx2(__m256i total) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(total), _mm256_extracti128_si256(total, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
  return (uint32_t)_mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
}

/* Every second step from one load, those between from the next. */
PROCESSOR_NARROW static uint32_t fast_avx2(const struct fsk_rows *rows, const int16_t *sound, int32_t *difference) {
  __m256i total = _mm256_setzero_si256();
  for (int step = 0; step < KERNEL_BLOCK_SAMPLES; step += 16) {
    __m256i space[2], mark[2], less[2];
    for (int odd = 0; odd < 2; odd++) {
      mark[odd] = powers_avx2(sound + step + odd, rows, &space[odd]);
      less[odd] = _mm256_sub_epi32(mark[odd], space[odd]);
      total = _mm256_add_epi32(total, _mm256_srli_epi32(_mm256_max_epi32(mark[odd], space[odd]), POWER_SHIFT));
    }
    __m256i low = _mm256_unpacklo_epi32(less[0], less[1]), high = _mm256_unpackhi_epi32(less[0], less[1]);
    _mm256_storeu_si256((__m256i *)(difference + step), _mm256_permute2x128_si256(low, high, 0x20));
    _mm256_storeu_si256((__m256i *)(difference + step + 8), _mm256_permute2x128_si256(low, high, 0x31));
  }
  return total_avx2(total);
}

/* One step: 32 products for each row. */
PROCESSOR_NARROW static uint32_t slow_avx2(const struct fsk_rows *rows, const int16_t *sound, int32_t *difference) {
  uint32_t total = 0;
  for (int step = 0; step < KERNEL_BLOCK_SAMPLES / 4; step++) {
    __m256i first = _mm256_loadu_si256((const __m256i *)(sound + 4 * step));
    __m256i second = _mm256_loadu_si256((const __m256i *)(sound + 4 * step + 16));
    __m256i sum[4];
    for (int k = 0; k < 4; k++)
      sum[k] = _mm256_add_epi32(_mm256_madd_epi16(first, _mm256_load_si256((const __m256i *)rows->row[k])),
                                _mm256_madd_epi16(second, _mm256_load_si256((const __m256i *)(rows->row[k] + 16))));
    __m256i four = _mm256_hadd_epi32(_mm256_hadd_epi32(sum[0], sum[1]), _mm256_hadd_epi32(sum[2], sum[3]));
    __m128i all = _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    all = _mm_srai_epi32(_mm_add_epi32(all, _mm_set1_epi32(HALF)), 16);
    all = _mm_mullo_epi32(all, all);
    all = _mm_hadd_epi32(all, all);
    int32_t mark = _mm_cvtsi128_si32(all), space = _mm_extract_epi32(all, 1);
    difference[step] = mark - space;
    total += (uint32_t)(mark > space ? mark : space) >> POWER_SHIFT;
  }
  return total;
}

PROCESSOR_NARROW static int64_t energy_avx2(const int16_t *samples) {
  __m256i total = _mm256_setzero_si256();
  for (int i = 0; i < KERNEL_BLOCK_SAMPLES; i += 16) {
    __m256i heard = _mm256_loadu_si256((const __m256i *)(samples + i));
    /* Two squares of -32768 leave 31 bits, but not 32. */
    __m256i squares = _mm256_madd_epi16(heard, heard);
    total = _mm256_add_epi64(total, _mm256_cvtepu32_epi64(_mm256_castsi256_si128(squares)));
    total = _mm256_add_epi64(total, _mm256_cvtepu32_epi64(_mm256_extracti128_si256(squares, 1)));
  }
  __m128i sum = _mm_add_epi64(_mm256_castsi256_si128(total), _mm256_extracti128_si256(total, 1));
  return _mm_cvtsi128_si64(sum) + _mm_extract_epi64(sum, 1);
}

PROCESSOR_WIDE static inline __m512i powers_avx512(const int16_t *from, const struct fsk_rows *rows, __m512i *space) {
  __m512i sum[4];
  for (int k = 0; k < 4; k++)
    sum[k] = _mm512_set1_epi32(HALF);
  for (int t = 0; t < 8; t += 2) {
    __m512i heard = _mm512_loadu_si512(from + t);
    for (int k = 0; k < 4; k++) {
      int32_t tap;
      __builtin_memcpy(&tap, &rows->row[k][t], sizeof tap);
      sum[k] = _mm512_dpwssd_epi32(sum[k], heard, _mm512_set1_epi32(tap));
    }
  }
  __m512i low = _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(sum[2], 16), sum[3]);
  __m512i high = _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(sum[0], 16), sum[1]);
  *space = _mm512_madd_epi16(low, low);
  return _mm512_madd_epi16(high, high);
}

PROCESSOR_WIDE static uint32_t fast_avx512(const struct fsk_rows *rows, const int16_t *sound, int32_t *difference) {
  const __m512i lower = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i higher = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  __m512i total = _mm512_setzero_si512();
  for (int step = 0; step < FSK_STEPS_ROOM; step += 32) {
    __mmask16 wanted = step + 32 <= KERNEL_BLOCK_SAMPLES ? 0xffff : 0x00ff;
    __m512i space[2], mark[2], less[2];
    for (int odd = 0; odd < 2; odd++) {
      mark[odd] = powers_avx512(sound + step + odd, rows, &space[odd]);
      less[odd] = _mm512_sub_epi32(mark[odd], space[odd]);
      total = _mm512_mask_add_epi32(total, wanted, total, _mm512_srli_epi32(_mm512_max_epi32(mark[odd], space[odd]), POWER_SHIFT));
    }
    _mm512_storeu_si512(difference + step, _mm512_permutex2var_epi32(less[0], lower, less[1]));
    _mm512_storeu_si512(difference + step + 16, _mm512_permutex2var_epi32(less[0], higher, less[1]));
  }
  return (uint32_t)_mm512_reduce_add_epi32(total);
}

#endif

int64_t fsk_energy(const int16_t *samples) {
#if defined(__x86_64__)
  if (processor_level() >= PROCESSOR_AVX2)
    return energy_avx2(samples);
#endif
  return energy_plain(samples);
}

uint32_t fsk_correlate(const struct fsk_rows *rows, const int16_t *sound, int32_t *difference) {
#if defined(__x86_64__)
  int level = processor_level();
  if (level >= PROCESSOR_AVX2 && rows->step_samples > 1)
    return slow_avx2(rows, sound, difference);
  if (level == PROCESSOR_AVX512)
    return fast_avx512(rows, sound, difference);
  if (level == PROCESSOR_AVX2)
    return fast_avx2(rows, sound, difference);
#endif
  return plain(rows, sound, difference);
}
