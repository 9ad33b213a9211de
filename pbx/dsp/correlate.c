/* Sums of sound times sines over 16 lanes: see correlate.h. The plain version says what is meant; the others do the
 * same integer arithmetic in another order. */
#include "correlate.h"

#include <string.h>

#include "processor.h"

#define HISTORY_PAIRS (GROUP_PAIRS - GROUP_BLOCK_PAIRS)
#define ENERGY_PART(pair) ((pair) < 12 ? 0 : (pair) < 28 ? 1 : 2)

static int32_t low(int32_t pair) { return (int16_t)(uint16_t)(uint32_t)pair; }
static int32_t high(int32_t pair) { return (int16_t)(uint16_t)((uint32_t)pair >> 16); }

static void take_plain(int32_t (*pair)[GROUP_LANES], const int16_t *const samples[GROUP_LANES],
                       int32_t energy[GROUP_ENERGIES][GROUP_LANES]) {
  memset(energy, 0, GROUP_ENERGIES * sizeof *energy);
  for (int lane = 0; lane < GROUP_LANES; lane++) {
    for (int p = 0; p < GROUP_BLOCK_PAIRS; p++) {
      int32_t first = samples[lane][2 * p] >> GROUP_SHIFT, second = samples[lane][2 * p + 1] >> GROUP_SHIFT;
      pair[p][lane] = (int32_t)((uint32_t)(uint16_t)first | (uint32_t)second << 16);
      energy[ENERGY_PART(p)][lane] += first * first + second * second;
    }
  }
}

static void fold_plain(const int32_t (*middle)[GROUP_LANES], int rows, const int32_t *table, int columns,
                       int32_t products[][GROUP_LANES]) {
  memset(products, 0, (size_t)columns * sizeof *products);
  for (int r = 0; r < rows; r++, table += columns) {
    for (int k = 0; k < columns; k++) {
      int32_t sign = k < columns / 2 ? 1 : -1, first = low(table[k]), second = high(table[k]);
      for (int lane = 0; lane < GROUP_LANES; lane++) {
        int32_t up = middle[r][lane], down = middle[-1 - r][lane];
        products[k][lane] += (low(up) + sign * high(down)) * first + (high(up) + sign * low(down)) * second;
      }
    }
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define WIDE PROCESSOR_WIDE
#define NARROW PROCESSOR_NARROW

/* Eight pairs of 16 lanes: the lanes' 32 octets come in as columns and go out as rows. */
WIDE static inline void take_eight_wide(int32_t (*pair)[GROUP_LANES], const int16_t *const samples[GROUP_LANES], int at,
                                        __m512i row[8]) {
  __m512i lanes[8], twos[8], fours[8];
  for (int j = 0; j < 8; j++) {
    const int16_t *first = samples[j + (j & 4)] + at, *second = samples[j + (j & 4) + 4] + at;
    lanes[j] = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)first)),
                                  _mm256_loadu_si256((const __m256i *)second), 1);
  }
  for (int j = 0; j < 8; j += 2) {
    twos[j] = _mm512_unpacklo_epi32(lanes[j], lanes[j + 1]);
    twos[j + 1] = _mm512_unpackhi_epi32(lanes[j], lanes[j + 1]);
  }
  for (int j = 0; j < 8; j += 4) {
    fours[j] = _mm512_unpacklo_epi64(twos[j], twos[j + 2]);
    fours[j + 1] = _mm512_unpackhi_epi64(twos[j], twos[j + 2]);
    fours[j + 2] = _mm512_unpacklo_epi64(twos[j + 1], twos[j + 3]);
    fours[j + 3] = _mm512_unpackhi_epi64(twos[j + 1], twos[j + 3]);
  }
  for (int j = 0; j < 4; j++) {
    row[j] = _mm512_srai_epi16(_mm512_shuffle_i64x2(fours[j], fours[j + 4], 0x88), GROUP_SHIFT);
    row[j + 4] = _mm512_srai_epi16(_mm512_shuffle_i64x2(fours[j], fours[j + 4], 0xdd), GROUP_SHIFT);
  }
  for (int j = 0; j < 8; j++)
    _mm512_store_si512(pair[j], row[j]);
}

WIDE static void take_wide(int32_t (*pair)[GROUP_LANES], const int16_t *const samples[GROUP_LANES],
                           int32_t energy[GROUP_ENERGIES][GROUP_LANES]) {
  __m512i sum[GROUP_ENERGIES] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()}, row[8];
  _Pragma("GCC unroll 5") for (int p = 0; p < GROUP_BLOCK_PAIRS; p += 8) {
    take_eight_wide(pair + p, samples, 2 * p, row);
    _Pragma("GCC unroll 8") for (int j = 0; j < 8; j++)
      sum[ENERGY_PART(p + j)] = _mm512_dpwssd_epi32(sum[ENERGY_PART(p + j)], row[j], row[j]);
  }
  for (int part = 0; part < GROUP_ENERGIES; part++)
    _mm512_storeu_si512(energy[part], sum[part]);
}

