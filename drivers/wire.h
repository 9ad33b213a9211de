/* The wire card: simulated spans behind card.h, bit-true E1 (e1.h) or tokens, on memory links or sockets (link.h).
 *
 * Spans of analog lines use the same 30 circuits as a channel bank; what lines do to sound stands between framer and ports (wire_lines.h).
 * A span has 30 ports, or 31 where time slot 16 is speech; the ports of a card follow one another span by span.
 *
 * Slips are controlled slips of an elastic store behind the framer (Q.503, G.822): speech loses or repeats one frame, the
 * alignment and the bits do not. The blocks of a link are of equal length, so a lost frame needs a store that holds one
 * (`slack_frames`, or an earlier repetition); an empty store loses the frame and repeats the last one of the block.
 *
 * Limits: a span and tick of bit-true work, sending and receiving, within 20 us of one core; the tick allocates nothing.
 */
#pragma once
#include "api.h"
#include "faults.h"
#include "link.h"
#include "wire_lines.h"
#include "wire_link.h"

#define WIRE_SLIPS 16
#define WIRE_STORE_FRAMES 80
#define WIRE_QUIET_BLOCKS 4

struct wire_slip {
  int offset;
  int repeat;
};

struct wire_span {
  int ports, first; /* how many, and which of the card's is the first */
  struct wire_span_settings settings;
  struct e1_sender tx;
  struct e1_receiver rx;
  struct link link;
  struct faults fault[2];
  struct wire_counters counters;
  struct wire_slip slip[WIRE_SLIPS];
  int slips;
  int store;                              /* frames held by the elastic store */
  uint8_t previous[E1_PORTS * E1_FRAMES]; /* sound before, for the store */
  struct link_block scratch;              /* a block that faults may change, or that nobody reads */
  uint8_t told[E1_PORTS];                 /* bits as last told by an event */
  int told_alarms;
  int behind;                             /* there was no room for all events */
  struct wire_lines lines;
  struct wire_links signalling;
  int idle_blocks;                        /* sent without anything new */
  int sent_alarms;                        /* as last sent to the far end */
  int token_alarms;                       /* token spans: alarms standing, and bits as the far end sends them */
  uint8_t token_bits[E1_PORTS];
  struct wire_tokens heard, said;         /* token spans: as the far end sends them; as we do */
  int steady;                             /* token spans: blocks in a row that brought nothing new */
};

struct wire {
  struct card card;
  int spans;
  struct wire_span span[];
};
