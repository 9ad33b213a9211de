/* Voice activity and beeps over lanes, as the plane and Python call them. A bare header: declarations only.
 *
 * Limits stand in voice_activity.h. Reports are tone_reports as of the other receivers: `value` is VOICE_ACTIVITY or
 * VOICE_BEEP, `level_tenth_dbm0` of VOICE_ACTIVITY that of the voice so far, of VOICE_BEEP that of the tone.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define VOICE_ACTIVITY 1
#define VOICE_BEEP 7

struct voice_bank;
struct tone_report;
size_t voice_bank_size(int lanes);
struct voice_bank *voice_bank_init(void *memory, int lanes);
/* A steady tone of this frequency is no beep: it belongs to the call progress receiver. 0 = none. */
void voice_bank_exclude(struct voice_bank *bank, uint32_t frequency_millihertz);
void voice_lane_reset(struct voice_bank *bank, int lane);
int voice_bank_run(struct voice_bank *bank, const int16_t *const *samples, struct tone_report *reports);
/* The frequency of the latest beep of a lane, and the lane's noise floor now. */
uint32_t voice_lane_beep_millihertz(const struct voice_bank *bank, int lane);
int voice_lane_floor_tenth_dbm0(const struct voice_bank *bank, int lane);
