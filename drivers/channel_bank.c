#include "channel_bank.h"

#define BIT_A 8
#define BIT_B 4
#define BIT_C 2
#define BIT_D 1
#define NOT_FED (BANK_IDLE & ~BIT_C)
#define OPEN_OHM 65535
#define MOST 0xffffffu /* that an event can tell */

static const struct bank_signal from_telephones[] = {
    {BIT_A, CARD_EVENT_HOOK, 0}, {BIT_B, CARD_EVENT_GROUND, 0}, {0, 0, 0}};
static const struct bank_signal from_exchange[] = {{BIT_A, CARD_EVENT_RINGING, 0},
                                                   {BIT_B, CARD_EVENT_POLARITY, 0},
                                                   {BIT_C, CARD_EVENT_BATTERY, 1},
                                                   {BIT_D, CARD_EVENT_METERING, 0},
                                                   {0, 0, 0}};
static const struct {
  uint8_t kind, order, bit, rest;
} orders[] = {
    {WIRE_SUBSCRIBERS, CARD_ORDER_RING, BIT_A, 0},     {WIRE_SUBSCRIBERS, CARD_ORDER_POLARITY, BIT_B, 0},
    {WIRE_SUBSCRIBERS, CARD_ORDER_FEED, BIT_C, 1},     {WIRE_SUBSCRIBERS, CARD_ORDER_METERING, BIT_D, 0},
    {WIRE_OFFICES, CARD_ORDER_LOOP, BIT_A, 0},         {WIRE_OFFICES, CARD_ORDER_GROUND, BIT_B, 0},
};

/* A healthy line: its loop, a bell of one microfarad, and dry wires. */
void bank_line_init(struct bank_line *line) {
  *line = (struct bank_line){.ordered = BANK_IDLE};
  line->value[CARD_LINE_LOOP_OHM] = 400;
  line->value[CARD_LINE_INSULATION_KOHM] = BANK_DRY_KOHM;
  line->value[CARD_LINE_CAPACITANCE_NF] = 1000;
}

const struct bank_signal *bank_signals(int kind) {
  return kind == WIRE_SUBSCRIBERS ? from_telephones : kind == WIRE_OFFICES ? from_exchange : 0;
}

uint8_t bank_seen(const struct bank_line *line, uint8_t bits) {
  return line->cut ? BANK_IDLE : line->leaks ? (uint8_t)(bits & ~BIT_A) : bits;
}

uint8_t bank_sent(const struct bank_line *line) { return line->cut ? NOT_FED : line->ordered; }

int bank_order(struct bank_line *line, int kind, int order, uint32_t value) {
  for (unsigned n = 0; n < sizeof orders / sizeof orders[0]; n++) {
    if (orders[n].kind != kind || orders[n].order != order) continue;
    int one = (value != 0) == orders[n].rest;
    line->ordered = (uint8_t)(one ? line->ordered | orders[n].bit : line->ordered & ~orders[n].bit);
    return 0;
  }
  return -1;
}

static void feed_levels(struct card_levels *levels, uint8_t bits) {
  levels->ringing = !(bits & BIT_A);
  levels->reversed = !(bits & BIT_B);
  levels->battery = (bits & BIT_C) != 0;
}

static void loop_levels(struct card_levels *levels, uint8_t bits) {
  levels->hook = !(bits & BIT_A);
  levels->ground = !(bits & BIT_B);
}

void bank_levels(const struct bank_line *line, int kind, uint8_t bits, struct card_levels *levels) {
  levels->battery = 1;
  if (kind == WIRE_SUBSCRIBERS) {
    loop_levels(levels, bank_seen(line, bits));
    feed_levels(levels, line->ordered);
  } else if (kind == WIRE_OFFICES) {
    loop_levels(levels, line->ordered);
    feed_levels(levels, bank_seen(line, bits));
  } else if (kind == WIRE_TELEPHONES) {
    feed_levels(levels, bits);
  }
}

uint32_t bank_measured(const struct bank_line *line, int quantity, uint8_t bits) {
  if (quantity == CARD_LINE_LOOP_OHM && (bank_seen(line, bits) & BIT_A)) return OPEN_OHM;
  if (quantity == CARD_LINE_CAPACITANCE_NF && line->cut) return 0;
  return line->value[quantity];
}

int bank_set(struct bank_line *line, int quantity, uint32_t value) {
  if (quantity == WIRE_LINE_CUT && value <= 1) {
    line->cut = (uint8_t)value;
    return 0;
  }
  if (quantity < 0 || quantity >= CARD_LINE_QUANTITIES || value > (quantity == CARD_LINE_LOOP_OHM ? OPEN_OHM : MOST)) return -1;
  line->value[quantity] = value;
  return 0;
}