/* In assembly, because gcc 12 otherwise keeps the accumulators in memory. */
#define MULTIPLY_ADD_WIDE(sum, data, coefficient)                                                                      \
  __asm__("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(data), "m"(coefficient))

#define FOLD_WIDE(columns)                                                                                             \
  WIDE static void fold_wide_##columns(const int32_t (*middle)[GROUP_LANES], int rows, const int32_t *table,          \
                                       int32_t (*products)[GROUP_LANES]) {                                            \
    __m512i sum[columns];                                                                                              \
    _Pragma("GCC unroll 24") for (int k = 0; k < columns; k++) sum[k] = _mm512_setzero_si512();                        \
    for (int r = 0; r < rows; r++, table += columns) {                                                                 \
      __m512i up = _mm512_load_si512(middle[r]), down = _mm512_rol_epi32(_mm512_load_si512(middle[-1 - r]), 16);       \
      __m512i even = _mm512_add_epi16(up, down), odd = _mm512_sub_epi16(up, down);                                     \
      _Pragma("GCC unroll 24") for (int k = 0; k < columns / 2; k++) MULTIPLY_ADD_WIDE(sum[k], even, table[k]);        \
      _Pragma("GCC unroll 24") for (int k = columns / 2; k < columns; k++) MULTIPLY_ADD_WIDE(sum[k], odd, table[k]);   \
    }                                                                                                                  \
    _Pragma("GCC unroll 24") for (int k = 0; k < columns; k++) _mm512_storeu_si512(products[k], sum[k]);               \
  }

FOLD_WIDE(4)
FOLD_WIDE(8)
FOLD_WIDE(12)
FOLD_WIDE(16)
FOLD_WIDE(18)
FOLD_WIDE(24)

NARROW static inline void take_four_narrow(int32_t (*pair)[GROUP_LANES], const int16_t *const *samples, int half, int at,
                                           __m256i *energy) {
  __m256i lanes[4];
  for (int j = 0; j < 4; j++) {
    __m256i first = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(samples[half + j] + at)));
    lanes[j] = _mm256_inserti128_si256(first, _mm_loadu_si128((const __m128i *)(samples[half + j + 4] + at)), 1);
  }
  __m256i a = _mm256_unpacklo_epi32(lanes[0], lanes[1]), b = _mm256_unpacklo_epi32(lanes[2], lanes[3]);
  __m256i c = _mm256_unpackhi_epi32(lanes[0], lanes[1]), d = _mm256_unpackhi_epi32(lanes[2], lanes[3]);
  __m256i row[4] = {_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b), _mm256_unpacklo_epi64(c, d),
                    _mm256_unpackhi_epi64(c, d)};
  for (int j = 0; j < 4; j++) {
    row[j] = _mm256_srai_epi16(row[j], GROUP_SHIFT);
    *energy = _mm256_add_epi32(*energy, _mm256_madd_epi16(row[j], row[j]));
    _mm256_store_si256((__m256i *)(pair[j] + half), row[j]);
  }
}

NARROW static void take_narrow(int32_t (*pair)[GROUP_LANES], const int16_t *const samples[GROUP_LANES],
                               int32_t energy[GROUP_ENERGIES][GROUP_LANES]) {
  static const int end[GROUP_ENERGIES] = {12, 28, 40};
  for (int half = 0; half < GROUP_LANES; half += 8) {
    for (int part = 0, p = 0; part < GROUP_ENERGIES; part++) {
      __m256i sum = _mm256_setzero_si256();
      for (; p < end[part]; p += 4)
        take_four_narrow(pair + p, samples, half, 2 * p, &sum);
      _mm256_storeu_si256((__m256i *)(energy[part] + half), sum);
    }
  }
}

#define MULTIPLY_ADD_NARROW(sum, data, coefficient)                                                                    \
  do {                                                                                                                 \
    __m256i product = _mm256_madd_epi16(data, _mm256_set1_epi32(coefficient));                                         \
    __asm__("vpaddd %1, %0, %0" : "+x"(sum) : "x"(product));                                                           \
  } while (0)

