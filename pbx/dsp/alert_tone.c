#include "alert_tone.h"

#include <math.h>

#define BLOCK 80
#define ENOUGH_BLOCKS 5        /* 50 ms */
#define SHARE 0.72f            /* of the block's power that both tones must explain */
#define TWIST 5.0f             /* 7 dB in power */
#define LEAST_POWER 4.0e4f     /* each tone, mean square: -38 dBm0 */

static const float tone_hz[2] = {2130.0f, 2750.0f};

/* Mean square of the sine of this frequency that fits the block best. */
static float power_at(const int16_t *samples, float hz) {
  float step = 2.0f * cosf(2.0f * (float)M_PI * hz / 8000.0f), before = 0, last = 0;
  for (int n = 0; n < BLOCK; n++) {
    float now = (float)samples[n] + step * last - before;
    before = last;
    last = now;
  }
  float square = last * last + before * before - step * last * before;
  return 2.0f * square / ((float)BLOCK * (float)BLOCK);
}

static int holds(const int16_t *samples) {
  float whole = 0;
  for (int n = 0; n < BLOCK; n++)
    whole += (float)samples[n] * (float)samples[n];
  whole /= BLOCK;
  if (whole < 2 * LEAST_POWER)
    return 0;
  float low = power_at(samples, tone_hz[0]), high = power_at(samples, tone_hz[1]);
  if (low < LEAST_POWER || high < LEAST_POWER || low > TWIST * high || high > TWIST * low)
    return 0;
  return low + high >= SHARE * whole;
}

void alert_tone_reset(struct alert_tone *alert) { *alert = (struct alert_tone){0}; }

int alert_tone_hear(struct alert_tone *alert, const int16_t *samples, int *back) {
  *back = 0;
  if (holds(samples)) {
    if (alert->blocks < UINT8_MAX)
      alert->blocks++;
    if (alert->told || alert->blocks < ENOUGH_BLOCKS)
      return ALERT_TONE_NOTHING;
    alert->told = 1;
    *back = (ENOUGH_BLOCKS - 1) * BLOCK;
    return ALERT_TONE_BEGAN;
  }
  int ended = alert->told;
  alert_tone_reset(alert);
  return ended ? ALERT_TONE_ENDED : ALERT_TONE_NOTHING;
}
