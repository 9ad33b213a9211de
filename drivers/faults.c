#include "faults.h"
#include "random_numbers.h"
#include <math.h>
#include <string.h>

#define BLOCK_BITS (E1_OCTETS * 8)
#define NO_FRAMES 0x55 /* holds no 0011011 at any bit, and ones and zeros enough for neither LOS nor AIS */

/* Bits without error before the next errored one. */
static double next_distance(struct faults *faults) {
  double u = ((double)(random_next(&faults->random) >> 11) + 0.5) / 9007199254740992.0;
  return faults->rate >= 1 ? 0 : floor(log(u) / log1p(-faults->rate));
}

void faults_clear(struct faults *faults) {
  faults->rate = 0;
  faults->burst_bits = 0;
  faults->cut = faults->ais = faults->lof = faults->rai = 0;
}

void faults_bit_errors(struct faults *faults, double rate, uint64_t seed) {
  faults->rate = rate;
  faults->random = seed;
  if (rate > 0) faults->distance = next_distance(faults);
}

void faults_burst(struct faults *faults, int64_t start_bits, int64_t bits, uint64_t seed) {
  faults->burst_start = start_bits;
  faults->burst_bits = bits;
  faults->random = seed;
}

int faults_active(const struct faults *faults) {
  return faults->rate > 0 || faults->burst_bits > 0 || faults->cut || faults->ais || faults->lof || faults->phase;
}

static void invert(struct faults *faults, uint8_t *octets, int64_t bit) {
  octets[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
  faults->injected++;
}

static void be_late(struct faults *faults, uint8_t *octets) {
  uint8_t stream[32 + E1_OCTETS];
  int whole = faults->phase / 8, shift = faults->phase % 8;
  memcpy(stream, faults->before, 32);
  memcpy(stream + 32, octets, E1_OCTETS);
  memcpy(faults->before, octets + E1_OCTETS - 32, 32);
  for (int k = 0; k < E1_OCTETS; k++) {
    const uint8_t *p = stream + 32 + k - whole;
    octets[k] = (uint8_t)(shift ? p[0] >> shift | p[-1] << (8 - shift) : p[0]);
  }
}

static void burst(struct faults *faults, uint8_t *octets) {
  int64_t bit = faults->burst_start;
  for (; bit < BLOCK_BITS && faults->burst_bits > 0; bit++, faults->burst_bits--)
    if (random_next(&faults->random) >> 63) invert(faults, octets, bit);
  faults->burst_start = bit - BLOCK_BITS;
}

void faults_apply(struct faults *faults, uint8_t *octets) {
  if (faults->phase) be_late(faults, octets);
  if (faults->lof) memset(octets, NO_FRAMES, E1_OCTETS);
  if (faults->ais) memset(octets, 0xFF, E1_OCTETS);
  if (faults->burst_bits > 0) burst(faults, octets);
  if (faults->rate > 0) {
    for (; faults->distance < BLOCK_BITS; faults->distance += 1 + next_distance(faults)) invert(faults, octets, (int64_t)faults->distance);
    faults->distance -= BLOCK_BITS;
  }
  if (faults->cut) memset(octets, 0, E1_OCTETS);
}
