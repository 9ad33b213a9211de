/* FSK sender: see fsk.h. */
#include <math.h>
#include <string.h>

#include "fsk.h"
#include "g711.h"
#include "processor.h"
#include "sine.h"
#include "tone.h"

#define SAMPLE_RATE_HZ 8000ull
#define OCTET_BITS 10
#define FLAG_BITS 8
#define FLAG 0x7e

static const uint16_t modems[FSK_SENDING_MODEMS][3] = {
    [FSK_V23] = {2100, 1300, 1200}, /* space, mark, bit/s */
    [FSK_BELL202] = {2200, 1200, 1200},
    [FSK_V21_CHANNEL1] = {1180, 980, 300},
    [FSK_V21_CHANNEL2] = {1850, 1650, 300},
};

static uint32_t part_of_turn(uint64_t frequency_hz) {
  return (uint32_t)(((frequency_hz << 32) + SAMPLE_RATE_HZ / 2) / SAMPLE_RATE_HZ);
}

static uint32_t message_bits(const struct fsk_message *message) {
  return (uint32_t)message->flags * FLAG_BITS + message->seizure_bits + message->mark_bits +
         (uint32_t)message->length * OCTET_BITS + message->mark_out_bits;
}

/* The bit of this number, -1 after the last. */
static int message_bit(const struct fsk_message *message, uint32_t number) {
  if (message->flags == FSK_FLAGS_FOR_EVER)
    return FLAG >> number % FLAG_BITS & 1;
  if (number < message->flags * (uint32_t)FLAG_BITS)
    return FLAG >> number % FLAG_BITS & 1;
  number -= message->flags * (uint32_t)FLAG_BITS;
  if (number < message->seizure_bits)
    return number & 1;
  number -= message->seizure_bits;
  if (number < message->mark_bits)
    return 1;
  number -= message->mark_bits;
  if (number < (uint32_t)message->length * OCTET_BITS)
    return (message->octet[number / OCTET_BITS] | 0x100) << 1 >> number % OCTET_BITS & 1;
  return number - (uint32_t)message->length * OCTET_BITS < message->mark_out_bits ? 1 : -1;
}

/* Returns 0, or -1 for a message that cannot be sent. */
int fsk_send_start(struct fsk_sender *sender, const struct fsk_message *message) {
  memset(sender, 0, sizeof *sender);
  if (message->modem >= FSK_SENDING_MODEMS || message->length > FSK_MESSAGE_OCTETS || message_bit(message, 0) < 0)
    return -1;
  int level = message->level_tenth_dbm0 > TONE_LEVEL_MAX ? TONE_LEVEL_MAX : message->level_tenth_dbm0;
  sender->message = *message;
  sender->amplitude = (float)(G711_PEAK_AT_0_DBM0 * pow(10.0, level / 200.0));
  sender->step[0] = part_of_turn(modems[message->modem][0]);
  sender->step[1] = part_of_turn(modems[message->modem][1]);
  sender->bit_step = part_of_turn(modems[message->modem][2]);
  sender->step_now = sender->step[message_bit(message, 0)];
  sender->sending = 1;
  return 0;
}

PROCESSOR_INLINE void sines_lanes(int16_t *samples, const uint32_t *phases, int count, float amplitude) {
  for (int i = 0; i < count; i++) {
    float value = amplitude * sine_of_half_turns((float)(int32_t)phases[i] * 0x1p-31f);
    value = value > 32767.0f ? 32767.0f : (value < -32768.0f ? -32768.0f : value);
    samples[i] = (int16_t)((int32_t)(value + 32768.5f) - 32768);
  }
}
PROCESSOR_VERSIONS(sines, (int16_t *samples, const uint32_t *phases, int count, float amplitude), (samples, phases, count, amplitude))

/* Phases of up to `count` samples; the sample in which a bit ends is turned in part by the next bit. */
static int turn(struct fsk_sender *sender, uint32_t *phases, int count) {
  int done = 0;
  while (done < count && sender->sending) {
    uint32_t before = sender->bit_phase;
    phases[done++] = sender->phase;
    sender->phase += sender->step_now;
    sender->bit_phase += sender->bit_step;
    if (sender->bit_phase >= before)
      continue;
    int bit = message_bit(&sender->message, ++sender->bit);
    if (bit < 0) {
      sender->sending = 0;
      break;
    }
    int64_t change = (int64_t)sender->step[bit] - sender->step_now;
    sender->phase += (uint32_t)(change * (int64_t)sender->bit_phase / (int64_t)sender->bit_step);
    sender->step_now = sender->step[bit];
  }
  return done;
}

/* Writes `count` samples, silence after the end of the message; returns how many of them belong to it. */
int fsk_send(struct fsk_sender *sender, int16_t *samples, int count) {
  uint32_t phases[KERNEL_BLOCK_SAMPLES];
  int done = 0;
  while (done < count && sender->sending) {
    int part = turn(sender, phases, count - done < KERNEL_BLOCK_SAMPLES ? count - done : KERNEL_BLOCK_SAMPLES);
    sines(samples + done, phases, part, sender->amplitude);
    done += part;
  }
  memset(samples + done, 0, (size_t)(count - done) * sizeof *samples);
  return done;
}

/* How many samples fsk_send will give; UINT64_MAX = no end. */
uint64_t fsk_message_samples(const struct fsk_message *message) {
  if (message->flags == FSK_FLAGS_FOR_EVER)
    return UINT64_MAX;
  if (message->modem >= FSK_SENDING_MODEMS)
    return 0;
  return fsk_bit_sample(message->modem, message_bits(message));
}

uint64_t fsk_bit_sample(int modem, uint32_t bit) {
  /* As the phase of the bits counts: the bit's step is rounded. */
  uint64_t step = part_of_turn(modems[modem][2]);
  return (((uint64_t)bit << 32) + step - 1) / step;
}
