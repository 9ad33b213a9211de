/* G.711 companding: plain C, and the choice of the vector versions (g711_wide.h, g711_narrow.h).
 *
 * In plain C decoding is a table of 256 and encoding is computed.
 */
#include "g711.h"

#include <math.h>

#include "g711_narrow.h"
#include "g711_wide.h"
#include "generated_tables.h"

static uint8_t alaw_of(int32_t value) {
  /* Segments 0 and 1 of A-law are one straight line; each following one halves the resolution. The number of halvings
   * is the count of segment borders passed, and adding it sixteenfold makes segment and step at once. */
  int32_t magnitude = (value < 0 ? ~value : value) >> 4;
  int32_t halvings = (magnitude >= 32) + (magnitude >= 64) + (magnitude >= 128) + (magnitude >= 256) +
                     (magnitude >= 512) + (magnitude >= 1024);
  int32_t code = (magnitude >> halvings) + (halvings << 4);
  return (uint8_t)((value < 0 ? code : code | 0x80) ^ 0x55);
}

static uint8_t ulaw_of(int32_t value) {
  /* mu-law adds 33 so that all eight segments begin at a power of two; all bits but none of the sign's meaning are
   * inverted. */
  int32_t magnitude = ((value < 0 ? ~value : value) >> 2) + 33;
  magnitude = magnitude > 8191 ? 8191 : magnitude;
  int32_t segment = (magnitude >= 64) + (magnitude >= 128) + (magnitude >= 256) + (magnitude >= 512) +
                    (magnitude >= 1024) + (magnitude >= 2048) + (magnitude >= 4096);
  int32_t code = (segment << 4) + ((magnitude >> (segment + 1)) & 15);
  return (uint8_t)(~code & (value < 0 ? 0x7f : 0xff));
}

#if defined(__x86_64__)
/* The wide versions end in pieces of 32, 16 and less than 16, because a store under a mask takes longer than all the rest, and
 * because who reads a block of 80 as 64 and 16 finds it faster when it was put so. */
static inline uint64_t first_of(size_t count) { return count >= 64 ? ~0ull : (1ull << count) - 1; }

G711_WIDE void put_samples(int16_t *samples, const __m512i made[2], size_t count) {
  __m512i part = made[0];
  if (count & 32) {
    _mm512_storeu_si512(samples, part);
    samples += 32;
    part = made[1];
  }
  if (count & 16) {
    _mm256_storeu_si256((__m256i *)samples, _mm512_castsi512_si256(part));
    samples += 16;
    part = _mm512_castsi256_si512(_mm512_extracti64x4_epi64(part, 1));
  }
  if (count & 15)
    _mm512_mask_storeu_epi16(samples, (__mmask32)first_of(count & 15), part);
}

G711_WIDE void put_octets(uint8_t *octets, __m512i made, size_t count) {
  if (count & 32) {
    _mm256_storeu_si256((__m256i *)octets, _mm512_castsi512_si256(made));
    octets += 32;
    made = _mm512_castsi256_si512(_mm512_extracti64x4_epi64(made, 1));
  }
  if (count & 16) {
    _mm_storeu_si128((__m128i *)octets, _mm512_castsi512_si128(made));
    octets += 16;
    made = _mm512_alignr_epi64(made, made, 2);
  }
  if (count & 15)
    _mm512_mask_storeu_epi8(octets, first_of(count & 15), made);
}

PROCESSOR_WIDE static void decode_wide(const uint8_t halves[2][256], const uint8_t *octets, int16_t *samples, size_t count) {
  const struct g711_wide_decoder by = g711_wide_decoder(halves);
  __m512i made[2];
  for (; count >= 64; count -= 64, octets += 64, samples += 64) {
    g711_wide_decode(&by, _mm512_loadu_si512(octets), made);
    _mm512_storeu_si512(samples, made[0]);
    _mm512_storeu_si512(samples + 32, made[1]);
  }
  if (count) {
    g711_wide_decode(&by, _mm512_maskz_loadu_epi8(first_of(count), octets), made);
    put_samples(samples, made, count);
  }
}

