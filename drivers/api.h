#pragma once
/* Line cards: what joins the media plane to real or simulated lines. What Python sees of them; bare declarations. */
#include "card.h"
#include <stdint.h>

/* Kinds of wire span. */
#define WIRE_CIRCUITS 0    /* 30 circuits with bits abcd, or circuits of common channel signalling */
#define WIRE_SUBSCRIBERS 1 /* exchange side of 30 analog lines: events of hook and ground; orders to ring, reverse, feed, meter, measure */
#define WIRE_TELEPHONES 2  /* the telephones' side of them: bits abcd */
#define WIRE_OFFICES 3     /* the same side of lines that lead to an exchange: events of ringing, polarity, battery, metering; orders to
                            * close the loop and to ground */

/* What wire_set_line sets besides the CARD_LINE_ quantities: value = 1 the loop is cut. */
#define WIRE_LINE_CUT 5

/* The direction a fault is put on, seen from the card. */
#define WIRE_RECEIVED 0
#define WIRE_SENT 1

/* Faults; `value`, `extra`. On a token span bit errors, bursts and phase do nothing. */
#define WIRE_FAULT_CLEAR 0      /* all but delay and phase */
#define WIRE_FAULT_BIT_ERRORS 1 /* value = errored bits per bit */
#define WIRE_FAULT_BURST 2      /* value = samples until it begins, extra = samples it lasts; half of its bits are wrong */
#define WIRE_FAULT_SLIP 3       /* value = -1 a frame is lost, +1 a frame is repeated; extra = sample of the next block */
#define WIRE_FAULT_CUT 4        /* value = 1 on, 0 off */
#define WIRE_FAULT_AIS 5
#define WIRE_FAULT_LOF 6        /* a signal without frames */
#define WIRE_FAULT_RAI 7
#define WIRE_FAULT_DELAY 8      /* value = ticks beyond the first; memory links only */
#define WIRE_FAULT_PHASE 9      /* value = bits by which the line is late, 0..255 */

struct wire_span_settings {
  int kind;
  int crc4;         /* 0 off, 1 on, 2 on, but a far end without it is accepted (G.706 annex B) */
  int idle_bits;    /* abcd sent before the first order, and taken as received before the first frame */
  int slack_frames; /* frames that the elastic store holds from the beginning, 0..79: that many may be lost without repeats */
  uint32_t signalling_slots; /* bit n = time slot n is clear and carries frames (wire_link.h); not on a card of tokens */
  int speech_in_slot_16; /* 1 = time slot 16 is a circuit as the others, not bits: 31 ports; not one of the signalling slots then */
  int clear_channel; /* 1 = time slots 1 to 31 are one channel that carries frames (wire_channel.h); in place of signalling_slots */
};

#define WIRE_NOISE_NONE 0
#define WIRE_NOISE_WHITE 1
#define WIRE_NOISE_HUM 2

/* What a line does to sound. The other direction of the same port is what comes back as echo. */
struct wire_impairments {
  double loss_db;    /* 0..60, at 1020 Hz */
  double tilt_db;    /* 0..20: attenuation at 3400 Hz against that at 300 Hz */
  double noise_dbm0; /* -70..0 */
  int noise;         /* WIRE_NOISE_ */
  int echoes;        /* 1 = there is an echo */
  double echo_return_loss_db; /* 0..60 */
  double echo_delay_ms;       /* from what is sent to its coming back, 10..500; from what is received to its going back, 0..500 */
  double second_harmonic_db;  /* below a tone of 0 dBm0, 26..80; 0 = none */
  double third_harmonic_db;
  int crosstalk_port;       /* of the span, -1 = none */
  double crosstalk_loss_db; /* 0..90 */
};

struct wire_counters {
  uint64_t blocks_sent, blocks_received;
  uint64_t crc_errors, fas_errors, e_bits;
  uint64_t frame_losses, multiframe_losses, false_alignments;
  uint64_t slips_lost, slips_repeated;
  uint64_t injected_errors;  /* bits made wrong by faults of this end, both directions */
  uint64_t substituted_bits; /* abcd = 0000 asked for and sent as 0001 */
  uint64_t events_lost;
  uint64_t connections, disconnections, refused, silences; /* sockets: hellos taken, peers gone, hellos or blocks refused, 5 s without a block */
};

/* A wire card; null without memory. With tokens = 1 all spans carry tokens. Close it by its own `close`. */
struct card *wire_create(int spans, const struct wire_span_settings *settings, int tokens);
/* The card of a signalling channel of a span, in the order of time slots; null = there is none. Its span's card owns it, and must be
 * read and written in every tick. */
