#include "generator.h"

#include <string.h>

#include "arena.h"
#include "check_tone.h"

#define SAMPLES_A_MS 8u

/* Length in samples of a whole plan, TONE_FOR_EVER when it never ends. */
static uint64_t plan_samples(const struct tone_plan *plan) {
  uint64_t once = 0, again = 0;
  for (int n = 0; n < plan->segments; n++) {
    const struct tone_segment *segment = &plan->segment[n];
    if (segment->on_samples == TONE_FOR_EVER || segment->off_samples == TONE_FOR_EVER)
      return TONE_FOR_EVER;
    once += (uint64_t)segment->on_samples + segment->off_samples;
    if (n >= plan->repeat_from)
      again += (uint64_t)segment->on_samples + segment->off_samples;
  }
  return plan->segments && !plan->passes ? TONE_FOR_EVER : once + (plan->passes ? plan->passes - 1u : 0) * again;
}

/* The plan of a code, and the level that a token of it carries. */
static int plan_of(struct tone_plan *plan, const struct arena_tones *tones, uint32_t code, uint32_t on, uint32_t off) {
  uint32_t kind = code & 0xf00, value = code & 0xff;
  if (code >= PLANE_CODE_PROMPT)
    return -1;
  if (kind == PLANE_CODE_MFC_FORWARD)
    return tone_plan_mfc(plan, 1, (int)value, tones->mfc_forward, on, off);
  if (kind == PLANE_CODE_MFC_BACKWARD)
    return tone_plan_mfc(plan, 0, (int)value, tones->mfc_backward, on, off);
  if (kind == PLANE_CODE_DTMF)
    return tone_plan_dtmf(plan, (int)value, tones->dtmf_low, tones->dtmf_high, on, off);
  if (kind == PLANE_CODE_SPECIAL)
    return tone_plan_special(plan, (int)value, value == TONE_CONTINUITY ? CHECK_TONE_SENT_TENTH_DBM0 : tones->special);
  if (kind != PLANE_CODE_PROGRESS || value >= PLANE_PROGRESS_TONES || !tones->plan[value].segments)
    return -1;
  *plan = tones->plan[value];
  return 0;
}

static void sound(struct generator *generator, const struct tone_plan *plan, uint32_t code) {
  tone_start(&generator->tone, plan);
  generator->code = (uint16_t)code;
  generator->level_tenth_dbm0 = plan->segment[0].level_tenth_dbm0[0];
}

/* The flags before a fax: the only special signal that no plan of tones makes. */
static int flags(struct generator *generator, const struct arena_tones *tones, uint32_t samples, uint64_t now) {
  struct fsk_message message = {
      .modem = FSK_V21_CHANNEL2, .level_tenth_dbm0 = tones->special, .flags = FSK_FLAGS_FOR_EVER};
  fsk_send_start(&generator->sender, &message);
  generator->code = PLANE_CODE_SPECIAL | TONE_V21_FLAGS;
  generator->level_tenth_dbm0 = tones->special;
  generator->mode = GENERATOR_OCTETS;
  generator->due = samples ? now + samples : GENERATOR_NEVER;
  return 0;
}

int generator_tone(struct generator *generator, const struct arena_tones *tones, uint32_t code, uint32_t samples,
                   uint64_t now) {
  struct tone_plan plan;
  generator_silence(generator);
  if (code == (PLANE_CODE_SPECIAL | TONE_V21_FLAGS))
    return flags(generator, tones, samples, now);
  if (plan_of(&plan, tones, code, TONE_FOR_EVER, 0))
    return -1;
  uint64_t length = plan_samples(&plan);
  if (samples && samples < length)
    length = samples;
  sound(generator, &plan, code);
  generator->mode = GENERATOR_TONE;
  generator->due = length == TONE_FOR_EVER ? GENERATOR_NEVER : now + length;
  return 0;
}

static void next_digit(struct generator *generator, const struct arena_tones *tones, uint64_t now) {
  while (generator->digits) {
    struct generator_digit digit = generator->digit[generator->first_digit];
    struct tone_plan plan;
    if (!plan_of(&plan, tones, digit.code, digit.on_ms * SAMPLES_A_MS, digit.off_ms * SAMPLES_A_MS)) {
      sound(generator, &plan, digit.code);
      generator->mode = GENERATOR_DIGIT_ON;
      generator->due = now + digit.on_ms * SAMPLES_A_MS;
      return;
    }
    generator->first_digit = (uint8_t)((generator->first_digit + 1) % GENERATOR_DIGITS);
    generator->digits--;
  }
  generator_silence(generator);
}

int generator_digit(struct generator *generator, const struct arena_tones *tones, struct generator_digit digit,
                    uint64_t now) {
  struct tone_plan plan;
  if (generator->digits == GENERATOR_DIGITS || (digit.code & 0xf00) != PLANE_CODE_DTMF || !digit.on_ms ||
      plan_of(&plan, tones, digit.code, 1, 0))
    return -1;
  int waiting = generator->mode == GENERATOR_DIGIT_ON || generator->mode == GENERATOR_DIGIT_OFF;
  if (!waiting)
    generator_silence(generator);
  generator->digit[(generator->first_digit + generator->digits) % GENERATOR_DIGITS] = digit;
  generator->digits++;
  if (!waiting)
    next_digit(generator, tones, now);
  return 0;
}