G711_WIDE __m512i encode_64(const struct g711_wide_encoder *by, int ulaw, __m512i first, __m512i second) {
  return ulaw ? g711_wide_ulaw(by, first, second) : g711_wide_alaw(by, first, second);
}

G711_WIDE void encode_wide(int ulaw, const int16_t *samples, uint8_t *octets, size_t count) {
  const struct g711_wide_encoder by =
      ulaw ? g711_wide_encoder(g711_ulaw_shift, g711_ulaw_turn) : g711_wide_encoder(g711_alaw_shift, g711_alaw_turn);
  for (; count >= 64; count -= 64, octets += 64, samples += 64) {
    __m512i first = _mm512_loadu_si512(samples), second = _mm512_loadu_si512(samples + 32);
    _mm512_storeu_si512(octets, encode_64(&by, ulaw, first, second));
  }
  if (count) {
    __m512i first = _mm512_maskz_loadu_epi16((__mmask32)first_of(count), samples);
    __m512i second = _mm512_maskz_loadu_epi16((__mmask32)(first_of(count) >> 32), samples + 32);
    put_octets(octets, encode_64(&by, ulaw, first, second), count);
  }
}

PROCESSOR_WIDE static void alaw_wide(const int16_t *samples, uint8_t *octets, size_t count) {
  encode_wide(0, samples, octets, count);
}

PROCESSOR_WIDE static void ulaw_wide(const int16_t *samples, uint8_t *octets, size_t count) {
  encode_wide(1, samples, octets, count);
}

PROCESSOR_WIDE static void translate_wide(const uint8_t table[256], const uint8_t *octets, uint8_t *made, size_t count) {
  __m512i parts[4];
  for (int n = 0; n < 4; n++)
    parts[n] = _mm512_loadu_si512(table + 64 * n);
  for (; count >= 64; count -= 64, octets += 64, made += 64)
    _mm512_storeu_si512(made, g711_wide_octets(parts, _mm512_loadu_si512(octets)));
  if (count)
    put_octets(made, g711_wide_octets(parts, _mm512_maskz_loadu_epi8(first_of(count), octets)), count);
}

/* The narrow versions do whole vectors and return how much they did. */
G711_NARROW size_t decode_narrow(int ulaw, const uint8_t *octets, int16_t *samples, size_t count) {
  size_t done = 0;
  for (; done + 16 <= count; done += 16) {
    __m256i wide = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(octets + done)));
    _mm256_storeu_si256((__m256i *)(samples + done), ulaw ? g711_narrow_from_ulaw(wide) : g711_narrow_from_alaw(wide));
  }
  return done;
}

G711_NARROW size_t encode_narrow(int ulaw, const int16_t *samples, uint8_t *octets, size_t count) {
  size_t done = 0;
  for (; done + 16 <= count; done += 32) {
    int whole = done + 32 <= count;
    __m256i first = _mm256_loadu_si256((const __m256i *)(samples + done));
    __m256i second = whole ? _mm256_loadu_si256((const __m256i *)(samples + done + 16)) : first;
    __m256i codes = ulaw ? g711_narrow_ulaw(first, second) : g711_narrow_alaw(first, second);
    if (!whole) {
      _mm_storeu_si128((__m128i *)(octets + done), _mm256_castsi256_si128(codes));
      return done + 16;
    }
    _mm256_storeu_si256((__m256i *)(octets + done), codes);
  }
  return done;
}

PROCESSOR_NARROW static size_t from_alaw_narrow(const uint8_t *octets, int16_t *samples, size_t count) {
  return decode_narrow(0, octets, samples, count);
}

PROCESSOR_NARROW static size_t from_ulaw_narrow(const uint8_t *octets, int16_t *samples, size_t count) {
  return decode_narrow(1, octets, samples, count);
}

