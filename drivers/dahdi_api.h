#pragma once
/* A span on DAHDI's kernel drivers as a line card (dahdi.h): what Python sees of it; bare declarations. */
#include "card.h"
#include <stdint.h>

/* Ports of such a card, used or not: 30, the circuits of an E1 beside time slot 16, of which a board of analog lines may have fewer; or the
 * most, 31, of an E1 whose time slot 16 is one of them. */
#define SPAN_CARD_CIRCUITS 30
#define SPAN_CARD_PORTS 31
#define SPAN_CARD_E1_CHANNELS 31

/* What a poll finds. */
#define DAHDI_FOUND_BLOCK 1 /* a block waits to be read */
#define DAHDI_FOUND_EVENT 2 /* something happened: read and write tell */
#define DAHDI_FOUND_GONE 4
#define DAHDI_FOUND_ROOM 8 /* a block can be written */

/* Reads or writes that are done at once. */
#define DAHDI_TRANSFERS 32
#define DAHDI_TRANSFER_OCTETS 80
struct dahdi_transfer {
  int fd;
  uint8_t *octets;
  int count;
  int result; /* octets, or -errno */
};

/* All that is asked of the kernel. Results as the system's, but a failure is -errno. A test's kernel stands here too. */
struct dahdi_kernel {
  void *self;
  int (*open)(void *self, const char *path);
  int (*close)(void *self, int fd);
  int (*read)(void *self, int fd, uint8_t *octets, int room);
  int (*write)(void *self, int fd, const uint8_t *octets, int count);
  int (*ioctl)(void *self, int fd, uint32_t request, void *argument);
  /* Looks without waiting: found[n] = DAHDI_FOUND_ bits; returns at how many there are some. */
  int (*poll)(void *self, const int *fds, int count, uint8_t *found);
  /* Waits for a block on one channel, `most_ns` at the longest; returns DAHDI_FOUND_ bits, 0 = the time is over. */
  int (*wait)(void *self, int fd, uint64_t most_ns);
  /* Reads or writes of channels that are ready, in one call; null = one by one. Returns the system calls made, or -1: no more of this. */
  int (*transfer)(void *self, int writing, struct dahdi_transfer *jobs, int count);
};

/* How the lamp of a telephone that tells of waiting messages is fed. */
#define SPAN_CARD_LAMP_NONE 0
#define SPAN_CARD_LAMP_REVERSAL 1     /* by reversed poles while on-hook */
#define SPAN_CARD_LAMP_HIGH_VOLTAGE 2 /* by a direct voltage of 90 V */
#define SPAN_CARD_LAMP_NEON 3         /* by an alternating voltage of 90 V */

struct dahdi_settings {
  int first_channel;  /* DAHDI's number of the first channel of the span */
  int channels;       /* 31: an E1, port n is time slot 1-15, 17-31; 1 to 30: a board, port n is its n-th channel */
  int speech_in_slot_16; /* 1 = an E1 with a 31st circuit: port n is time slot n + 1. Not with frames in time slot 16 */
  int kind;           /* WIRE_CIRCUITS, WIRE_SUBSCRIBERS or WIRE_OFFICES: what the ports must be in /etc/dahdi/system.conf */
  int idle_bits;      /* abcd sent before the first order; E and M: on-hook */
  int busy_bits;      /* E and M channels have no bits of their own: what off-hook is called */
  uint32_t signalling_channels; /* bit n: channel n + 1 of the span carries frames (dchan, mtp2) and is no port of sound */
  int message_lamp; /* SPAN_CARD_LAMP_: of the telephones of the span */
  int dials;        /* 1 = the kernel makes the dial pulses of exchange lines, if it has a tone zone */
  int receive_gain_tenth_db, send_gain_tenth_db; /* -240..120, over A-law */
  int at_once;     /* 1 = reads and writes of a tick together, where the kernel has io_uring */
  int cut_through; /* 1 = channels may be joined in the kernel (dahdi_cross.h) */
  int paces;       /* 1 = the plane may be ticked by the blocks of this span */
  int raise_ms, clear_ms; /* an alarm stands so long before it is told, is gone so long before that is told */
};

