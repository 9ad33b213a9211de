/* The lines of a wire span: what stands between its framer and its ports. The channel bank of analog lines with cut and wet ones
 * (channel_bank.h, wet_line.h), impairments of sound (impairment.h), both directions.
 *
 * Must meet: a span whose lines are whole pays for one comparison a tick and direction. Received sound comes from the framer, crosstalk
 * is taken from it as it came; sent sound is treated on its way to the framer. The order is: impairments, water, cut.
 */
#pragma once
#include "channel_bank.h"
#include "e1.h"
#include "impairment.h"
#include "wet_line.h"

#define WIRE_SAMPLES (E1_PORTS * E1_FRAMES) /* the most that a span has in a tick */

struct wire_tokens {
  uint16_t code[E1_PORTS];
  int16_t level_tenths_dbm0[E1_PORTS];
};

struct wire_lines {
  int ports; /* of the span */
  struct bank_line bank[E1_PORTS];
  struct impairment *impairment[2][E1_PORTS]; /* by direction; null = none */
  struct wet_line *wet[E1_PORTS];
  int measuring; /* ports whose measurement has still to be told */
  int treated;   /* cuts, wet lines, impairments */
  int mending;   /* token spans: ticks in which what a cut changed has still to be carried over */
  struct wire_tokens meant; /* token spans: what cut lines would say */
};

void wire_lines_start(struct wire_lines *lines, int ports);
void wire_lines_end(struct wire_lines *lines);
/* Treats what was received; `samples` are port-major. */
void wire_lines_hear(struct wire_lines *lines, uint8_t *samples);
/* What is to be sent: `samples`, or what is made of them in `room` (WIRE_SAMPLES). */
const uint8_t *wire_lines_say(struct wire_lines *lines, const uint8_t *samples, uint8_t *room);
/* Takes from tokens what cut lines do not carry; a line that is whole again takes up what `heard` and this end are saying. */
void wire_lines_hear_tokens(struct wire_lines *lines, const struct wire_tokens *heard, struct card_tokens *in);
void wire_lines_say_tokens(struct wire_lines *lines, const struct wire_tokens *said, struct card_tokens *out);
/* 1 when silence stays silence on every line. */
int wire_lines_quiet(const struct wire_lines *lines);
/* Sets impairments of one direction of a port, null = none; 0, or -1: out of bounds, no memory. */
int wire_lines_impair(struct wire_lines *lines, int port, int direction, const struct wire_impairments *settings, uint64_t seed);
/* Sets a quantity of a line, or its cut; 1 when that changed what stands on the line, -1: unknown, out of range. */
int wire_lines_set(struct wire_lines *lines, int port, int quantity, uint32_t value);
int wire_lines_wet(struct wire_lines *lines, int port, double wetness, uint64_t seed);
void change_token(struct card_tokens *tokens, int offset, int code, int level_tenths_dbm0);
