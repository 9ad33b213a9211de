/* G.711 over 64 samples at a time with AVX-512: what g711.c and conference.c share. Not for other files.
 *
 * Decoding looks up both octets of each value in tables of 256 (vpermi2b). Encoding looks up, by the seven top bits of a
 * sample, how far to shift it and what to add modulo two to the five bits that are left (tables.py: alaw_top, ulaw_top).
 */
#pragma once
#include "processor.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "generated_tables.h"

#define G711_WIDE PROCESSOR_WIDE PROCESSOR_INLINE

struct g711_wide_decoder {
  __m512i low[4], high[4];
};

struct g711_wide_encoder {
  __m512i shift[2], turn[2], even;
};

G711_WIDE struct g711_wide_decoder g711_wide_decoder(const uint8_t halves[2][256]) {
  struct g711_wide_decoder made;
  for (int n = 0; n < 4; n++) {
    made.low[n] = _mm512_loadu_si512(halves[0] + 64 * n);
    made.high[n] = _mm512_loadu_si512(halves[1] + 64 * n);
  }
  return made;
}

G711_WIDE struct g711_wide_encoder g711_wide_encoder(const uint8_t shift[128], const uint8_t turn[128]) {
  struct g711_wide_encoder made;
  for (int n = 0; n < 2; n++) {
    made.shift[n] = _mm512_loadu_si512(shift + 64 * n);
    made.turn[n] = _mm512_loadu_si512(turn + 64 * n);
  }
  __m512i count = _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42,
                                  41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20,
                                  19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  made.even = _mm512_add_epi8(count, count);
  return made;
}

/* A table of 256 octets. */
G711_WIDE __m512i g711_wide_octets(const __m512i table[4], __m512i octets) {
  __m512i lower = _mm512_permutex2var_epi8(table[0], octets, table[1]);
  __m512i upper = _mm512_permutex2var_epi8(table[2], octets, table[3]);
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(octets), lower, upper);
}

/* 64 octets to two times 32 samples. */
G711_WIDE void g711_wide_decode(const struct g711_wide_decoder *by, __m512i octets, __m512i samples[2]) {
  __m512i order = _mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0); /* so that unpacking, which stays within quarters, keeps the order */
  octets = _mm512_permutexvar_epi64(order, octets);
  __m512i low = g711_wide_octets(by->low, octets), high = g711_wide_octets(by->high, octets);
  samples[0] = _mm512_unpacklo_epi8(low, high);
  samples[1] = _mm512_unpackhi_epi8(low, high);
}

G711_WIDE __m512i g711_wide_shift(const struct g711_wide_encoder *by, __m512i tops) {
  return _mm512_maskz_permutex2var_epi8(0x5555555555555555ull, by->shift[0], tops, by->shift[1]);
}

G711_WIDE __m512i g711_wide_turn(const struct g711_wide_encoder *by, __m512i first, __m512i second, __m512i top_first,
                                 __m512i top_second) {
  __m512i five = _mm512_permutex2var_epi8(first, by->even, second);
  __m512i tops = _mm512_permutex2var_epi8(top_first, by->even, top_second);
  __m512i turn = _mm512_permutex2var_epi8(by->turn[0], tops, by->turn[1]);
  return _mm512_ternarylogic_epi32(five, _mm512_set1_epi8(0x1f), turn, 0x6a); /* (five & 31) ^ turn */
}

/* Two times 32 samples to 64 octets. */
G711_WIDE __m512i g711_wide_alaw(const struct g711_wide_encoder *by, __m512i first, __m512i second) {
  __m512i top_first = _mm512_srli_epi16(first, 9), top_second = _mm512_srli_epi16(second, 9);
  first = _mm512_srav_epi16(first, g711_wide_shift(by, top_first));
  second = _mm512_srav_epi16(second, g711_wide_shift(by, top_second));
  return g711_wide_turn(by, first, second, top_first, top_second);
}

G711_WIDE __m512i g711_wide_ulaw_magnitude(__m512i samples) {
  __m512i magnitude = _mm512_xor_si512(samples, _mm512_srai_epi16(samples, 15));
  magnitude = _mm512_add_epi16(_mm512_srli_epi16(magnitude, 2), _mm512_set1_epi16(33));
  return _mm512_min_epu16(magnitude, _mm512_set1_epi16(8191));
}

G711_WIDE __m512i g711_wide_ulaw(const struct g711_wide_encoder *by, __m512i first, __m512i second) {
  uint64_t negative = _mm512_movepi16_mask(first) | (uint64_t)_mm512_movepi16_mask(second) << 32;
  first = g711_wide_ulaw_magnitude(first);
  second = g711_wide_ulaw_magnitude(second);
  __m512i top_first = _mm512_srli_epi16(first, 6), top_second = _mm512_srli_epi16(second, 6);
  first = _mm512_srlv_epi16(first, g711_wide_shift(by, top_first));
  second = _mm512_srlv_epi16(second, g711_wide_shift(by, top_second));
  __m512i codes = g711_wide_turn(by, first, second, top_first, top_second);
  return _mm512_mask_add_epi8(codes, ~negative, codes, _mm512_set1_epi8((char)0x80));
}
#endif