struct card *wire_signalling_link(struct card *card, int span, int index);
/* Joins two spans of one process, in alignment from the first tick on; 0, or -1: no such span, joined already, tokens to sound or to
 * tokens of another count of ports. */
int wire_join(struct card *a, int a_span, struct card *b, int b_span);
/* Takes a span's link away: the far end sees LOS. */
int wire_unjoin(struct card *card, int span);
/* Opens the outside socket (docs/integrator/outside-socket.md): waits at `path` for a peer, or connects to one that waits.
 * 0, or -1 and errno: the span is joined already or carries tokens, or the system refused. */
int wire_listen(struct card *card, int span, const char *path, const char *name, int lockstep);
int wire_connect(struct card *card, int span, const char *path, const char *name, int lockstep);
/* Waits for the peer's hello before the first tick; 0, or -1 when none came in time. Not in the tick. */
int wire_wait(struct card *card, int span, int timeout_ms);
int wire_set_patience(struct card *card, int span, int patience_ms);
/* 1 when the span is joined in memory, or its socket has a peer that said hello. */
int wire_connected(struct card *card, int span);
/* Puts a fault on a span; `seed` starts its random numbers. 0, or -1: unknown, out of range, not on this link. */
int wire_fault(struct card *card, int span, int direction, int kind, double value, double extra, uint64_t seed);
int wire_counters(struct card *card, int span, struct wire_counters *counters);
/* What follows changes a line; like all calls but the counters it is for the thread that ticks, between ticks.
 * The metallic line of a subscriber's port (of the card): what stands on it, as MEASURE reports it. A healthy line has a loop of 400
 * ohm when it is closed, 10 000 kohm of insulation, no foreign voltage and the 1000 nF of a bell. A cut loop is on-hook, silent and
 * without capacitance. 0, or -1: no such port, no subscriber's line, out of range. */
int wire_set_line(struct card *card, int port, int quantity, uint32_t value);
/* Impairments of the sound of a port, seen from the card in one direction (impairment.h); null = none. 0, or -1: no such port, tokens,
 * out of bounds. */
int wire_impair(struct card *card, int port, int direction, const struct wire_impairments *impairments, uint64_t seed);
/* Water in the cable of a subscriber's line (wet_line.h): wetness 0..1. 0, or -1 as above. */
int wire_wet_line(struct card *card, int port, double wetness, uint64_t seed);
/* CARD_ALARM_ bits now standing; -1 = no such span. */
int wire_alarms(struct card *card, int span);
/* The calls of the card, for programs without a media plane. */
int card_read(struct card *card, uint8_t *samples, struct card_event *events, int room, uint64_t tick);
int card_write(struct card *card, const uint8_t *samples, uint64_t tick);
int card_order(struct card *card, const struct card_order *order);
int card_level(struct card *card, int port, struct card_levels *levels);
int card_quiet(struct card *card);
/* Of a card that carries no frames: 0 and -1. */
int card_take_frame(struct card *card, int port, struct card_frame *frame);
int card_give_frame(struct card *card, int port, const uint8_t *octets, int count);
void card_close(struct card *card);

/* The framer of one span without card, link and media plane: for programs that carry the blocks themselves, and for tests. */
struct span_terminal;
struct span_terminal *span_terminal_create(int crc4, int idle_bits, int speech_in_slot_16);
void span_terminal_free(struct span_terminal *terminal);
/* abcd to send on a port from frame `offset` of the next block on; 0, or -1: no such port. */
int span_terminal_order(struct span_terminal *terminal, int port, int value, int offset);
/* Builds the next block of 2560 octets from port-major sound, 80 octets for each of 30 ports, or of 31 with speech in time slot 16. */
void span_terminal_give(struct span_terminal *terminal, const uint8_t *samples, uint8_t *octets);
/* Reads a block, null = no signal: fills the sound, and `events` (room 256) with bits and alarms (port 0); returns their number. */
int span_terminal_take(struct span_terminal *terminal, const uint8_t *octets, uint8_t *samples, struct card_event *events);
int span_terminal_counters(struct span_terminal *terminal, struct wire_counters *counters);
int span_terminal_alarms(struct span_terminal *terminal);
int span_terminal_bits(struct span_terminal *terminal, int port);
/* CRC-4 of G.704 2.3.3 over frames that begin with a FAS frame; C bits count as 0. */
uint32_t e1_crc4(const uint8_t *octets, int frames);