void generator_prompt(struct generator *generator, uint32_t index, const uint8_t *sound, uint32_t length, int loop,
                      uint32_t token, uint64_t now) {
  generator_silence(generator);
  generator->mode = GENERATOR_PROMPT;
  generator->code = (uint16_t)(PLANE_CODE_PROMPT + index);
  generator->level_tenth_dbm0 = -150;
  generator->prompt = sound;
  generator->prompt_length = length;
  generator->prompt_position = 0;
  generator->loop = (uint8_t)(loop && length);
  generator->token = token;
  generator->due = generator->loop ? GENERATOR_NEVER : now + length;
}

int generator_load(struct generator *generator, uint32_t octets, uint32_t place) {
  if (place > FSK_MESSAGE_OCTETS - sizeof octets)
    return -1;
  for (uint32_t n = 0; n < sizeof octets; n++)
    generator->message.octet[place + n] = (uint8_t)(octets >> 8 * n);
  return 0;
}

/* When the token of a message changes next: with each start bit and each stop bit, and at the end. */
static void octet_due(struct generator *generator) {
  const struct fsk_message *message = &generator->sender.message;
  uint32_t octet = generator->octet_step / 2, before = (uint32_t)message->seizure_bits + message->mark_bits;
  generator->due = generator->begun + (octet < message->length
                                           ? fsk_bit_sample(message->modem, before + 10 * octet + 9 * (generator->octet_step & 1))
                                           : fsk_message_samples(message));
}

int generator_octets(struct generator *generator, const struct fsk_message *parts, uint64_t now) {
  struct fsk_message *message = &generator->message;
  message->modem = parts->modem;
  message->level_tenth_dbm0 = parts->level_tenth_dbm0;
  message->seizure_bits = parts->seizure_bits;
  message->mark_bits = parts->mark_bits;
  message->mark_out_bits = parts->mark_out_bits;
  message->length = parts->length;
  generator_silence(generator);
  if (fsk_send_start(&generator->sender, message))
    return -1;
  generator->mode = GENERATOR_OCTETS;
  generator->code = PLANE_CODE_CARRIER;
  generator->level_tenth_dbm0 = message->level_tenth_dbm0;
  generator->begun = now;
  generator->octet_step = 0;
  octet_due(generator);
  return 0;
}

/* The next part of a message; 1 when there is none. */
static int next_octet(struct generator *generator) {
  const struct fsk_message *message = &generator->sender.message;
  uint32_t octet = generator->octet_step / 2;
  if (octet >= message->length)
    return 1;
  generator->code = generator->octet_step & 1 ? PLANE_CODE_CARRIER : PLANE_CODE_OCTET | message->octet[octet];
  generator->octet_step++;
  octet_due(generator);
  return 0;
}

void generator_silence(struct generator *generator) {
  generator->mode = GENERATOR_QUIET;
  generator->code = 0;
  generator->digits = 0;
  generator->due = GENERATOR_NEVER;
}

int generator_expire(struct generator *generator, const struct arena_tones *tones) {
  uint64_t now = generator->due;
  int ended = 0;
  if (generator->mode == GENERATOR_DIGIT_ON) {
    generator->mode = GENERATOR_DIGIT_OFF;
    generator->code = 0;
    generator->due = now + generator->digit[generator->first_digit].off_ms * SAMPLES_A_MS;
  } else if (generator->mode == GENERATOR_DIGIT_OFF) {
    generator->first_digit = (uint8_t)((generator->first_digit + 1) % GENERATOR_DIGITS);
    generator->digits--;
    next_digit(generator, tones, now);
  } else if (generator->mode != GENERATOR_OCTETS || generator->sender.message.flags || next_octet(generator)) {
    ended = generator->mode == GENERATOR_PROMPT                                                ? GENERATOR_PLAYED
            : generator->mode == GENERATOR_OCTETS && !generator->sender.message.flags ? GENERATOR_SENT
                                                                                       : 0;
    generator_silence(generator);
  }
  return ended;
}

static void render_prompt(struct generator *generator, int16_t *samples, uint32_t count) {
  while (count) {
    uint32_t left = generator->prompt_length - generator->prompt_position;
    if (!left && generator->loop) {
      generator->prompt_position = 0;
      continue;
    }
    uint32_t part = left < count ? left : count;
    if (!part) {
      memset(samples, 0, count * sizeof *samples);
      return;
    }
    g711_alaw_decode(generator->prompt + generator->prompt_position, samples, part);
    generator->prompt_position += part;
    samples += part;
    count -= part;
  }
}

void generator_render(struct generator *generator, int16_t *samples, uint32_t count) {
  if (generator->mode == GENERATOR_PROMPT)
    render_prompt(generator, samples, count);
  else if (generator->mode == GENERATOR_OCTETS)
    fsk_send(&generator->sender, samples, (int)count);
  else if (generator->mode == GENERATOR_QUIET)
    memset(samples, 0, count * sizeof *samples);
  else
    tone_generate(&generator->tone, samples, (int)count);
}