struct dahdi_counters {
  uint64_t ticks, system_calls; /* system calls of the tick, not of the mender */
  uint64_t starved;             /* reads that gave nothing, nor was a block held: silence was heard */
  uint64_t dropped;             /* received blocks thrown away, so that delay stays bounded */
  uint64_t overruns;            /* the kernel threw sound away because nobody read it */
  uint64_t refused;             /* blocks the kernel had no room for */
  uint64_t underruns;           /* the kernel had nothing to send */
  uint64_t events, unknown_events;
  uint64_t events_late;         /* told in a later tick, as the level it then was */
  uint64_t refused_orders;
  uint64_t failures;            /* calls that failed in another way than above */
  uint64_t removals, returns;   /* of the whole span */
  uint64_t crossed, uncrossed;  /* times that the kernel was told to join one of our channels with another, and no longer */
  uint64_t frames_received, frames_sent, frames_lost; /* lost: nobody took them, too long, or empty */
  uint64_t frame_aborts, frame_overruns, frame_bad_checks;
};

/* What the driver tells of the line. Of slips DAHDI tells nothing. */
struct dahdi_span_report {
  int present; /* 0 = the channels cannot be opened now */
  int number, channels, configured;
  uint32_t alarms, told_alarms; /* CARD_ALARM_: as the driver says; as they were told */
  int looped, recovering;
  int analog; /* a board without framing */
  int line_configuration;
  int timing_source; /* number of the span that gives the clock, 0 = none */
  int bipolar_violations, crc4_errors, e_bits, fas_errors;
  uint32_t framing_errors, code_violations, bit_errors, pattern, errored_seconds;
  int missed_interrupts;
  char name[20];
  char description[40];
};

/* Why a channel is not in use. */
#define SPAN_CARD_IN_USE 0
#define SPAN_CARD_NO_CHANNEL 1 /* DAHDI has none of that number, or it is not configured */
#define SPAN_CARD_BUSY 2       /* another program has it */
#define SPAN_CARD_OTHER_SORT 3 /* it is configured as something else than the kind of span needs */
#define SPAN_CARD_FAILED 4     /* an order that it needs failed */
#define SPAN_CARD_SIGNALLING 5 /* it is one of the signalling channels */

/* Maintenance of a span. */
#define SPAN_CARD_NORMAL 0
#define SPAN_CARD_LOOP_LOCAL 1   /* what we send is received */
#define SPAN_CARD_LOOP_LINE 2    /* what the far end sends goes back, framing and all */
#define SPAN_CARD_LOOP_PAYLOAD 3 /* the same within our own frames */
#define SPAN_CARD_PATTERN 4      /* the chip sends and looks for a pseudo-random pattern (O.150) */
#define SPAN_CARD_RESET_COUNTERS 5
#define SPAN_CARD_ONE_FAS_ERROR 6
#define SPAN_CARD_ONE_CRC4_ERROR 7

/* A channel whose descriptor was held while planes changed (dahdi_kept.h). */
struct dahdi_kept {
  int channel; /* DAHDI's number */
  int fd;      /* the card's from now on */
  int reversed; /* towards an exchange: the poles are */
};

/* A card of one span; `kernel` null = the one that runs. Opens what can be opened; null without memory or with settings out of
 * range. Close it by its own `close`. */
struct card *dahdi_create(const struct dahdi_settings *settings, const struct dahdi_kernel *kernel);
/* The same, with channels that are adopted as they stand; a descriptor that is not good is closed, one of no channel of this span
 * is left alone. */
struct card *dahdi_adopt(const struct dahdi_settings *settings, const struct dahdi_kernel *kernel, const struct dahdi_kept *kept,
                         int count);
/* The opening of a channel, by DAHDI's number: its serial, which no other opening of this card has, and its descriptor; 0 = it is
 * not open. Asked by the thread that mends. */
uint32_t dahdi_opening(struct card *card, int channel, int *fd);
/* Not in the tick, once a second: reads the counters of the span; closes what is gone, opens what has come back. 1 = all there. */
int dahdi_mend(struct card *card);
/* 1 = reads and writes are done together, as was asked for and the kernel allows. */
int dahdi_at_once(struct card *card);
/* Why the channel of a port is not in use (SPAN_CARD_); -1 = no such port. */
int dahdi_state(struct card *card, int port);
void dahdi_counters(struct card *card, struct dahdi_counters *counters);
void dahdi_report(struct card *card, struct dahdi_span_report *report);
/* 0, or -errno: the driver cannot. Not in the tick. */
int dahdi_maintain(struct card *card, int order);
/* Sends back on a channel what is received on it (1), or no longer (0): 0, or -errno. Not in the tick. */
int dahdi_loop_channel(struct card *card, int port, int on);
/* The signalling channels of a span, in order, each a card of one port that carries frames, for a plane that reads and writes the
 * span's card before. It lives as long as that one. Null = no such. */
struct card *dahdi_link(struct card *card, int number);
/* Why the channel of a link is not in use (SPAN_CARD_); -1 = no such link. */
int dahdi_link_state(struct card *card, int number);
