/* First stage of all tone receivers: sums of sound times sines, 16 lanes at a time.
 *
 * Limits: every sum is exact (integers, no rounding), so that all processors agree to the bit; a window is a whole
 * number of pairs of samples, at most 136 (17 ms), and ends with the newest sample. What a window shows of a frequency
 * is the receivers' business (dtmf.h, mf_r2.h, call_progress.h, fax_tone.h).
 *
 * Layout. A group is 16 lanes. Its sound stands as pairs of samples, a pair of all 16 lanes in one row, because that is
 * what one multiply-and-add instruction takes. A window is folded in the middle first: its even part has only cosines,
 * its odd part only sines, which halves the work. Samples lose their three lowest bits (constant in A-law), which
 * keeps the sums within 32 bits.
 */
#pragma once
#include "kernels_api.h"

#define GROUP_LANES 16
#define GROUP_PAIRS 68       /* the longest window */
#define GROUP_BLOCK_PAIRS 40 /* KERNEL_BLOCK_SAMPLES / 2 */
#define GROUP_ROWS (GROUP_PAIRS + 2 * GROUP_BLOCK_PAIRS)
#define GROUP_SHIFT 3
#define GROUP_COLUMNS_MAX 24
#define GROUP_ENERGIES 3 /* of samples 0..23, 24..55 and 56..79 of a block */
/* Mean square of a sine of 0 dBm0 on the scale of the group's samples. */
#define GROUP_POWER_AT_0_DBM0 (G711_POWER_AT_0_DBM0 / 64.0)

struct group_sound {
  _Alignas(64) int32_t pair[GROUP_ROWS][GROUP_LANES]; /* earlier sample in the low half */
  int32_t rows; /* of the pairs up to the newest one; when there is no room behind them they are moved to the front */
  int32_t spare[15];
};

/* Takes one block of every lane in, and the energy of its three parts. */
void correlate_take(struct group_sound *sound, const int16_t *const samples[GROUP_LANES],
                    int32_t energy[GROUP_ENERGIES][GROUP_LANES]);
/* The newest 4 * rows samples times a folded table: row r of it holds `columns` pairs of coefficients for the samples
 * 2 r and 2 r + 1 after the middle; first the columns of cosines, then as many of sines. `columns` is 4, 8, 12, 16, 18
 * or 24. */
void correlate_fold(const struct group_sound *sound, int rows, const int32_t *table, int columns,
                    int32_t products[][GROUP_LANES]);
