/* Conference arithmetic: plain C, and versions of it over vectors of 16-bit samples (conference.h). */
#include "conference.h"

#include <string.h>

#include "g711_narrow.h"
#include "g711_wide.h"
#include "g711.h"
#include "generated_tables.h"

#define BLOCK KERNEL_BLOCK_SAMPLES
#define MOST_OF_A_SUM (1 << 27)

static inline int32_t hold16(int32_t value) { return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value; }

/* 2^15 * (2^16 - 1) and the half of 4096 still fit into 32 bits: hence the largest gain. */
static inline int32_t scaled(int32_t sample, int32_t gain) { return (sample * gain + CONFERENCE_UNITY / 2) >> 12; }

PROCESSOR_INLINE void accumulate_lanes(int32_t *sum, const int16_t *said, int32_t gain, int32_t sign) {
  for (int n = 0; n < BLOCK; n++)
    sum[n] += sign * scaled(said[n], gain);
}
PROCESSOR_VERSIONS(accumulate, (int32_t * sum, const int16_t *said, int32_t gain, int32_t sign), (sum, said, gain, sign))

PROCESSOR_INLINE void accumulate_sum_lanes(int32_t *sum, const int32_t *total, int32_t gain) {
  for (int n = 0; n < BLOCK; n++) {
    int64_t value = ((int64_t)total[n] * gain + CONFERENCE_UNITY / 2) >> 12;
    sum[n] += (int32_t)(value > MOST_OF_A_SUM ? MOST_OF_A_SUM : value < -MOST_OF_A_SUM ? -MOST_OF_A_SUM : value);
  }
}
PROCESSOR_VERSIONS(accumulate_sum, (int32_t * sum, const int32_t *total, int32_t gain), (sum, total, gain))

PROCESSOR_INLINE void hold_lanes(const int32_t *sum, int16_t *heard) {
  for (int n = 0; n < BLOCK; n++)
    heard[n] = (int16_t)hold16(sum[n]);
}
PROCESSOR_VERSIONS(hold, (const int32_t *sum, int16_t *heard), (sum, heard))

PROCESSOR_INLINE void minus_lanes(const struct conference_sum *sum, const int16_t *said, int32_t gain, int16_t *heard) {
  for (int n = 0; n < BLOCK; n++)
    heard[n] = (int16_t)hold16(sum->total[n] - scaled(said[n], gain));
}
PROCESSOR_VERSIONS(minus, (const struct conference_sum *sum, const int16_t *said, int32_t gain, int16_t *heard),
                   (sum, said, gain, heard))

static void sum_plain(struct conference_sum *sum, const int16_t *const *said, const int32_t *gains, int parties) {
  memset(sum->total, 0, sizeof sum->total);
  for (int party = 0; party < parties; party++)
    for (int n = 0; n < BLOCK; n++)
      sum->total[n] += scaled(said[party][n], gains[party]);
  for (int n = 0; n < BLOCK; n++) {
    sum->held[n] = (int16_t)hold16(sum->total[n]);
    sum->over[n] = (int16_t)hold16(sum->total[n] - sum->held[n]);
  }
}

#if defined(__x86_64__)
/* A block of 80 samples as 32, 32 and 16. */
struct wide_block {
  __m512i first, second;
  __m256i third;
};

/* Samples times a gain of at most one, which leaves 16 bits. vpmulhrsw rounds as scaled() does: both add one half. */
G711_WIDE struct wide_block wide_said(const int16_t *said, int32_t gain) {
  struct wide_block block = {_mm512_loadu_si512(said), _mm512_loadu_si512(said + 32),
                             _mm256_loadu_si256((const __m256i *)(said + 64))};
  if (gain != CONFERENCE_UNITY) {
    __m512i times = _mm512_set1_epi16((short)(gain << 3));
    block.first = _mm512_mulhrs_epi16(block.first, times);
    block.second = _mm512_mulhrs_epi16(block.second, times);
    block.third = _mm256_mulhrs_epi16(block.third, _mm512_castsi512_si256(times));
  }
  return block;
}

