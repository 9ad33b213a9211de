/* G.711 companding. Decoding is a table of 256; encoding is computed, because a computation goes over many samples at
 * a time where a table goes over one. */
#include "g711.h"

#include <math.h>

#include "generated_tables.h"
#include "lanes.h"

void g711_alaw_decode(const uint8_t *octets, int16_t *samples, size_t count) {
  for (size_t i = 0; i < count; i++)
    samples[i] = g711_alaw_table[octets[i]];
}

void g711_ulaw_decode(const uint8_t *octets, int16_t *samples, size_t count) {
  for (size_t i = 0; i < count; i++)
    samples[i] = g711_ulaw_table[octets[i]];
}

/* Segments 0 and 1 of A-law are one straight line; each following one halves the resolution. The number of halvings
 * is the count of segment borders passed, and adding it sixteenfold makes segment and step at once. */
EVERY_PROCESSOR
void g711_alaw_encode(const int16_t *restrict samples, uint8_t *restrict octets, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int32_t value = samples[i];
    int32_t magnitude = (value < 0 ? ~value : value) >> 4;
    int32_t halvings = (magnitude >= 32) + (magnitude >= 64) + (magnitude >= 128) + (magnitude >= 256) +
                       (magnitude >= 512) + (magnitude >= 1024);
    int32_t code = (magnitude >> halvings) + (halvings << 4);
    octets[i] = (uint8_t)((value < 0 ? code : code | 0x80) ^ 0x55);
  }
}

/* mu-law adds 33 so that all eight segments begin at a power of two; all bits but none of the sign's meaning are
 * inverted. */
EVERY_PROCESSOR
void g711_ulaw_encode(const int16_t *restrict samples, uint8_t *restrict octets, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int32_t value = samples[i];
    int32_t magnitude = ((value < 0 ? ~value : value) >> 2) + 33;
    magnitude = magnitude > 8191 ? 8191 : magnitude;
    int32_t segment = (magnitude >= 64) + (magnitude >= 128) + (magnitude >= 256) + (magnitude >= 512) +
                      (magnitude >= 1024) + (magnitude >= 2048) + (magnitude >= 4096);
    int32_t code = (segment << 4) + ((magnitude >> (segment + 1)) & 15);
    octets[i] = (uint8_t)(~code & (value < 0 ? 0x7f : 0xff));
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
