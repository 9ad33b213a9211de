/* Level 2 of signalling links as the plane and Python call it; what it must meet stands in mtp2.h. A bare header: declarations only.
 *
 * Link state control decides elsewhere (pbx/signalling/ss7/mtp2) and gives orders; here are transmission and reception control and the
 * error rate monitors. A signal unit is what stands between the flags, without check sequence: backward and forward number, length
 * indicator, the rest; in the extended format (annex A) these three have two octets each, the lower one first. Functions that tell
 * something write up to MTP2_EVENTS events and return how many. Time is ticks of 10 ms.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define MTP2_UNIT_OCTETS 279    /* header of three octets, extended of six, service information octet, 272 octets of signalling information */
#define MTP2_MESSAGE_OCTETS 273 /* the same without header */
#define MTP2_MESSAGES 512       /* waiting and not yet confirmed ones together, where the memory is not laid out for more */
#define MTP2_MESSAGES_MOST 8192
#define MTP2_EVENTS 4

/* What is sent: a status indication (Q.703, 11.1.3, the numbers are those of the status field), or one of the last two. */
#define MTP2_SIO 0
#define MTP2_SIN 1
#define MTP2_SIE 2
#define MTP2_SIOS 3
#define MTP2_SIPO 4
#define MTP2_SIB 5
#define MTP2_FILL_IN 8  /* fill-in units only */
#define MTP2_MESSAGE 9  /* messages, and fill-in units between them */

/* Orders. */
#define MTP2_ORDER_SEND 1     /* value = one of the above */
#define MTP2_ORDER_BEGIN 2    /* numbers begin anew, buffers are empty, reception works; value 0..255 comes back as MTP2_TOLD_BEGUN */
#define MTP2_ORDER_HALT 3     /* nothing is received any more; SIOS goes out. The buffers stay */
#define MTP2_ORDER_ACCEPT 4   /* value = MTP2_CLOSED, MTP2_OPEN, MTP2_REJECTING */
#define MTP2_ORDER_MONITOR 5  /* value = MTP2_UNWATCHED ...; the monitor begins anew */
#define MTP2_ORDER_BUSY 6     /* value = MTP2_FREE ... */
#define MTP2_ORDER_BSNT 7     /* tell the number of the last unit accepted */
#define MTP2_ORDER_RETRIEVE 8 /* value = the number up to which the far end has accepted, MTP2_UNKNOWN = what was never sent */
#define MTP2_ORDER_FLUSH 9    /* forget messages; the numbers go on behind what the far end has confirmed */
#define MTP2_ORDER_TELL 10    /* tell again what comes in, and a failure that stands: control is a new one */
#define MTP2_ORDER_ALIVE 11   /* nothing, but control is there, as every order says */

#define MTP2_CLOSED 0    /* messages and fill-in units are nothing to us: the link is not aligned */
#define MTP2_OPEN 1
#define MTP2_REJECTING 2 /* confirmations are taken, messages are not: our processor is out */

#define MTP2_UNWATCHED 0
#define MTP2_SUERM 1 /* in service; EIM where the link has MTP2_ERRORED_INTERVALS */
#define MTP2_AERM_NORMAL 2
#define MTP2_AERM_EMERGENCY 3

#define MTP2_FREE 0
#define MTP2_BUSY_ACCEPT 1  /* SIB goes out, messages are taken but not confirmed */
#define MTP2_BUSY_DISCARD 2 /* and are not taken */

#define MTP2_UNKNOWN 65535

/* What is told. */
#define MTP2_TOLD_STATUS 1      /* value = what comes in now, when it has changed or an order has changed what we send: MTP2_SIO ..., or
                                   MTP2_FILL_IN for fill-in units and messages */
#define MTP2_TOLD_MESSAGE 2     /* the unit just given is a message in sequence; it begins behind the header */
#define MTP2_TOLD_FAILED 3      /* value = MTP2_FAILED_; nothing is accepted any more and SIOS goes out */
#define MTP2_TOLD_ERRORS 4      /* the alignment error rate monitor has counted too many */
#define MTP2_TOLD_CORRECT 5     /* the first unit without error behind that */
#define MTP2_TOLD_CONGESTION 6  /* value = level of the transmission buffer, 0..3 */
#define MTP2_TOLD_BSNT 7        /* value = number */
#define MTP2_TOLD_BEGUN 8       /* value = that of the order; what was told before belongs to an earlier life of the link */

#define MTP2_FAILED_ERRORS 1    /* signal unit error rate monitor, or errored interval monitor */
#define MTP2_FAILED_BACKWARD 2  /* two of three backward sequence numbers that cannot be */
#define MTP2_FAILED_FORWARD 3   /* two of three forward indicator bits that cannot be */
#define MTP2_FAILED_T6 4        /* the far end has been busy for too long */
#define MTP2_FAILED_T7 5        /* no acknowledgement for too long */
#define MTP2_FAILED_STATUS 8    /* or'ed with the status: the far end has left service */

