/* IMA ADPCM. One loop-carried state, so there is nothing to do side by side within a channel. */
#include "ima_adpcm.h"

#define INDEX_MAX 88

static const int16_t steps[INDEX_MAX + 1] = {
    7,    8,    9,    10,   11,   12,   13,   14,   16,   17,   19,    21,    23,    25,    28,    31,    34,    37,
    41,   45,   50,   55,   60,   66,   73,   80,   88,   97,   107,   118,   130,   143,   157,   173,   190,   209,
    230,  253,  279,  307,  337,  371,  408,  449,  494,  544,  598,   658,   724,   796,   876,   963,   1060,  1166,
    1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327,  3660,  4026,  4428,  4871,  5358,  5894,  6484,
    7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767};

static const int8_t moves[8] = {-1, -1, -1, -1, 2, 4, 6, 8};

/* What both ends do with a code, so that they never part. */
static inline void follow(struct ima_state *state, unsigned code) {
  int step = steps[state->index];
  int change = (step >> 3) + (code & 4 ? step : 0) + (code & 2 ? step >> 1 : 0) + (code & 1 ? step >> 2 : 0);
  int value = state->predicted + (code & 8 ? -change : change);
  value = value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
  int index = state->index + moves[code & 7];
  state->index = (uint8_t)(index < 0 ? 0 : index > INDEX_MAX ? INDEX_MAX : index);
  state->predicted = (int16_t)value;
}

static inline unsigned measure(struct ima_state *state, int16_t sample) {
  int step = steps[state->index];
  int difference = sample - state->predicted;
  unsigned code = difference < 0 ? 8 : 0;
  difference = difference < 0 ? -difference : difference;
  for (unsigned bit = 4; bit; bit >>= 1, step >>= 1) {
    /* Without a branch, which no processor could foretell. */
    int reached = -(difference >= step);
    code |= bit & (unsigned)reached;
    difference -= step & reached;
  }
  follow(state, code);
  return code;
}

void ima_encode(struct ima_state *state, const int16_t *samples, uint8_t *packet, size_t count) {
  struct ima_state now = *state;
  if (now.index > INDEX_MAX)
    now.index = INDEX_MAX;
  packet[0] = (uint8_t)((uint16_t)now.predicted >> 8);
  packet[1] = (uint8_t)now.predicted;
  packet[2] = now.index;
  packet[3] = 0;
  for (size_t n = 0; n + 1 < count; n += 2) {
    unsigned first = measure(&now, samples[n]);
    packet[IMA_HEADER_OCTETS + n / 2] = (uint8_t)(first << 4 | measure(&now, samples[n + 1]));
  }
  *state = now;
}

size_t ima_decode(const uint8_t *packet, size_t length, int16_t *samples) {
  if (length < IMA_HEADER_OCTETS)
    return 0;
  struct ima_state now = {.predicted = (int16_t)(packet[0] << 8 | packet[1]), .index = packet[2]};
  if (now.index > INDEX_MAX)
    now.index = INDEX_MAX;
  for (size_t n = IMA_HEADER_OCTETS; n < length; n++) {
    follow(&now, packet[n] >> 4);
    *samples++ = now.predicted;
    follow(&now, packet[n] & 15);
    *samples++ = now.predicted;
  }
  return (length - IMA_HEADER_OCTETS) * 2;
}