/* Sums of pairs of parties. Unpacking stays within quarters of 8 samples, so `low` holds the first 4 of each quarter and
 * `high` the last 4; packing them again puts all in order. */
struct wide_sums {
  __m512i low[2], high[2];
  __m256i low_third, high_third;
};

G711_WIDE void wide_add_pair(struct wide_sums *sums, struct wide_block a, struct wide_block b) {
  const __m512i ones = _mm512_set1_epi16(1);
  const __m256i ones_third = _mm256_set1_epi16(1);
  sums->low[0] = _mm512_dpwssd_epi32(sums->low[0], _mm512_unpacklo_epi16(a.first, b.first), ones);
  sums->high[0] = _mm512_dpwssd_epi32(sums->high[0], _mm512_unpackhi_epi16(a.first, b.first), ones);
  sums->low[1] = _mm512_dpwssd_epi32(sums->low[1], _mm512_unpacklo_epi16(a.second, b.second), ones);
  sums->high[1] = _mm512_dpwssd_epi32(sums->high[1], _mm512_unpackhi_epi16(a.second, b.second), ones);
  sums->low_third = _mm256_dpwssd_epi32(sums->low_third, _mm256_unpacklo_epi16(a.third, b.third), ones_third);
  sums->high_third = _mm256_dpwssd_epi32(sums->high_third, _mm256_unpackhi_epi16(a.third, b.third), ones_third);
}

/* 32 totals, and their two halves of 16 bits. */
G711_WIDE void wide_split(struct conference_sum *sum, int at, __m512i low, __m512i high) {
  const __m512i front = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0), back = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
  const __m512i top = _mm512_set1_epi32(INT16_MAX), bottom = _mm512_set1_epi32(INT16_MIN);
  _mm512_storeu_si512(sum->total + at, _mm512_permutex2var_epi64(low, front, high));
  _mm512_storeu_si512(sum->total + at + 16, _mm512_permutex2var_epi64(low, back, high));
  __m512i held_low = _mm512_max_epi32(_mm512_min_epi32(low, top), bottom);
  __m512i held_high = _mm512_max_epi32(_mm512_min_epi32(high, top), bottom);
  _mm512_storeu_si512(sum->held + at, _mm512_packs_epi32(held_low, held_high));
  _mm512_storeu_si512(sum->over + at, _mm512_packs_epi32(_mm512_sub_epi32(low, held_low), _mm512_sub_epi32(high, held_high)));
}

G711_WIDE void wide_split_third(struct conference_sum *sum, __m256i low, __m256i high) {
  const __m256i top = _mm256_set1_epi32(INT16_MAX), bottom = _mm256_set1_epi32(INT16_MIN);
  _mm256_storeu_si256((__m256i *)(sum->total + 64), _mm256_permute2x128_si256(low, high, 0x20));
  _mm256_storeu_si256((__m256i *)(sum->total + 72), _mm256_permute2x128_si256(low, high, 0x31));
  __m256i held_low = _mm256_max_epi32(_mm256_min_epi32(low, top), bottom);
  __m256i held_high = _mm256_max_epi32(_mm256_min_epi32(high, top), bottom);
  _mm256_storeu_si256((__m256i *)(sum->held + 64), _mm256_packs_epi32(held_low, held_high));
  _mm256_storeu_si256((__m256i *)(sum->over + 64),
                      _mm256_packs_epi32(_mm256_sub_epi32(low, held_low), _mm256_sub_epi32(high, held_high)));
}

/* All parties have gains of at most one. */
PROCESSOR_WIDE static void sum_wide(struct conference_sum *sum, const int16_t *const *said, const int32_t *gains, int parties) {
  struct wide_sums sums = {0};
  int party = 0;
  for (; party + 2 <= parties; party += 2)
    wide_add_pair(&sums, wide_said(said[party], gains[party]), wide_said(said[party + 1], gains[party + 1]));
  if (party < parties)
    wide_add_pair(&sums, wide_said(said[party], gains[party]), (struct wide_block){0});
  wide_split(sum, 0, sums.low[0], sums.high[0]);
  wide_split(sum, 32, sums.low[1], sums.high[1]);
  wide_split_third(sum, sums.low_third, sums.high_third);
}

