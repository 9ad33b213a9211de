/* IMA ADPCM as Python calls it; what it must meet stands in ima_adpcm.h. A bare header: declarations only. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define IMA_HEADER_OCTETS 4

struct ima_state {
  int16_t predicted; /* the last sample as the decoder has it */
  uint8_t index;     /* of the step, 0..88 */
  uint8_t spare;
};

/* One packet: the state before its first sample, then count / 2 octets; an odd last sample is left out. */
void ima_encode(struct ima_state *state, const int16_t *samples, uint8_t *packet, size_t count);
/* The samples of a packet of `length` octets, and how many: two for each octet behind the header. */
size_t ima_decode(const uint8_t *packet, size_t length, int16_t *samples);
