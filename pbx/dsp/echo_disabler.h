/* Tone disabler of the echo canceller: 2 100 Hz of a modem or fax, with or without phase reversals, in one direction.
 *
 * Must meet (G.168 clause 6 on tone disablers, G.164, V.25, V.8; from memory): 2 100 Hz +-21 Hz from -31 dBm0 up, phase
 * reversals of 180 +-25 degrees every 450 +-25 ms, operation within 1 s of the tone's beginning; neither speech nor
 * another tone operates it. A tone without reversals is told apart, because it must not disable the canceller but only
 * its suppression (fax, G.168). Leaves out the amplitude modulation of V.8's ANSam, which does not disturb it.
 */
#pragma once
#include <stdint.h>

#include "kernels_api.h"

#define ECHO_HEARD_TONE 1      /* 2 100 Hz has lasted ECHO_TONE_TICKS */
#define ECHO_HEARD_REVERSALS 2 /* and its phase was reversed twice, as far apart as it should be */
#define ECHO_HEARD_SOUND 4     /* anything loud enough to keep a disabled canceller disabled */

struct echo_ear {
  float phase[2];      /* of the last block that was all tone, as a vector of length 1 */
  float rotation[2];   /* of the phase in a block, by which the tone is off 2 100 Hz; 0, 0 = not known yet */
  float intact;        /* share of a broken block that was still in its phase less the share that was not */
  int32_t tone_ticks;  /* 0 = no tone */
  int32_t broken;      /* 1 = the last block was not all tone, as when the phase is reversed in it */
  int32_t since_reversal; /* samples */
  int32_t reversals;   /* one after another at the right distance */
};

/* Hears one block; a sum of ECHO_HEARD_ values that stand at its end. */
int echo_ear_run(struct echo_ear *ear, const int16_t *samples);
