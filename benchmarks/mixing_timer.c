/* Times conferences, time-slot switching and companding for benchmarks/mixing.py: our kernels beside plain loops and libspandsp.
 *
 * Built when the benchmark runs, with SPANDSP where its headers are installed. Times are CPU time of the calling thread in ns. Ours are
 * called by the addresses in `struct kernels`, as the media plane calls them. The plain loops are what one writes without a thought of
 * vectors: a table of 256 to decode, a table of 65536 to encode, one sum, and for each party the sum without it.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef SPANDSP
#include <spandsp.h>
#endif

#define BLOCK 80
#define UNITY 4096

struct kernels {
  void (*decode)(const uint8_t *octets, int16_t *samples, size_t count);
  void (*encode)(const int16_t *samples, uint8_t *octets, size_t count);
  void (*translate)(const uint8_t *table, const uint8_t *octets, uint8_t *made, size_t count);
  void (*sum)(void *sum, const int16_t *const *said, const int32_t *gains, int parties);
  void (*give)(void *sum, const int16_t *const *said, const int32_t *gains, uint8_t *const *heard, int parties);
  void (*loudness)(const int16_t *const *said, uint32_t *loudness, int parties);
  int (*select)(void *const *speakers, const uint32_t *loudness, int parties, int wanted);
};

struct speaker {
  uint32_t level;
  uint16_t hold;
  uint8_t selected;
  uint8_t spare;
};

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Tables for the plain loops, made by our own kernels. */
static int16_t from_alaw[256];
static uint8_t to_alaw[65536];

void make_tables(const struct kernels *kernels) {
  uint8_t every[256];
  for (int n = 0; n < 256; n++) every[n] = (uint8_t)n;
  kernels->decode(every, from_alaw, 256);
  for (int n = 0; n < 65536; n++) {
    int16_t value = (int16_t)n;
    kernels->encode(&value, &to_alaw[n], 1);
  }
}

/* `said` and `heard` are [ticks][rooms][parties][80] A-law; `speakers` 0 = everybody is summed. As in the media plane all ports are
 * decoded first, then the conferences are held one after another. */
double time_conference(const struct kernels *kernels, const uint8_t *said, uint8_t *heard, int rooms, int parties, int ticks,
                       int speakers) {
  size_t all = (size_t)rooms * (size_t)parties, block = all * BLOCK;
  int16_t *linear = aligned_alloc(64, (block * 2 + 63) / 64 * 64);
  const int16_t **own = calloc(all, sizeof *own), **summed = calloc(all, sizeof *summed);
  uint8_t **out = calloc(all, sizeof *out);
  int32_t *gains = calloc(all, sizeof *gains);
  uint32_t *loudness = calloc(all, sizeof *loudness);
  struct speaker *state = calloc(all, sizeof *state), **states = calloc(all, sizeof *states);
  void *sum = aligned_alloc(64, 1024);
  double begun = now_ns();
  for (size_t n = 0; n < all; n++) {
    gains[n] = UNITY;
    states[n] = &state[n];
  }
  for (int tick = 0; tick < ticks; tick++) {
    kernels->decode(said + (size_t)tick * block, linear, block);
    for (int room = 0; room < rooms; room++) {
      int first = room * parties, count = 0;
      if (speakers) {
        for (int n = first; n < first + parties; n++) own[n] = linear + n * BLOCK;
        kernels->loudness(own + first, loudness, parties);
        kernels->select((void *const *)(states + first), loudness, parties, speakers);
      }
      for (int n = first; n < first + parties; n++) {
        own[n] = !speakers || state[n].selected ? linear + n * BLOCK : 0;
        if (own[n]) summed[count++] = own[n];
        out[n] = heard + (size_t)tick * block + n * BLOCK;
      }
      kernels->sum(sum, summed, gains, count);
      kernels->give(sum, own + first, gains, out + first, parties);
    }
  }
  double spent = now_ns() - begun;
  free(linear), free(own), free(summed), free(out), free(gains), free(loudness), free(state), free(states), free(sum);
  return spent;
}

double time_plain_conference(const uint8_t *said, uint8_t *heard, int rooms, int parties, int ticks) {
  double begun = now_ns();
  for (int block = 0; block < ticks * rooms; block++, said += parties * BLOCK, heard += parties * BLOCK) {
    int32_t sum[BLOCK] = {0};
    for (int party = 0; party < parties; party++)
      for (int n = 0; n < BLOCK; n++) sum[n] += from_alaw[said[party * BLOCK + n]];
    for (int party = 0; party < parties; party++)
      for (int n = 0; n < BLOCK; n++) {
        int32_t left = sum[n] - from_alaw[said[party * BLOCK + n]];
        left = left > INT16_MAX ? INT16_MAX : left < INT16_MIN ? INT16_MIN : left;
        heard[party * BLOCK + n] = to_alaw[(uint16_t)left];
      }
  }
  return now_ns() - begun;
}

/* Connection n copies from slot `from[n]`; `table` null = unchanged. `in` and `out` are [slots][80]. */
double time_switch(const struct kernels *kernels, const uint8_t *in, uint8_t *out, const uint32_t *from, int slots, int ticks,
                   const uint8_t *table) {
  double begun = now_ns();
  for (int tick = 0; tick < ticks; tick++)
    for (int slot = 0; slot < slots; slot++)
      if (table) kernels->translate(table, in + from[slot] * BLOCK, out + slot * BLOCK, BLOCK);
      else memcpy(out + slot * BLOCK, in + from[slot] * BLOCK, BLOCK);
  return now_ns() - begun;
}

/* As a switching memory does it: frame by frame, slot by slot. With a table: one look for each octet. */
double time_plain_switch(const uint8_t *in, uint8_t *out, const uint32_t *from, int slots, int ticks, const uint8_t *table) {
  double begun = now_ns();
  for (int tick = 0; tick < ticks; tick++)
    if (table) {
      for (int slot = 0; slot < slots; slot++)
        for (int n = 0; n < BLOCK; n++) out[slot * BLOCK + n] = table[in[from[slot] * BLOCK + n]];
    } else {
      for (int n = 0; n < BLOCK; n++)
        for (int slot = 0; slot < slots; slot++) out[n * slots + slot] = in[n * slots + (int)from[slot]];
    }
  return now_ns() - begun;
}

/* Decodes and encodes again blocks of 160. */
double time_codec(const struct kernels *kernels, const uint8_t *octets, int blocks) {
  int16_t samples[2 * BLOCK];
  uint8_t again[2 * BLOCK];
  double begun = now_ns();
  for (int block = 0; block < blocks; block++) {
    kernels->decode(octets + block * 2 * BLOCK, samples, 2 * BLOCK);
    kernels->encode(samples, again, 2 * BLOCK);
  }
  return now_ns() - begun;
}

/* -1 where spandsp is not there. */
double time_spandsp_codec(int ulaw, const uint8_t *octets, int blocks) {
#ifdef SPANDSP
  int16_t samples[2 * BLOCK];
  uint8_t again[2 * BLOCK];
  g711_state_t *codec = g711_init(0, ulaw ? G711_ULAW : G711_ALAW);
  double begun = now_ns();
  for (int block = 0; block < blocks; block++) {
    g711_decode(codec, samples, octets + block * 2 * BLOCK, 2 * BLOCK);
    g711_encode(codec, again, samples, 2 * BLOCK);
  }
  double spent = now_ns() - begun;
  g711_free(codec);
  return spent;
#else
  (void)ulaw, (void)octets, (void)blocks;
  return -1;
#endif
}
