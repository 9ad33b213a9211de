#include "token_receiver.h"

#include "api.h"

#define SAMPLES_A_MS 8u
#define CADENCE_TOLERANCE_MS 30u

enum { CLASS_FORWARD, CLASS_BACKWARD, CLASS_DTMF, CLASS_PROGRESS, CLASS_BEEP, CLASS_VOICE, CLASS_CNG, CLASS_CED, CLASS_FLAGS, CLASS_ALERT,
       CLASS_CONTINUITY };

/* Measured on the kernels: the mean time from the first sample to the report, less the half tick that both share. */
static const struct {
  uint8_t receiver;
  int16_t minimum_tenth_dbm0;
  struct token_timing timing;
} classes[] = {
    {PLANE_RECEIVE_MFC_FORWARD, -390, {158, 118}},
    {PLANE_RECEIVE_MFC_BACKWARD, -390, {158, 118}},
    {PLANE_RECEIVE_DTMF, -420, {239, 280}},
    {PLANE_RECEIVE_PROGRESS, -350, {0, 0}},
    {PLANE_RECEIVE_VOICE, -330, {900, 160}},
    {PLANE_RECEIVE_VOICE, -420, {400, 1600}},
    {PLANE_RECEIVE_FAX, -430, {3200, 160}},
    {PLANE_RECEIVE_FAX, -430, {4160, 160}},
    {PLANE_RECEIVE_FAX, -430, {950, 500}},
    {PLANE_RECEIVE_CALLER_IDENTITY, -370, {440, 40}},
    {PLANE_RECEIVE_CONTINUITY, -200, {320, 200}},
};

static uint32_t tolerance_ms(uint32_t nominal_ms) {
  uint32_t share = nominal_ms * 15 / 100;
  return share > CADENCE_TOLERANCE_MS ? share : CADENCE_TOLERANCE_MS;
}

/* As call_progress.h says: a cadence is told after the parts that must match and ended when its pause has been too
 * long; a continuous tone is told when it has been on for longer than any part of the others. */
void token_timing_load(struct token_timing *timing, const struct arena_tones *tones) {
  uint32_t longest_ms = 0;
  for (uint32_t n = 0; n < PLANE_PROGRESS_TONES; n++)
    timing[n] = (struct token_timing){0, 0};
  const struct progress_plan *plan = &tones->recognised;
  for (uint32_t n = 0; n < plan->tones; n++)
    for (int k = 0; k < plan->tone[n].segments && k < PROGRESS_SEGMENTS_MAX; k++)
      if (plan->tone[n].on_ms[k] > longest_ms)
        longest_ms = plan->tone[n].on_ms[k];
  for (uint32_t n = 0; n < plan->tones; n++) {
    const struct progress_tone *tone = &plan->tone[n];
    uint32_t operate_ms = 0, pause_ms = 0, code = tones->recognised_code[n] & 0xff;
    for (int part = 0; tone->segments && part < tone->needed; part++)
      operate_ms += part & 1 ? tone->off_ms[part / 2 % tone->segments] : tone->on_ms[part / 2 % tone->segments];
    for (int k = 0; k < tone->segments && k < PROGRESS_SEGMENTS_MAX; k++)
      if (tone->off_ms[k] > pause_ms)
        pause_ms = tone->off_ms[k];
    if (!tone->segments)
      operate_ms = longest_ms + tolerance_ms(longest_ms) + 2 * CADENCE_TOLERANCE_MS;
    if (code < PLANE_PROGRESS_TONES)
      timing[code] = (struct token_timing){
          .operate = (operate_ms + 10) * SAMPLES_A_MS,
          .release = tone->segments ? (pause_ms + tolerance_ms(pause_ms)) * SAMPLES_A_MS : 10 * SAMPLES_A_MS};
  }
}

