/* The echo canceller, as the plane and Python call it. A bare header: declarations only. What it must meet stands in
 * echo.h. `far[lane]` is what is sent towards the echo, `near[lane]` what comes back; a lane whose `near` is null or
 * whose tail is 0 keeps its state and gives nothing out. `out[lane]` may be `near[lane]`; a null `far` is silence.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define ECHO_TAIL_MOST_MS 128
#define ECHO_DELAY_MOST_MS 80

/* Options of a lane. */
#define ECHO_NONLINEAR 1     /* what is left of the echo is suppressed when nobody speaks here */
#define ECHO_COMFORT_NOISE 2 /* and noise like the background's put in its place */
#define ECHO_TONE_DISABLER 4 /* 2 100 Hz with phase reversals disables the canceller, without them the suppression */
#define ECHO_OPTIONS_ALL 7

struct echo_statistics {
  int16_t erle_tenth_db;         /* echo return loss enhancement of the filter alone, over the last seconds of echo */
  int16_t erl_tenth_db;          /* echo return loss of the line as the filter has found it */
  int16_t background_tenth_dbm0; /* noise of the near end */
  uint8_t tail_ms;
  uint8_t converged;
  uint8_t double_talk;
  uint8_t disabled;    /* by 2 100 Hz with phase reversals */
  uint8_t suppressing; /* the nonlinear processor is at work */
  uint16_t changes;    /* of the echo path, found so far */
};

struct echo_bank;
size_t echo_bank_size(int lanes, int tail_most_ms);
struct echo_bank *echo_bank_init(void *memory, int lanes, int tail_most_ms);
int echo_lane_set(struct echo_bank *bank, int lane, int tail_ms, int options, int delay_ms);
void echo_lane_reset(struct echo_bank *bank, int lane);
void echo_bank_run(struct echo_bank *bank, const int16_t *const *far, const int16_t *const *near, int16_t *const *out);
int echo_lane_statistics(const struct echo_bank *bank, int lane, struct echo_statistics *statistics);