/* The last 16 samples of a block need but one vector. */
G711_WIDE __m128i wide_alaw_third(const struct g711_wide_encoder *by, __m256i samples) {
  __m512i third = _mm512_castsi256_si512(samples), tops = _mm512_srli_epi16(third, 9);
  third = _mm512_srav_epi16(third, g711_wide_shift(by, tops));
  __m512i turn = _mm512_permutex2var_epi8(by->turn[0], tops, by->turn[1]);
  third = _mm512_ternarylogic_epi32(third, _mm512_set1_epi8(0x1f), turn, 0x6a);
  return _mm256_cvtepi16_epi8(_mm512_castsi512_si256(third));
}

PROCESSOR_WIDE static void give_wide(const struct conference_sum *sum, const int16_t *const *said, const int32_t *gains,
                                     uint8_t *const *heard, int parties) {
  const struct g711_wide_encoder by = g711_wide_encoder(g711_alaw_shift, g711_alaw_turn);
  const struct wide_block held = wide_said(sum->held, CONFERENCE_UNITY), over = wide_said(sum->over, CONFERENCE_UNITY);
  for (int party = 0; party < parties; party++) {
    if (!said[party] || gains[party] > CONFERENCE_UNITY)
      continue;
    struct wide_block own = wide_said(said[party], gains[party]);
    __m512i first = _mm512_subs_epi16(held.first, _mm512_subs_epi16(own.first, over.first));
    __m512i second = _mm512_subs_epi16(held.second, _mm512_subs_epi16(own.second, over.second));
    __m256i third = _mm256_subs_epi16(held.third, _mm256_subs_epi16(own.third, over.third));
    _mm512_storeu_si512(heard[party], g711_wide_alaw(&by, first, second));
    _mm_storeu_si128((__m128i *)(heard[party] + 64), wide_alaw_third(&by, third));
  }
}

G711_NARROW __m256i narrow_said(const int16_t *said, int32_t gain) {
  __m256i samples = _mm256_loadu_si256((const __m256i *)said);
  return gain == CONFERENCE_UNITY ? samples : _mm256_mulhrs_epi16(samples, _mm256_set1_epi16((short)(gain << 3)));
}

PROCESSOR_NARROW static void sum_narrow(struct conference_sum *sum, const int16_t *const *said, const int32_t *gains,
                                        int parties) {
  __m256i sums[BLOCK / 8] = {0};
  for (int party = 0; party < parties; party++) {
#pragma GCC unroll 5
    for (int n = 0; n < BLOCK / 16; n++) {
      __m256i block = narrow_said(said[party] + 16 * n, gains[party]);
      sums[2 * n] = _mm256_add_epi32(sums[2 * n], _mm256_cvtepi16_epi32(_mm256_castsi256_si128(block)));
      sums[2 * n + 1] = _mm256_add_epi32(sums[2 * n + 1], _mm256_cvtepi16_epi32(_mm256_extracti128_si256(block, 1)));
    }
  }
  const __m256i top = _mm256_set1_epi32(INT16_MAX), bottom = _mm256_set1_epi32(INT16_MIN);
  for (int n = 0; n < BLOCK / 16; n++) {
    __m256i low = sums[2 * n], high = sums[2 * n + 1];
    __m256i held_low = _mm256_max_epi32(_mm256_min_epi32(low, top), bottom);
    __m256i held_high = _mm256_max_epi32(_mm256_min_epi32(high, top), bottom);
    __m256i held = _mm256_packs_epi32(held_low, held_high);
    __m256i over = _mm256_packs_epi32(_mm256_sub_epi32(low, held_low), _mm256_sub_epi32(high, held_high));
    _mm256_storeu_si256((__m256i *)(sum->total + 16 * n), low);
    _mm256_storeu_si256((__m256i *)(sum->total + 16 * n + 8), high);
    _mm256_storeu_si256((__m256i *)(sum->held + 16 * n), _mm256_permute4x64_epi64(held, 0xd8));
    _mm256_storeu_si256((__m256i *)(sum->over + 16 * n), _mm256_permute4x64_epi64(over, 0xd8));
  }
}

