/* Level 2 of signalling links (Q.703, 64 kbit/s; annex A, 1.5 and 2 Mbit/s): transmission control TXC, reception control RXC, the monitors
 * SUERM, EIM and AERM.
 *
 * Must meet (Q.703, from memory): numbers modulo 128, at most 127 units unconfirmed (clauses 5, 6); two impossible backward numbers or
 * forward indicator bits of three units end the link (5.3); an alignment that counts 4 (1 in emergency) units in error is aborted, a link in
 * service fails at 64, each 256 units taking one away and each 16 octets without a unit giving one (clause 10, annex B); T5 80..120 ms,
 * T6 3..6 s, T7 0.5..2 s (12.3). Annex A: numbers modulo 4096, at most 4095 unconfirmed; a link in service is watched by intervals of T8:
 * one with an error, or without a good unit, gives Ue, another takes De away, above Te the link fails. In the tick nothing is allocated,
 * nobody waits and the system is not called; the time of a call does not grow with the messages that wait.
 *
 * A unit that shows that the far end has left service (SIOS, SIO, SIN, SIE behind the first fill-in unit) stops reception here and
 * at once, as every failure does: what control is told before its failure is all that was accepted, whenever it reads that.
 *
 * Leaves out flags, zero insertion and check sequence, which are the card's (drivers/card.h), and every decision of link state
 * control.
 */
#pragma once
#include "mtp2_api.h"

#define MTP2_HEADER 3
#define MTP2_EXTENDED_HEADER 6
#define MTP2_SHORT_UNIT 8 /* the longest status unit, extended */
#define MTP2_FRAMING 3 /* octets of a unit on the line beside its own: flag, check sequence */
#define MTP2_FILL_IN_OCTETS 6 /* on the line: flag, header, check sequence */
#define MTP2_TICK_OCTETS 80
#define MTP2_NOTHING 15 /* no status */

struct mtp2_stored {
  uint16_t count;
  uint8_t octets[MTP2_MESSAGE_OCTETS];
};

struct mtp2_link {
  struct mtp2_figures figures;
  struct mtp2_counters counters;
  /* The format: octets of a header, and the highest number, which is a mask too. */
  uint8_t header;
  uint16_t numbers;
  /* Transmission. Messages have places that only grow; the number of a unit is its place modulo 128 or 4096. oldest..fresh - 1 are sent and
   * not confirmed, fresh..end - 1 wait; next is sent next, and is less than fresh while something is sent again. */
  uint32_t oldest, next, fresh, end;
  uint32_t unconfirmed_octets;
  uint32_t forced_end; /* preventive: new messages wait until all up to here were sent again */
  uint8_t forced;
  uint8_t sending; /* MTP2_SIO .. MTP2_MESSAGE */
  uint8_t forward_bit;
  uint8_t congestion;
  uint8_t retrieving;
  uint8_t indication_due; /* SIB */
  uint8_t given_octets;
  uint8_t given[MTP2_SHORT_UNIT]; /* the fill-in or status unit given last */
  uint16_t t5, t6, t7; /* ticks left, 0 = does not run */
  uint16_t silent_ticks;
  uint8_t silent;
  /* Reception. */
  uint8_t listening, acceptance, busy;
  uint8_t ordered_busy, carrier_busy; /* by control, by whoever carries messages up; busy is the worse of them */
  uint16_t expected;     /* the number of the next message */
  uint16_t backward;     /* the number that is confirmed */
  uint8_t backward_bit;
  uint8_t repetition;    /* was asked for and has not begun */
  uint8_t dropped;       /* a message was lost while busy */
  uint8_t served;        /* the far end has sent fill-in units or messages */
  uint8_t failed;        /* why, until the next beginning */
  uint8_t wrong_backward, wrong_forward; /* the last two units, a bit each */
  uint8_t standing;      /* what comes in */
  uint8_t told;          /* and was told */
  /* Monitors. */
  uint8_t monitor, aborted, counting_octets;
  uint16_t errors, units;
  uint16_t hidden_octets; /* repeating card: of units that were not shown, less than one unit */
  uint16_t shown_octets;  /* in this tick */
  uint16_t t8;            /* EIM: ticks left of the interval, 0 = does not run */
  uint8_t interval_good, interval_errored;
  uint32_t intervals;     /* Ce */
  uint32_t places;        /* of `stored`, less one: a mask */
  struct mtp2_stored *stored;
};

/* Their messages stand behind them. */
struct mtp2_links {
  int count, messages;
  struct mtp2_link link[];
};

/* Where events are put. */
struct mtp2_told {
  struct mtp2_event *events;
  int count;
};

void mtp2_tell(struct mtp2_told *told, int kind, int value);
void mtp2_fail(struct mtp2_link *link, int reason, struct mtp2_told *told);

/* mtp2_transmit.c */
int mtp2_sends_messages(const struct mtp2_link *link);
void mtp2_await(struct mtp2_link *link);
void mtp2_confirm(struct mtp2_link *link, int number, int bit, struct mtp2_told *told);
void mtp2_drop(struct mtp2_link *link, uint32_t up_to, struct mtp2_told *told);
int mtp2_possible(const struct mtp2_link *link, int number);
void mtp2_far_end_busy(struct mtp2_link *link);

/* mtp2_receive.c */
void mtp2_ask_again(struct mtp2_link *link);
void mtp2_hidden_units(struct mtp2_link *link);
void mtp2_interval_over(struct mtp2_link *link, struct mtp2_told *told);
void mtp2_tell_standing(struct mtp2_link *link, struct mtp2_told *told);
