/* Test patterns: see bert.h. */
#include "bert.h"

#include <string.h>

static const struct {
  uint8_t tap; /* the nearer of the two stages that feed back */
  uint8_t stages;
  uint8_t inverted; /* what each octet is combined with on the line */
} patterns[BERT_PATTERNS] = {
    [BERT_2_9] = {5, 9, 0}, [BERT_2_11] = {9, 11, 0}, [BERT_2_15] = {14, 15, 0xff}, [BERT_2_23] = {18, 23, 0xff}};

/* The bits that follow, four at a time: no stage that feeds back is nearer than five. */
static uint32_t follow(uint32_t bits, int pattern) {
  int tap = patterns[pattern].tap - 4, stages = patterns[pattern].stages - 4;
  return bits << 4 | ((bits >> tap ^ bits >> stages) & 0xf);
}

static uint32_t follow_octet(uint32_t bits, int pattern) { return follow(follow(bits, pattern), pattern); }

/* Whether the last bits are all noughts, which obey the rule of every pattern and occur in none. */
static int empty(uint32_t bits, int pattern) { return !(bits & ((1u << patterns[pattern].stages) - 1)); }

/* Returns 0, or -1 for no such pattern. */
int bert_send_start(struct bert_sender *sender, int pattern) {
  if (pattern < 0 || pattern >= BERT_PATTERNS)
    return -1;
  sender->bits = UINT32_MAX;
  sender->pattern = (uint8_t)pattern;
  return 0;
}

void bert_send(struct bert_sender *sender, uint8_t *octets, size_t count) {
  for (size_t n = 0; n < count; n++) {
    sender->bits = follow_octet(sender->bits, sender->pattern);
    octets[n] = (uint8_t)sender->bits ^ patterns[sender->pattern].inverted;
  }
}

/* Returns 0, or -1 for no such pattern. */
int bert_receive_start(struct bert_receiver *receiver, int pattern) {
  if (pattern < 0 || pattern >= BERT_PATTERNS)
    return -1;
  memset(receiver, 0, sizeof *receiver);
  receiver->pattern = (uint8_t)pattern;
  return 0;
}

/* The line's own bits foretell the next ones. */
static void hunt(struct bert_receiver *receiver, uint8_t octet) {
  uint32_t expected = follow_octet(receiver->reference, receiver->pattern);
  int good = (uint8_t)expected == octet && !empty(receiver->reference, receiver->pattern);
  receiver->reference = receiver->reference << 8 | octet;
  receiver->run = good ? (uint16_t)(receiver->run + 8) : 0;
  if (receiver->run >= BERT_RUN_BITS) {
    receiver->synchronised = 1;
    receiver->window_octets = receiver->window_errors = 0;
  }
}

/* The reference runs freely. */
static void compare(struct bert_receiver *receiver, uint8_t octet) {
  receiver->reference = follow_octet(receiver->reference, receiver->pattern);
  int wrong = __builtin_popcount((uint8_t)receiver->reference ^ octet);
  receiver->bits += 8;
  receiver->errors += (uint64_t)wrong;
  receiver->window_errors = (uint16_t)(receiver->window_errors + wrong);
  if (receiver->window_errors > BERT_WINDOW_ERRORS) {
    receiver->synchronised = 0;
    receiver->losses++;
    receiver->run = 0;
  } else if (++receiver->window_octets == BERT_WINDOW_OCTETS) {
    receiver->window_octets = receiver->window_errors = 0;
  }
}

void bert_receive(struct bert_receiver *receiver, const uint8_t *octets, size_t count) {
  for (size_t n = 0; n < count; n++) {
    uint8_t octet = octets[n] ^ patterns[receiver->pattern].inverted;
    if (receiver->synchronised)
      compare(receiver, octet);
    else
      hunt(receiver, octet);
  }
}