/* What a link is doing. */
#define MTP2_STAGE_OUT 1      /* SIOS goes out */
#define MTP2_STAGE_ALIGNING 2
#define MTP2_STAGE_ALIGNED 3  /* proved, but the far end has not shown that it is too */
#define MTP2_STAGE_SERVING 4  /* also while a processor is out */
#define MTP2_STAGE_FAILED 5   /* out of service by itself, and not halted since */

/* Faults: those of drivers/card.h, and so many octets (SUERM's N) without a unit since one was aborted or too long. */
#define MTP2_FAULT_OCTETS 4

#define MTP2_PREVENTIVE 1 /* preventive cyclic retransmission instead of the basic method */
#define MTP2_REPEATING 2  /* the card repeats the last unit given, and hides received units that equal the last; not with the next one */
#define MTP2_EXTENDED 4   /* numbers of 12 bits, a length indicator of 9 (annex A) */
#define MTP2_ERRORED_INTERVALS 8 /* the errored interval monitor in place of SUERM (annex A) */

struct mtp2_figures {
  uint16_t t5_ticks, t6_ticks, t7_ticks;
  uint16_t silence_ticks;  /* without an order for so long: SIPO; 0 = never */
  uint16_t suerm_limit;    /* T */
  uint16_t suerm_units;    /* D */
  uint16_t suerm_octets;   /* N */
  uint16_t aerm_normal;    /* Tin */
  uint16_t aerm_emergency; /* Tie */
  uint16_t preventive_units;  /* N1 */
  uint16_t onset[3];       /* messages in the transmission buffer at which level 1, 2, 3 begins */
  uint16_t abatement[3];   /* fewer than these end it */
  uint16_t options;
  uint16_t t8_ticks;       /* EIM: an interval */
  uint32_t preventive_octets; /* N2 */
  uint32_t interval_limit; /* Te */
  uint32_t interval_rise;  /* Ue */
  uint32_t interval_fall;  /* De */
};

struct mtp2_event {
  uint8_t kind;
  uint16_t value;
};

struct mtp2_counters {
  uint64_t messages_sent, octets_sent; /* each time, with header and check sequence */
  uint64_t messages_sent_again, octets_sent_again;
  uint64_t messages_received, octets_received; /* in sequence */
  uint64_t negative_sent, negative_received;
  uint64_t units_in_error;
  uint64_t busy_received; /* SIB */
  uint64_t refused;       /* messages for which there was no room */
  uint64_t silences;      /* control has been silent */
  uint64_t units_received; /* that were shown and whole */
  uint64_t information_octets_sent, information_octets_received; /* service information and signalling information, each message once */
  uint64_t errors_in_service, errors_in_proving; /* as SUERM and AERM count them */
  uint64_t provings_aborted;
  uint64_t busy_sent; /* SIB */
  uint64_t busy_sent_ms, busy_received_ms; /* how long either end was busy */
  uint64_t congestions, congestion_ms; /* of the transmission buffer */
  uint64_t errored_intervals; /* as EIM counts them */
  uint64_t failed_errors, failed_backward, failed_forward, failed_t6, failed_t7, failed_status;
};

struct mtp2_links;
/* For links whose buffers hold so many messages each: a power of two, up to MTP2_MESSAGES_MOST. */
size_t mtp2_size(int links, int messages);
/* In memory of the caller, which is not moved: aligned to 64 octets. All links send SIOS. */
struct mtp2_links *mtp2_init(void *memory, int links, int messages);
/* A link as at the beginning, without figures, of the basic format. */
void mtp2_clear(struct mtp2_links *links, int link);
/* 0, or -1: out of range. Another format lets the link begin anew, out of service. */
int mtp2_configure(struct mtp2_links *links, int link, const struct mtp2_figures *figures);
int mtp2_order(struct mtp2_links *links, int link, int order, int value, struct mtp2_event *events);
/* A message to send behind all others; -1 = there is no room or it is none. */
int mtp2_message(struct mtp2_links *links, int link, const uint8_t *octets, int count, struct mtp2_event *events);
int mtp2_receive(struct mtp2_links *links, int link, const uint8_t *unit, int count, struct mtp2_event *events);
int mtp2_fault(struct mtp2_links *links, int link, int fault, struct mtp2_event *events);
/* A tick is over. */
int mtp2_tick(struct mtp2_links *links, int link, struct mtp2_event *events);
/* The unit to be sent now: its length, never 0. */
int mtp2_next(struct mtp2_links *links, int link, uint8_t *unit);
/* Whether that is anything but the fill-in or status unit given last. */
int mtp2_news(struct mtp2_links *links, int link);
/* How far whoever carries messages up can follow: MTP2_FREE, MTP2_BUSY_ACCEPT, MTP2_BUSY_DISCARD; beside what control orders, the worse
 * of both counts. Control need not be told. */
void mtp2_carrier(struct mtp2_links *links, int link, int busy);
/* The next message to be retrieved: its length; 0 = that was all; -1 = nobody has asked. */
int mtp2_retrieved(struct mtp2_links *links, int link, uint8_t *octets);
/* Of a unit of this link: where its status or message begins. */
int mtp2_header_octets(const struct mtp2_links *links, int link);
int mtp2_stage(const struct mtp2_links *links, int link);
void mtp2_counters(struct mtp2_links *links, int link, struct mtp2_counters *counters);