/* Sixteen registers hold the cosines or the sines of eight lanes, but not both. */
#define FOLD_NARROW_HALF(columns, name, combine)                                                                       \
  NARROW static void fold_narrow_##columns##_##name(const int32_t (*middle)[GROUP_LANES], int rows,                   \
                                                    const int32_t *table, int32_t (*products)[GROUP_LANES]) {         \
    __m256i sum[columns / 2];                                                                                          \
    _Pragma("GCC unroll 12") for (int k = 0; k < columns / 2; k++) sum[k] = _mm256_setzero_si256();                    \
    for (int r = 0; r < rows; r++, table += columns) {                                                                 \
      __m256i up = _mm256_load_si256((const __m256i *)middle[r]);                                                      \
      __m256i down = _mm256_load_si256((const __m256i *)middle[-1 - r]);                                               \
      down = _mm256_or_si256(_mm256_slli_epi32(down, 16), _mm256_srli_epi32(down, 16));                                \
      __m256i part = combine(up, down);                                                                                \
      _Pragma("GCC unroll 12") for (int k = 0; k < columns / 2; k++) MULTIPLY_ADD_NARROW(sum[k], part, table[k]);      \
    }                                                                                                                  \
    _Pragma("GCC unroll 12") for (int k = 0; k < columns / 2; k++)                                                     \
        _mm256_storeu_si256((__m256i *)products[k], sum[k]);                                                           \
  }

#define FOLD_NARROW(columns)                                                                                           \
  FOLD_NARROW_HALF(columns, even, _mm256_add_epi16)                                                                    \
  FOLD_NARROW_HALF(columns, odd, _mm256_sub_epi16)                                                                     \
  static void fold_narrow_##columns(const int32_t (*middle)[GROUP_LANES], int rows, const int32_t *table,             \
                                    int32_t (*products)[GROUP_LANES]) {                                               \
    for (int half = 0; half < GROUP_LANES; half += 8) {                                                                \
      const int32_t(*from)[GROUP_LANES] = (const int32_t(*)[GROUP_LANES])(middle[0] + half);                           \
      int32_t(*to)[GROUP_LANES] = (int32_t(*)[GROUP_LANES])(products[0] + half);                                       \
      fold_narrow_##columns##_even(from, rows, table, to);                                                             \
      fold_narrow_##columns##_odd(from, rows, table + columns / 2, to + columns / 2);                                  \
    }                                                                                                                  \
  }

FOLD_NARROW(4)
FOLD_NARROW(8)
FOLD_NARROW(12)
FOLD_NARROW(16)
FOLD_NARROW(18)
FOLD_NARROW(24)

#define FOLD_ANY(name)                                                                                                 \
  static void name##_any(const int32_t (*middle)[GROUP_LANES], int rows, const int32_t *table, int columns,           \
                         int32_t (*products)[GROUP_LANES]) {                                                          \
    if (columns == 4)                                                                                                  \
      name##_4(middle, rows, table, products);                                                                         \
    else if (columns == 8)                                                                                             \
      name##_8(middle, rows, table, products);                                                                         \
    else if (columns == 12)                                                                                            \
      name##_12(middle, rows, table, products);                                                                        \
    else if (columns == 16)                                                                                            \
      name##_16(middle, rows, table, products);                                                                        \
    else if (columns == 18)                                                                                            \
      name##_18(middle, rows, table, products);                                                                        \
    else                                                                                                               \
      name##_24(middle, rows, table, products);                                                                        \
  }

FOLD_ANY(fold_wide)
FOLD_ANY(fold_narrow)
#endif

void correlate_take(struct group_sound *sound, const int16_t *const samples[GROUP_LANES],
                    int32_t energy[GROUP_ENERGIES][GROUP_LANES]) {
  if (sound->rows < HISTORY_PAIRS || sound->rows + GROUP_BLOCK_PAIRS > GROUP_ROWS) {
    if (sound->rows >= HISTORY_PAIRS)
      memcpy(sound->pair, sound->pair + sound->rows - HISTORY_PAIRS, HISTORY_PAIRS * sizeof *sound->pair);
    sound->rows = HISTORY_PAIRS;
  }
  int32_t(*newest)[GROUP_LANES] = sound->pair + sound->rows;
  sound->rows += GROUP_BLOCK_PAIRS;
#if defined(__x86_64__)
  if (processor_level() == PROCESSOR_AVX512) {
    take_wide(newest, samples, energy);
    return;
  }
  if (processor_level() == PROCESSOR_AVX2) {
    take_narrow(newest, samples, energy);
    return;
  }
#endif
  take_plain(newest, samples, energy);
}

void correlate_fold(const struct group_sound *sound, int rows, const int32_t *table, int columns,
                    int32_t products[][GROUP_LANES]) {
  const int32_t(*middle)[GROUP_LANES] = sound->pair + sound->rows - rows;
#if defined(__x86_64__)
  if (processor_level() == PROCESSOR_AVX512) {
    fold_wide_any(middle, rows, table, columns, products);
    return;
  }
  if (processor_level() == PROCESSOR_AVX2) {
    fold_narrow_any(middle, rows, table, columns, products);
    return;
  }
#endif
  fold_plain(middle, rows, table, columns, products);
}