/* Index into `classes` of a code, -1 when no receiver is made for it. */
static int class_of(uint16_t code) {
  if (code == PLANE_CODE_PROMPT)
    return CLASS_VOICE;
  if (code == PLANE_CODE_BEEP || code == PLANE_CODE_MILLIWATT)
    return CLASS_BEEP;
  if (code == PLANE_CODE_ALERT)
    return CLASS_ALERT;
  if (code == PLANE_CODE_CONTINUITY)
    return CLASS_CONTINUITY;
  if (code == PLANE_CODE_V21_FLAGS)
    return CLASS_FLAGS;
  if (code >= PLANE_CODE_SPECIAL && code <= PLANE_CODE_SPECIAL + FAX_ANSAM_REVERSALS)
    return code == PLANE_CODE_SPECIAL + FAX_CNG ? CLASS_CNG : CLASS_CED;
  int number = (code >> 8) - (PLANE_CODE_MFC_FORWARD >> 8);
  return code < PLANE_CODE_MFC_FORWARD || number > CLASS_PROGRESS ? -1 : number;
}

static struct token_timing timing_of(const struct token_receiver *receiver, uint16_t code) {
  int class = class_of(code);
  if (class != CLASS_PROGRESS)
    return classes[class].timing;
  return (code & 0xff) < PLANE_PROGRESS_TONES ? receiver->progress[code & 0xff] : (struct token_timing){0, 0};
}

static int listens(const struct token_receiver *receiver, uint16_t code, int level_tenth_dbm0) {
  int class = class_of(code);
  return class >= 0 && (receiver->receivers & classes[class].receiver) &&
         level_tenth_dbm0 >= classes[class].minimum_tenth_dbm0 && timing_of(receiver, code).operate;
}

uint64_t token_receiver_due(const struct token_receiver *receiver) {
  return receiver->release < receiver->operate ? receiver->release : receiver->operate;
}

static void begin(struct token_receiver *receiver, uint64_t from) {
  receiver->operate = receiver->code != receiver->told && listens(receiver, receiver->code, receiver->level_tenth_dbm0)
                          ? from + timing_of(receiver, receiver->code).operate
                          : TOKEN_RECEIVER_NEVER;
}

void token_receiver_change(struct token_receiver *receiver, uint16_t code, int level_tenth_dbm0, uint64_t sample) {
  /* One prompt behind another is one voice. */
  code = code > PLANE_CODE_PROMPT ? PLANE_CODE_PROMPT : code;
  if (code == receiver->code)
    return;
  if (receiver->told && receiver->code == receiver->told) {
    receiver->ended = sample;
    receiver->release = sample + timing_of(receiver, receiver->told).release;
  } else if (code == receiver->told) {
    receiver->release = TOKEN_RECEIVER_NEVER;
  }
  receiver->code = code;
  receiver->level_tenth_dbm0 = (int16_t)level_tenth_dbm0;
  receiver->since = sample;
  begin(receiver, sample);
}

void token_receiver_listen(struct token_receiver *receiver, uint8_t receivers, uint64_t now) {
  uint8_t added = receivers & (uint8_t)~receiver->receivers;
  receiver->receivers = receivers;
  if (receiver->told && !(classes[class_of(receiver->told)].receiver & receivers)) {
    receiver->told = 0;
    receiver->release = TOKEN_RECEIVER_NEVER;
  }
  int class = class_of(receiver->code);
  if (class >= 0 && (classes[class].receiver & added))
    begin(receiver, now);
  else if (class >= 0 && !(classes[class].receiver & receivers))
    receiver->operate = TOKEN_RECEIVER_NEVER;
}

int token_receiver_expire(struct token_receiver *receiver, uint16_t *code, uint64_t *sample) {
  if (receiver->told && (receiver->release <= receiver->operate || receiver->release != TOKEN_RECEIVER_NEVER)) {
    *code = receiver->told;
    *sample = receiver->ended;
    receiver->told = 0;
    receiver->release = TOKEN_RECEIVER_NEVER;
    return 2;
  }
  *code = receiver->told = receiver->code;
  *sample = receiver->since;
  receiver->operate = TOKEN_RECEIVER_NEVER;
  return 1;
}
