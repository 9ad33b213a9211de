/* G.711 over 16 samples at a time with AVX2: what g711.c and conference.c share. Not for other files.
 *
 * AVX2 shifts words only all alike, so a shift by the segment is a product with a power of two that a lookup among
 * sixteen octets (vpshufb) gives. A word's upper octet is kept out of the lookup by its top bit.
 */
#pragma once
#include "processor.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define G711_NARROW PROCESSOR_NARROW PROCESSOR_INLINE
#define G711_SIXTEEN(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

G711_NARROW __m256i g711_narrow_look(__m256i table, __m256i places) {
  return _mm256_shuffle_epi8(table, _mm256_or_si256(places, _mm256_set1_epi16((short)0x8000)));
}

G711_NARROW __m256i g711_narrow_segment(__m256i octets) {
  return _mm256_and_si256(_mm256_srli_epi16(octets, 4), _mm256_set1_epi16(7));
}

G711_NARROW __m256i g711_narrow_signed(__m256i magnitude, __m256i negative) {
  return _mm256_sub_epi16(_mm256_xor_si256(magnitude, negative), negative);
}

/* 16 octets, each in a word, to samples. */
G711_NARROW __m256i g711_narrow_from_alaw(__m256i octets) {
  const __m256i times = G711_SIXTEEN(1, 1, 2, 4, 8, 16, 32, 64, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i added = G711_SIXTEEN(0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  octets = _mm256_xor_si256(octets, _mm256_set1_epi16(0x55));
  __m256i segment = g711_narrow_segment(octets);
  __m256i step = _mm256_slli_epi16(_mm256_and_si256(octets, _mm256_set1_epi16(15)), 4);
  step = _mm256_add_epi16(step, _mm256_slli_epi16(g711_narrow_look(added, segment), 8));
  step = _mm256_add_epi16(step, _mm256_set1_epi16(8));
  return g711_narrow_signed(_mm256_mullo_epi16(step, g711_narrow_look(times, segment)),
                            _mm256_cmpgt_epi16(_mm256_set1_epi16(0x80), octets));
}

G711_NARROW __m256i g711_narrow_from_ulaw(__m256i octets) {
  const __m256i times = G711_SIXTEEN(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0);
  octets = _mm256_xor_si256(octets, _mm256_set1_epi16(0xff));
  __m256i step = _mm256_slli_epi16(_mm256_and_si256(octets, _mm256_set1_epi16(15)), 3);
  step = _mm256_add_epi16(step, _mm256_set1_epi16(132));
  step = _mm256_mullo_epi16(step, g711_narrow_look(times, g711_narrow_segment(octets)));
  return g711_narrow_signed(_mm256_sub_epi16(step, _mm256_set1_epi16(132)),
                            _mm256_cmpgt_epi16(octets, _mm256_set1_epi16(0x7f)));
}

/* The count of halvings, sixteen times: the position of the first one among the seven bits of `tops`. */
G711_NARROW __m256i g711_narrow_halvings(__m256i tops) {
  const __m256i lower = G711_SIXTEEN(0, 16, 32, 32, 48, 48, 48, 48, 64, 64, 64, 64, 64, 64, 64, 64);
  const __m256i upper = G711_SIXTEEN(0, 80, 96, 96, 112, 112, 112, 112, 0, 0, 0, 0, 0, 0, 0, 0);
  return _mm256_max_epi16(g711_narrow_look(lower, _mm256_and_si256(tops, _mm256_set1_epi16(15))),
                          g711_narrow_look(upper, _mm256_srli_epi16(tops, 4)));
}

/* 4096 halved so many times; the halvings are given sixteen times. */
G711_NARROW __m256i g711_narrow_power(__m256i halvings) {
  const __m256i powers = G711_SIXTEEN((char)128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  return _mm256_slli_epi16(g711_narrow_look(powers, _mm256_srli_epi16(halvings, 4)), 5);
}

/* Packs the octets in two times 16 words, and those of all signs into the top bits. */
G711_NARROW __m256i g711_narrow_pack(__m256i first, __m256i second) {
  return _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xd8);
}

G711_NARROW __m256i g711_narrow_signs(__m256i first, __m256i second) {
  __m256i signs = _mm256_permute4x64_epi64(_mm256_packs_epi16(first, second), 0xd8);
  return _mm256_and_si256(signs, _mm256_set1_epi8((char)0x80));
}

G711_NARROW __m256i g711_narrow_alaw_magnitude(__m256i samples) {
  __m256i magnitude = _mm256_xor_si256(samples, _mm256_srai_epi16(samples, 15));
  __m256i halvings = g711_narrow_halvings(_mm256_srli_epi16(magnitude, 9));
  return _mm256_add_epi16(_mm256_mulhi_epu16(magnitude, g711_narrow_power(halvings)), halvings);
}

/* Two times 16 samples to 32 octets. */
G711_NARROW __m256i g711_narrow_alaw(__m256i first, __m256i second) {
  __m256i codes = g711_narrow_pack(g711_narrow_alaw_magnitude(first), g711_narrow_alaw_magnitude(second));
  return _mm256_xor_si256(_mm256_xor_si256(codes, _mm256_set1_epi8((char)0xd5)), g711_narrow_signs(first, second));
}

G711_NARROW __m256i g711_narrow_ulaw_magnitude(__m256i samples) {
  __m256i magnitude = _mm256_xor_si256(samples, _mm256_srai_epi16(samples, 15));
  magnitude = _mm256_add_epi16(_mm256_srli_epi16(magnitude, 2), _mm256_set1_epi16(33));
  magnitude = _mm256_min_epu16(magnitude, _mm256_set1_epi16(8191));
  __m256i halvings = g711_narrow_halvings(_mm256_srli_epi16(magnitude, 6));
  __m256i steps = _mm256_mulhi_epu16(_mm256_slli_epi16(magnitude, 3), g711_narrow_power(halvings));
  return _mm256_add_epi16(_mm256_sub_epi16(steps, _mm256_set1_epi16(16)), halvings);
}

G711_NARROW __m256i g711_narrow_ulaw(__m256i first, __m256i second) {
  __m256i codes = g711_narrow_pack(g711_narrow_ulaw_magnitude(first), g711_narrow_ulaw_magnitude(second));
  return _mm256_xor_si256(_mm256_xor_si256(codes, _mm256_set1_epi8((char)0xff)), g711_narrow_signs(first, second));
}
#endif