PROCESSOR_NARROW static void give_narrow(const struct conference_sum *sum, const int16_t *const *said, const int32_t *gains,
                                         uint8_t *const *heard, int parties) {
  for (int party = 0; party < parties; party++) {
    if (!said[party] || gains[party] > CONFERENCE_UNITY)
      continue;
    __m256i left[BLOCK / 16];
    for (int n = 0; n < BLOCK / 16; n++) {
      __m256i own = narrow_said(said[party] + 16 * n, gains[party]);
      own = _mm256_subs_epi16(own, narrow_said(sum->over + 16 * n, CONFERENCE_UNITY));
      left[n] = _mm256_subs_epi16(narrow_said(sum->held + 16 * n, CONFERENCE_UNITY), own);
    }
    _mm256_storeu_si256((__m256i *)heard[party], g711_narrow_alaw(left[0], left[1]));
    _mm256_storeu_si256((__m256i *)(heard[party] + 32), g711_narrow_alaw(left[2], left[3]));
    _mm_storeu_si128((__m128i *)(heard[party] + 64), _mm256_castsi256_si128(g711_narrow_alaw(left[4], left[4])));
  }
}

/* Vectors sum 16-bit samples, which gains of more than one do not leave: those parties are added behind. */
static int any_louder(const int32_t *gains, int parties) {
  int32_t most = 0;
  for (int party = 0; party < parties; party++)
    most = gains[party] > most ? gains[party] : most;
  return most > CONFERENCE_UNITY;
}
#endif

void conference_sum(struct conference_sum *sum, const int16_t *const *said, const int32_t *gains, int parties) {
  sum->encoded = 0;
#if defined(__x86_64__)
  int level = processor_level();
  if (level != PROCESSOR_PLAIN && !any_louder(gains, parties)) {
    if (level == PROCESSOR_AVX512)
      sum_wide(sum, said, gains, parties);
    else
      sum_narrow(sum, said, gains, parties);
    return;
  }
#endif
  sum_plain(sum, said, gains, parties);
}

static void give_all(struct conference_sum *sum, uint8_t *heard) {
  if (!sum->encoded)
    g711_alaw_encode(sum->held, sum->alaw, BLOCK);
  sum->encoded = 1;
  memcpy(heard, sum->alaw, BLOCK);
}

void conference_give(struct conference_sum *sum, const int16_t *const *said, const int32_t *gains, uint8_t *const *heard,
                     int parties) {
  int32_t done = 0; /* gains up to this one were given by vectors */
#if defined(__x86_64__)
  int level = processor_level();
  if (level != PROCESSOR_PLAIN) {
    done = CONFERENCE_UNITY;
    if (level == PROCESSOR_AVX512)
      give_wide(sum, said, gains, heard, parties);
    else
      give_narrow(sum, said, gains, heard, parties);
  }
#endif
  for (int party = 0; party < parties; party++) {
    int16_t left[BLOCK];
    if (!said[party]) {
      give_all(sum, heard[party]);
    } else if (gains[party] > done || !done) {
      conference_minus(sum, said[party], gains[party], left);
      g711_alaw_encode(left, heard[party], BLOCK);
    }
  }
}

void conference_minus(const struct conference_sum *sum, const int16_t *said, int32_t gain, int16_t *heard) {
  minus(sum, said, gain, heard);
}

void conference_add(int32_t *sum, const int16_t *said, int32_t gain) { accumulate(sum, said, gain, 1); }

void conference_subtract(int32_t *sum, const int16_t *said, int32_t gain) { accumulate(sum, said, gain, -1); }

void conference_add_sum(int32_t *sum, const int32_t *total, int32_t gain) { accumulate_sum(sum, total, gain); }

void conference_hold(const int32_t *sum, int16_t *heard) { hold(sum, heard); }
