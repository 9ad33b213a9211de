#include "token_receiver.h"

#include "api.h"

static const struct {
  uint8_t receiver;
  int16_t minimum_tenth_dbm0;
  uint16_t operate; /* samples */
  uint16_t release;
} classes[] = {
    {PLANE_RECEIVE_MFC_FORWARD, -390, 216, 176},
    {PLANE_RECEIVE_MFC_BACKWARD, -390, 216, 176},
    {PLANE_RECEIVE_DTMF, -420, 320, 280},
    {PLANE_RECEIVE_PROGRESS, -350, 16000, 8000},
};

/* Index into `classes` of a code, -1 when no receiver is made for it. */
static int class_of(uint16_t code) {
  int number = (code >> 8) - (PLANE_CODE_MFC_FORWARD >> 8);
  return code < PLANE_CODE_MFC_FORWARD || number > 3 ? -1 : number;
}

static int listens(const struct token_receiver *receiver, uint16_t code, int level_tenth_dbm0) {
  int class = class_of(code);
  return class >= 0 && (receiver->receivers & classes[class].receiver) &&
         level_tenth_dbm0 >= classes[class].minimum_tenth_dbm0;
}

uint64_t token_receiver_due(const struct token_receiver *receiver) {
  return receiver->release < receiver->operate ? receiver->release : receiver->operate;
}

static void begin(struct token_receiver *receiver, uint64_t from) {
  receiver->operate = receiver->code != receiver->told && listens(receiver, receiver->code, receiver->level_tenth_dbm0)
                          ? from + classes[class_of(receiver->code)].operate
                          : TOKEN_RECEIVER_NEVER;
}

void token_receiver_change(struct token_receiver *receiver, uint16_t code, int level_tenth_dbm0, uint64_t sample) {
  if (code == receiver->code)
    return;
  if (receiver->told && receiver->code == receiver->told) {
    receiver->ended = sample;
    receiver->release = sample + classes[class_of(receiver->told)].release;
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
