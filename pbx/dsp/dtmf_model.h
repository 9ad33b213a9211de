/* Two steady sines (and, if asked, a third: dial tone) as seen through the windows of the DTMF receiver.
 *
 * The sums of a window at the nominal frequencies are linear in the amplitudes of the sines that are there, and because
 * time is counted from the middle of the window cosines and sines do not mix: two small systems of equations give both
 * amplitudes without leakage from one into the other. The phases of two windows a tick apart give the true
 * frequencies (+-50 Hz about the nominal one), with which the equations are solved again. On 23 ms at 20 dB S/N
 * the frequencies come out within about 1 Hz, edges within about 4 samples.
 */
#pragma once
#include "dtmf.h"

/* Squared amplitude of one sine of the model. */
float dtmf_model_size(const struct dtmf_model *model, int tone);
/* Takes the nominal frequencies of a digit, and with three tones dial tone's. */
void dtmf_model_nominal(struct dtmf_model *model, int digit, int tones);
/* Frequencies and amplitudes from the windows of ticks `first` to `last` (at least two), which the sines fill. */
void dtmf_model_fit(struct dtmf_model *model, const struct dtmf_group *group, int lane, int digit, int tones,
                    int64_t first, int64_t last);
/* Amplitudes from the window of one tick; the frequencies of the model stand. */
void dtmf_model_at(struct dtmf_model *model, const struct dtmf_group *group, int lane, int64_t tick);
/* Mean square of what the model leaves unexplained, over the windows of ticks `first` to `last`. */
float dtmf_model_rest(const struct dtmf_model *model, const struct dtmf_group *group, int lane, int64_t first,
                      int64_t last);
/* The third sine alone in the window of an earlier tick, as a share of what it would be there if it stood all the time:
 * 1 for dial tone, anything for a voice, whose partials wander. */
float dtmf_model_dial_tone(const struct dtmf_model *model, const struct dtmf_group *group, int lane, int64_t tick);
/* How much of the window of a tick the sines of the model fill, if they go on in step: 0 to 1. */
float dtmf_model_share(const struct dtmf_model *model, const struct dtmf_group *group, int lane, int64_t tick);
