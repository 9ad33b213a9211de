/* The kernels of the media plane, as the plane and Python call them. A bare header: declarations only.
 *
 * What each kernel must meet, and the Recommendation that says so, stands at the head of its own header
 * (g711.h, tone.h, tone_bank.h, dtmf.h, mf_r2.h, call_progress.h, fax_tone.h).
 *
 * Samples are linear int16 at 8 kHz on the scale of g711.h: full scale is +3.14 dBm0. Levels are in tenths of
 * a dBm0. Every receiver is a bank over lanes: `samples[lane]` points to the block of 80 samples which that lane
 * hears in this tick, or is null for silence. A bank lives in memory the caller gives, aligned to 64 octets, and holds no
 * pointer into itself, so it may be shared or moved.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define KERNEL_BLOCK_SAMPLES 80
#define KERNEL_REPORTS_PER_LANE 4 /* in one run, of a receiver that does not say otherwise */

/* Instructions that kernels use: the best of the machine, or less by processor_limit (tests and benchmarks only). Both
 * return the level in use. */
#define PROCESSOR_PLAIN 0
#define PROCESSOR_AVX2 1   /* x86-64-v3 */
#define PROCESSOR_AVX512 2 /* x86-64-v4 with VNNI and VBMI */
int processor_level(void);
int processor_limit(int level);

/* G.711. */
void g711_alaw_decode(const uint8_t *octets, int16_t *samples, size_t count);
void g711_alaw_encode(const int16_t *samples, uint8_t *octets, size_t count);
void g711_ulaw_decode(const uint8_t *octets, int16_t *samples, size_t count);
void g711_ulaw_encode(const int16_t *samples, uint8_t *octets, size_t count);
int g711_level_tenth_dbm0(const int16_t *samples, size_t count);

/* Tone generator of one port. Segments are played in order; after the last one the plan goes on from segment
 * `repeat_from` until the part from there has been played `passes` times (0 = for ever). */
#define TONE_SEGMENTS_MAX 8
#define TONE_FOR_EVER 0xffffffff

struct tone_segment {
  uint32_t frequency_millihertz[2]; /* 0 = this frequency is not sent */
  int16_t level_tenth_dbm0[2];      /* of each frequency; held to +3 dBm0 */
  uint32_t on_samples;              /* TONE_FOR_EVER = until stopped */
  uint32_t off_samples;
  uint32_t modulation_millihertz;   /* the amplitude swings at this frequency; 0 = it does not */
  uint16_t modulation_percent;      /* by how much, 0..100 */
  uint16_t reversal_samples;        /* the phase is reversed each time so many samples have sounded; 0 = never */
};

struct tone_plan {
  uint8_t segments; /* 1..TONE_SEGMENTS_MAX; 0 = silence at once finished */
  uint8_t repeat_from;
  uint16_t passes;
  struct tone_segment segment[8];
};

struct tone_generator {
  struct tone_plan plan;
  uint32_t phase[3]; /* the third is that of the modulation */
  uint32_t step[3];
  float amplitude[2];
  float depth;           /* of the modulation */
  uint32_t left_samples; /* of the present on or off part */
  uint32_t reversal_left_samples;
  uint32_t passes_left;
  uint8_t segment;
  uint8_t sounding;
  uint8_t playing; /* 0 once the plan has ended */
  uint8_t spare;
};

void tone_start(struct tone_generator *generator, const struct tone_plan *plan);
void tone_stop(struct tone_generator *generator);
int tone_generate(struct tone_generator *generator, int16_t *samples, int count);
int tone_plan_dtmf(struct tone_plan *plan, int digit, int low_tenth_dbm0, int high_tenth_dbm0, uint32_t on_samples,
                   uint32_t off_samples);
int tone_plan_mfc(struct tone_plan *plan, int forward, int signal, int level_tenth_dbm0, uint32_t on_samples,
                  uint32_t off_samples);

/* Signals of fax, modems, answering machines and circuit checks, by their place in SPECIAL_TONES of pbx/vocabulary/tones.py. */
#define TONE_CNG 0
#define TONE_CED 1
#define TONE_ANS_REVERSALS 2
#define TONE_ANSAM 3
#define TONE_ANSAM_REVERSALS 4
#define TONE_V21_FLAGS 5
#define TONE_DUAL_TONE_ALERT 6
#define TONE_BEEP 7
#define TONE_CONTINUITY 8
#define TONE_SPECIALS 9
int tone_plan_special(struct tone_plan *plan, int special, int level_tenth_dbm0);

/* What a receiver reports. `offset_samples` counts from the first sample of the block just given; it is negative when
 * the edge lies in an earlier block, as it mostly does. */
#define TONE_BEGIN 1
#define TONE_END 2

struct tone_report {
  int32_t lane;
  int32_t offset_samples;
  int16_t level_tenth_dbm0; /* of all its frequencies together */
  uint8_t edge;             /* TONE_BEGIN or TONE_END */
  uint8_t receiver;         /* TONE_ */
  uint8_t value; /* DTMF: the character; MFC: signal 1..15; call progress: index of the tone; fax and modem tones: FAX_ */
  uint8_t spare[3];
};

/* The receivers of tones, one bit each. A bank has those it is made with; a lane listens with some of them. */
#define TONE_DTMF 1
#define TONE_MFC_FORWARD 2
#define TONE_MFC_BACKWARD 4
#define TONE_PROGRESS 8
#define TONE_FAX 16
#define TONE_RECEIVERS 31
#define TONE_REPORTS_PER_LANE 16 /* in one run */

/* Call progress tones: up to PROGRESS_FREQUENCIES_MAX frequencies of the network, and its tones told apart by which of
 * them sound when. */
#define PROGRESS_FREQUENCIES_MAX 8
#define PROGRESS_SEGMENTS_MAX 4
#define PROGRESS_TONES_MAX 32

struct progress_tone {
  uint8_t segments; /* 0 = continuous */
  uint8_t needed;   /* parts (on and off) that must match before the tone is reported */
  uint8_t frequencies[4]; /* of each segment, a bit for each of the plan's; of a continuous tone the first */
  uint16_t on_ms[4];
  uint16_t off_ms[4]; /* 0 = the next segment follows at once */
};

struct progress_plan {
  uint32_t frequencies;
  uint32_t tones;
  uint32_t frequency_millihertz[8];
  struct progress_tone tone[32];
};

/* Values of TONE_FAX: fax calling tone and the answer tones of fax and modems (V.25, V.8). */
#define FAX_CNG 0
#define FAX_CED 1
#define FAX_ANS_REVERSALS 2
#define FAX_ANSAM 3
#define FAX_ANSAM_REVERSALS 4

/* All tone receivers over lanes. Each run writes at most TONE_REPORTS_PER_LANE reports a lane and returns their number;
 * those of one lane and receiver come in order of time. A lane begins anew with the receivers it did not listen with. */
struct tone_bank;
size_t tone_bank_size(int lanes, int receivers);
struct tone_bank *tone_bank_init(void *memory, int lanes, int receivers);
void tone_bank_set_minimum(struct tone_bank *bank, int dtmf_tenth_dbm0);
void tone_bank_set_progress(struct tone_bank *bank, const struct progress_plan *plan);
void tone_lane_listen(struct tone_bank *bank, int lane, int receivers);
int tone_bank_run(struct tone_bank *bank, const int16_t *const *samples, struct tone_report *reports);
