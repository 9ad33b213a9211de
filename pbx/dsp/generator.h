/* What one port itself says: a tone or cadence, DTMF digits in a row, octets of a modem, or a prompt.
 *
 * Limits: every change happens at its exact sample (Q.454, Q.23 and the tone plan give the lengths); up to
 * GENERATOR_DIGITS digits wait; a new tone, row of digits, message or prompt takes the place of what was said before. The same
 * state machine serves sound and tokens: `code` is what a token span carries, `generator_render` makes the sound of
 * it. `due` is when `generator_expire` is wanted.
 */
#pragma once
#include <stdint.h>

#include "data_api.h"
#include "kernels_api.h"

#define GENERATOR_DIGITS 64
#define GENERATOR_NEVER UINT64_MAX

enum generator_mode { GENERATOR_QUIET, GENERATOR_TONE, GENERATOR_DIGIT_ON, GENERATOR_DIGIT_OFF, GENERATOR_PROMPT, GENERATOR_OCTETS };

#define GENERATOR_PLAYED 1
#define GENERATOR_SENT 2

struct generator_digit {
  uint16_t code;
  uint16_t on_ms;
  uint16_t off_ms;
};

struct generator {
  uint8_t mode;
  uint8_t loop;
  uint8_t digits;
  uint8_t first_digit;
  uint16_t code; /* now on the line, 0 = silence */
  int16_t level_tenth_dbm0;
  uint32_t token; /* of the prompt */
  uint64_t due;
  const uint8_t *prompt;
  uint32_t prompt_length;
  uint32_t prompt_position;
  struct generator_digit digit[GENERATOR_DIGITS];
  struct tone_generator tone;
  struct fsk_message message; /* the one to be; that under way is the sender's */
  struct fsk_sender sender;
  uint64_t begun;      /* first sample of the message under way */
  uint32_t octet_step; /* how often its token has changed */
};

struct arena_tones;

/* Each returns 0, or -1 for an unknown code or when no room is left. */
int generator_tone(struct generator *generator, const struct arena_tones *tones, uint32_t code, uint32_t samples,
                   uint64_t now);
int generator_digit(struct generator *generator, const struct arena_tones *tones, struct generator_digit digit,
                    uint64_t now);
void generator_prompt(struct generator *generator, uint32_t index, const uint8_t *sound, uint32_t length, int loop,
                      uint32_t token, uint64_t now);
/* Keeps four octets of the message to be; sends it, whose other parts are given. */
int generator_load(struct generator *generator, uint32_t octets, uint32_t place);
int generator_octets(struct generator *generator, const struct fsk_message *parts, uint64_t now);
void generator_silence(struct generator *generator);
/* `due` has come. Returns GENERATOR_PLAYED or GENERATOR_SENT when a prompt or a message has ended of itself, else 0. */
int generator_expire(struct generator *generator, const struct arena_tones *tones);
/* Writes the next `count` samples. */
void generator_render(struct generator *generator, int16_t *samples, uint32_t count);
