/* Data signals and line tests as the plane and Python call them: FSK, test patterns, level meter. A bare header: declarations only.
 *
 * What each must meet stands in fsk.h, bert.h and level.h. Banks are like those of kernels_api.h: `samples[lane]` is the block of 80
 * samples of that lane, or null; each lane writes at most KERNEL_REPORTS_PER_LANE reports.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "kernels_api.h"

/* Modems. The last two are for receiving only: either modem of caller identity; the flags of channel 2 before a fax. */
#define FSK_V23 0
#define FSK_BELL202 1
#define FSK_V21_CHANNEL1 2
#define FSK_V21_CHANNEL2 3
#define FSK_CALLER_IDENTITY 4
#define FSK_V21_FLAGS 5
#define FSK_MODEMS 6
#define FSK_SENDING_MODEMS 4

/* What `edge` of a tone_report says besides TONE_BEGIN and TONE_END, which are those of the carrier (`value` is the modem). */
#define FSK_OCTET 3         /* `value` is the octet */
#define FSK_FRAMING_ERROR 4 /* an octet without its stop bit */
#define FSK_FLAGS_BEGIN 5
#define FSK_FLAGS_END 6

struct fsk_bank;
size_t fsk_bank_size(int lanes);
struct fsk_bank *fsk_bank_init(void *memory, int lanes, int modem);
void fsk_lane_reset(struct fsk_bank *bank, int lane, int modem);
int fsk_bank_run(struct fsk_bank *bank, const int16_t *const *samples, struct tone_report *reports);

/* Sender. Bits are sent in this order: `flags` HDLC flags (FSK_FLAGS_FOR_EVER = until stopped), `seizure_bits` alternately 0 and 1,
 * `mark_bits`, the octets with start and stop bit, least significant bit first, `mark_out_bits`. */
#define FSK_MESSAGE_OCTETS 512
#define FSK_FLAGS_FOR_EVER 0xffff

struct fsk_message {
  uint8_t modem;
  uint8_t spare;
  int16_t level_tenth_dbm0;
  uint16_t flags;
  uint16_t seizure_bits;
  uint16_t mark_bits;
  uint16_t mark_out_bits;
  uint16_t length;
  uint8_t octet[512];
};

struct fsk_sender {
  struct fsk_message message;
  uint32_t bit;       /* number of the bit now sent */
  uint32_t bit_phase; /* of 2^32 */
  uint32_t bit_step;
  uint32_t phase;
  uint32_t step[2]; /* of space and mark */
  uint32_t step_now;
  float amplitude;
  uint8_t sending;
};

int fsk_send_start(struct fsk_sender *sender, const struct fsk_message *message);
int fsk_send(struct fsk_sender *sender, int16_t *samples, int count);
uint64_t fsk_message_samples(const struct fsk_message *message);
/* First sample of a bit, counted from the first of the message. */
uint64_t fsk_bit_sample(int modem, uint32_t bit);

/* Test patterns over raw octets of a time slot, most significant bit first. */
#define BERT_2_9 0
#define BERT_2_11 1
#define BERT_2_15 2
#define BERT_2_23 3
#define BERT_PATTERNS 4

struct bert_sender {
  uint32_t bits; /* the last 32, the newest lowest */
  uint8_t pattern;
};

struct bert_receiver {
  uint64_t bits;   /* compared since the start */
  uint64_t errors; /* among them */
  uint32_t losses; /* of synchronisation */
  uint32_t reference;
  uint16_t run;           /* hunting: bits in a row as foretold */
  uint16_t window_octets; /* synchronised: of the present window */
  uint16_t window_errors;
  uint8_t pattern;
  uint8_t synchronised;
};

int bert_send_start(struct bert_sender *sender, int pattern);
void bert_send(struct bert_sender *sender, uint8_t *octets, size_t count);
int bert_receive_start(struct bert_receiver *receiver, int pattern);
void bert_receive(struct bert_receiver *receiver, const uint8_t *octets, size_t count);

/* Level meter. A lane reports once in `interval_ticks` ticks in which it heard something to measure. */
struct level_report {
  int32_t lane;
  int16_t rms_tenth_dbm0;
  int16_t peak_tenth_dbm0; /* of a sine of that peak */
};

struct level_bank;
size_t level_bank_size(int lanes);
struct level_bank *level_bank_init(void *memory, int lanes, int interval_ticks);
void level_lane_reset(struct level_bank *bank, int lane);
int level_bank_run(struct level_bank *bank, const int16_t *const *samples, struct level_report *reports);
