/* What is done to voice, as the plane and Python call it: G.711 from law to law, conferences. A bare header: declarations
 * only. What each kernel must meet stands at the head of its own header (g711.h, conference.h).
 *
 * Gains are in 1/4096: 4096 changes nothing.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Octets through a table of 256; `octets` and `made` may be the same, but may not overlap otherwise. */
void g711_translate(const uint8_t *table, const uint8_t *octets, uint8_t *made, size_t count);
void g711_alaw_to_ulaw(const uint8_t *octets, uint8_t *made, size_t count);
void g711_ulaw_to_alaw(const uint8_t *octets, uint8_t *made, size_t count);
/* Fills the table with which g711_translate puts a gain on A-law: decoded, multiplied, rounded, held, encoded. */
void g711_alaw_gain(uint8_t *table, int32_t gain_4096);

/* Conference over blocks of 80 samples. Gains are 0 to CONFERENCE_GAIN_MAX (+24 dB). */
#define CONFERENCE_UNITY 4096
#define CONFERENCE_GAIN_MAX 65535
#define CONFERENCE_PARTIES_MAX 4095

struct conference_sum {
  int32_t total[80];
  int16_t held[96]; /* the total held to 16 bits; 80 used, so that all parts are aligned if the whole is, to 64 */
  int16_t over[96]; /* what that cut off, held to 16 bits */
  uint8_t alaw[80]; /* of `held`, once somebody wanted it */
  uint32_t encoded;
};

void conference_sum(struct conference_sum *sum, const int16_t *const *said, const int32_t *gains, int parties);
/* What each party hears: the sum without what it said into it; null = it said nothing. In A-law, or one party linear. */
void conference_give(struct conference_sum *sum, const int16_t *const *said, const int32_t *gains, uint8_t *const *heard,
                     int parties);
void conference_minus(const struct conference_sum *sum, const int16_t *said, int32_t gain, int16_t *heard);
/* Sums by hand, for who hears more than one conference: `sum` and `total` have 80 places. A total counts for at most 4096 voices at
 * full scale, so that no sum of a few overflows. */
void conference_add(int32_t *sum, const int16_t *said, int32_t gain);
void conference_subtract(int32_t *sum, const int16_t *said, int32_t gain);
void conference_add_sum(int32_t *sum, const int32_t *total, int32_t gain);
void conference_hold(const int32_t *sum, int16_t *heard);

/* Selection of speakers: of all parties the `wanted` loudest are summed. A party's state is kept by the caller; all zero
 * is a new party. Returns how many are selected. */
struct speaker {
  uint32_t level; /* loudness that rises at once and falls slowly */
  uint16_t hold;  /* blocks for which a selected party cannot lose its place */
  uint8_t selected;
  uint8_t spare;
};
void speakers_hear(const int16_t *const *said, uint32_t *loudness, int parties); /* loudness of a block; null = silence */
int speakers_select(struct speaker *const *speakers, const uint32_t *loudness, int parties, int wanted);

/* Automatic level of one party's speech, 80 samples at a time; `heard` may be `said`. */
struct automatic_level {
  float target;       /* mean square to be brought about */
  float gain_most;    /* and its inverse is the least */
  float gain;         /* at the end of the last block */
  float speech;       /* mean square of the blocks that were speech */
  float least[8];     /* least power of each of the last 8 stretches of 250 ms */
  uint32_t heard;     /* blocks of speech, as far as they count for the average */
  uint32_t blocks;    /* in the present stretch */
  uint32_t stretches; /* since the start */
  uint32_t spare;
};
void automatic_level_start(struct automatic_level *level, int target_tenth_dbm0, int gain_most_tenth_db);
void automatic_level_run(struct automatic_level *level, const int16_t *said, int16_t *heard);

/* Comfort noise: hears background, 80 samples at a time, and makes more of its like. */
#define COMFORT_NOISE_ORDER 8
struct comfort_noise {
  float correlation[9]; /* of the background, smoothed, as mean products */
  float predictor[8];
  float excitation; /* its standard deviation */
  float memory[8];  /* samples made last, newest first */
  uint32_t random;
  uint32_t heard; /* blocks, as far as they count for the average */
  uint32_t fitted;
  uint32_t spare;
};
void comfort_noise_start(struct comfort_noise *noise, uint32_t seed);
void comfort_noise_hear(struct comfort_noise *noise, const int16_t *background);
void comfort_noise_white(struct comfort_noise *noise, int level_tenth_dbm0);
void comfort_noise_make(struct comfort_noise *noise, int16_t *samples);

/* Concealment of lost packets, 80 samples at a time. All zero is a new lane. A block that came is changed only behind a loss;
 * the content of a lost one is replaced. */
#define CONCEAL_HISTORY 280
struct conceal {
  int16_t history[280]; /* what was heard last, filled in or not */
  int16_t repeated[280]; /* the history when the loss began */
  uint32_t lag;         /* samples of a pitch period */
  uint32_t lost;        /* blocks one after another */
  uint32_t periods;     /* that are repeated */
  uint32_t phase;       /* within them */
};
void conceal_run(struct conceal *lane, int16_t *samples, int lost);