PROCESSOR_NARROW static size_t alaw_narrow(const int16_t *samples, uint8_t *octets, size_t count) {
  return encode_narrow(0, samples, octets, count);
}

PROCESSOR_NARROW static size_t ulaw_narrow(const int16_t *samples, uint8_t *octets, size_t count) {
  return encode_narrow(1, samples, octets, count);
}

/* Runs the wide version and returns, or the narrow one and leaves the rest from `done` to plain C. */
#define G711_VECTORS(wide, narrow)                                                                                     \
  switch (processor_level()) {                                                                                         \
  case PROCESSOR_AVX512:                                                                                               \
    wide;                                                                                                              \
    return;                                                                                                            \
  case PROCESSOR_AVX2:                                                                                                 \
    done = narrow;                                                                                                     \
  }
#else
#define G711_VECTORS(wide, narrow)
#endif

void g711_alaw_decode(const uint8_t *octets, int16_t *samples, size_t count) {
  size_t done = 0;
  G711_VECTORS(decode_wide(g711_alaw_halves, octets, samples, count), from_alaw_narrow(octets, samples, count))
  for (; done < count; done++)
    samples[done] = g711_alaw_table[octets[done]];
}

void g711_ulaw_decode(const uint8_t *octets, int16_t *samples, size_t count) {
  size_t done = 0;
  G711_VECTORS(decode_wide(g711_ulaw_halves, octets, samples, count), from_ulaw_narrow(octets, samples, count))
  for (; done < count; done++)
    samples[done] = g711_ulaw_table[octets[done]];
}

void g711_alaw_encode(const int16_t *samples, uint8_t *octets, size_t count) {
  size_t done = 0;
  G711_VECTORS(alaw_wide(samples, octets, count), alaw_narrow(samples, octets, count))
  for (; done < count; done++)
    octets[done] = alaw_of(samples[done]);
}

void g711_ulaw_encode(const int16_t *samples, uint8_t *octets, size_t count) {
  size_t done = 0;
  G711_VECTORS(ulaw_wide(samples, octets, count), ulaw_narrow(samples, octets, count))
  for (; done < count; done++)
    octets[done] = ulaw_of(samples[done]);
}

/* With AVX2 a lookup among 256 takes sixteen among sixteen, which is no faster than one octet at a time. */
void g711_translate(const uint8_t *table, const uint8_t *octets, uint8_t *made, size_t count) {
  size_t done = 0;
  G711_VECTORS(translate_wide(table, octets, made, count), 0)
  for (; done < count; done++)
    made[done] = table[octets[done]];
}

void g711_alaw_to_ulaw(const uint8_t *octets, uint8_t *made, size_t count) {
  g711_translate(g711_alaw_to_ulaw_table, octets, made, count);
}

void g711_ulaw_to_alaw(const uint8_t *octets, uint8_t *made, size_t count) {
  g711_translate(g711_ulaw_to_alaw_table, octets, made, count);
}

void g711_alaw_gain(uint8_t *table, int32_t gain_4096) {
  for (int octet = 0; octet < 256; octet++) {
    int64_t value = ((int64_t)g711_alaw_table[octet] * gain_4096 + 2048) >> 12;
    table[octet] = alaw_of((int32_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value));
  }
}

int g711_power_tenth_dbm0(double mean_square) {
  double level = mean_square > 0 ? 100.0 * log10(mean_square / G711_POWER_AT_0_DBM0) : G711_SILENCE_TENTH_DBM0;
  return level <= G711_SILENCE_TENTH_DBM0 ? G711_SILENCE_TENTH_DBM0 : (int)lrint(level);
}

double g711_power_of_level(int tenth_dbm0) { return G711_POWER_AT_0_DBM0 * pow(10.0, tenth_dbm0 / 100.0); }

int g711_level_tenth_dbm0(const int16_t *samples, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += (double)samples[i] * samples[i];
  return g711_power_tenth_dbm0(count ? sum / (double)count : 0);
}
