/* The channel bank at the end of a span of analog lines: what the bits of a circuit say of a line, and the metallic line
 * of a subscriber's port as the plant simulates it (wire.h).
 *
 * Must meet: one change of a bit is one event or one order; the code of the bits is ours, both idle 1111:
 *   towards the exchange   a = 0 loop closed; b = 0 ring wire grounded (ground start); c, d = 1
 *   towards the telephone  a = 0 ringing voltage on; b = 0 reversed polarity; c = 0 the line is not fed; d = 0 metering voltage on
 * A span of kind subscribers is the exchange's end of it, one of kind offices the other end as lines that lead to another
 * exchange, one of kind telephones the other end as bare bits. A line whose loop is cut is on-hook whatever the telephone does,
 * has no capacitance, and leaves the telephone without feed.
 */
#pragma once
#include "api.h"
#include <stdint.h>

#define BANK_IDLE 15
#define BANK_DRY_KOHM 10000

struct bank_signal {
  uint8_t bit;
  uint8_t event; /* CARD_EVENT_ that tells it, 0 = no more signals */
  uint8_t rest;  /* value of event and order while the bit is 1 */
};

struct bank_line {
  uint8_t ordered; /* abcd as orders want them */
  uint8_t cut;
  uint8_t leaks; /* water closes the loop */
  uint8_t measuring;
  uint8_t cut_heard, cut_said; /* token spans: the cut as the tokens of either direction know it */
  uint32_t value[CARD_LINE_QUANTITIES];
};

void bank_line_init(struct bank_line *line);
/* The signals that a span of this kind receives; null on a span of bare bits. The last one has the event 0. */
const struct bank_signal *bank_signals(int kind);
/* abcd as they stand at our end of the line. */
uint8_t bank_seen(const struct bank_line *line, uint8_t bits);
/* abcd to be sent. */
uint8_t bank_sent(const struct bank_line *line);
/* An order to ring, feed, close the loop ...: 0, or -1 = not on a span of this kind. */
int bank_order(struct bank_line *line, int kind, int order, uint32_t value);
/* What stands on the line of a span of any kind; `bits` as received. */
void bank_levels(const struct bank_line *line, int kind, uint8_t bits, struct card_levels *levels);
/* What a measurement of the line finds; `bits` as received. */
uint32_t bank_measured(const struct bank_line *line, int quantity, uint8_t bits);
/* Sets a quantity of the line, or the cut; 0, or -1: unknown, out of range. */
int bank_set(struct bank_line *line, int quantity, uint32_t value);
