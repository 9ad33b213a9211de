/* Level meter: see level.h. */
#include "level.h"

#include <stdlib.h>
#include <string.h>

#include "fsk_correlate.h"
#include "g711.h"
#include "processor.h"

struct level_lane {
  uint64_t squares;
  int32_t peak;
  int32_t ticks;
};

struct level_bank {
  int32_t lanes;
  int32_t interval_ticks;
  struct level_lane lane[];
};

size_t level_bank_size(int lanes) { return sizeof(struct level_bank) + (size_t)lanes * sizeof(struct level_lane); }

struct level_bank *level_bank_init(void *memory, int lanes, int interval_ticks) {
  struct level_bank *bank = memory;
  memset(memory, 0, level_bank_size(lanes));
  bank->lanes = lanes;
  bank->interval_ticks = interval_ticks < 1 ? 1 : interval_ticks > 65535 ? 65535 : interval_ticks;
  return bank;
}

void level_lane_reset(struct level_bank *bank, int lane) {
  if (lane >= 0 && lane < bank->lanes)
    memset(&bank->lane[lane], 0, sizeof bank->lane[lane]);
}

PROCESSOR_INLINE void raise_peak_lanes(const int16_t *samples, int32_t *peak) {
  int32_t most = *peak;
  for (int i = 0; i < KERNEL_BLOCK_SAMPLES; i++) {
    int32_t size = abs((int32_t)samples[i]);
    most = size > most ? size : most;
  }
  *peak = most;
}
PROCESSOR_VERSIONS(raise_peak, (const int16_t *samples, int32_t *peak), (samples, peak))

static int16_t tenths(double mean_square) {
  int level = mean_square > 0.0 ? g711_power_tenth_dbm0(mean_square) : LEVEL_SILENCE_TENTH_DBM0;
  return (int16_t)(level < LEVEL_SILENCE_TENTH_DBM0 ? LEVEL_SILENCE_TENTH_DBM0 : level);
}

int level_bank_run(struct level_bank *bank, const int16_t *const *samples, struct level_report *reports) {
  int count = 0;
  for (int lane = 0; lane < bank->lanes; lane++) {
    struct level_lane *state = &bank->lane[lane];
    if (!samples[lane])
      continue;
    state->squares += (uint64_t)fsk_energy(samples[lane]);
    raise_peak(samples[lane], &state->peak);
    if (++state->ticks < bank->interval_ticks)
      continue;
    double all = (double)KERNEL_BLOCK_SAMPLES * bank->interval_ticks, peak = state->peak;
    reports[count++] = (struct level_report){
        .lane = lane, .rms_tenth_dbm0 = tenths((double)state->squares / all), .peak_tenth_dbm0 = tenths(peak * peak / 2.0)};
    memset(state, 0, sizeof *state);
  }
  return count;
}
