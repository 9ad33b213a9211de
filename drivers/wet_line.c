#include "wet_line.h"
#include "g711.h"
#include "random_numbers.h"
#include <math.h>

#define LOSS_DB 6.0
#define NOISE_DBM0 (-50.0)
#define NOISE_RISE_DB 20.0
#define BURSTS_A_TICK 0.03
#define BURST_LEAST_TICKS 3
#define BURST_MORE_TICKS 18
#define LEAKS_A_TICK 0.002
#define LEAK_MORE_TICKS 40
#define DRY_KOHM 10000.0
#define WET_KOHM 5.0

void wet_line_start(struct wet_line *line, double wetness, uint64_t seed) {
  *line = (struct wet_line){.random = seed,
                            .wetness = (float)wetness,
                            .gain = (float)pow(10.0, -LOSS_DB * wetness / 20),
                            .noise = (float)(G711_PEAK_AT_0_DBM0 * sqrt(0.5) * pow(10.0, (NOISE_DBM0 + NOISE_RISE_DB * wetness) / 20))};
}

uint32_t wet_line_insulation_kohm(const struct wet_line *line) {
  return (uint32_t)lrint(DRY_KOHM * pow(WET_KOHM / DRY_KOHM, line->wetness));
}

int wet_line_step(struct wet_line *line) {
  double chance = random_share(&line->random) / line->wetness, length = random_share(&line->random);
  if (line->burst)
    line->burst--;
  else if (chance < BURSTS_A_TICK)
    line->burst = BURST_LEAST_TICKS + (int)(length * BURST_MORE_TICKS);
  chance = random_share(&line->random) / line->wetness;
  if (line->leak)
    line->leak--;
  else if (chance < LEAKS_A_TICK)
    line->leak = 1 + (int)(length * LEAK_MORE_TICKS);
  return line->leak > 0;
}

void wet_line_treat(struct wet_line *line, uint8_t *samples) {
  int16_t linear[WET_LINE_SAMPLES];
  g711_alaw_decode(samples, linear, WET_LINE_SAMPLES);
  for (int n = 0; n < WET_LINE_SAMPLES; n++) {
    float sound = line->gain * linear[n] + (line->burst ? line->noise * random_gaussian(&line->random) : 0.0f);
    linear[n] = (int16_t)lrintf(fminf(fmaxf(sound, -32768.0f), 32767.0f));
  }
  g711_alaw_encode(linear, samples, WET_LINE_SAMPLES);
}
