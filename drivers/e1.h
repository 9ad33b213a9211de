/* Primary rate framing at 2048 kbit/s: the sending and the receiving framer of one span, bit-true.
 *
 * G.704 2.3: frames of 32 octets at 8 kHz; time slot 0 carries x0011011 (frame alignment signal, FAS) in every other frame
 * and x1Axxxxx (NFAS) in the others; bit 1 of time slot 0 carries the CRC-4 multiframe: C1-C4 in the FAS frames, 001011 and
 * the two E bits in the NFAS frames. G.704 5.1.3: time slot 16 carries 0000xyxx in frame 0 of a multiframe of 16 frames and
 * abcd of circuits n and n+15 in frame n. Ports 0-14 are time slots 1-15, ports 15-29 time slots 17-31: E1_CIRCUITS of them.
 *
 * Limits, all from memory of the texts named:
 *   frame alignment lost after 3 consecutive errored FAS, or 3 consecutive NFAS with bit 2 = 0    G.706 4.1.1
 *   found by FAS, bit 2 of the next frame = 1, FAS again; any bit position of the line             G.706 4.1.2
 *   CRC multiframe: two correct signals a multiple of 2 ms apart within 8 ms, else search again    G.706 4.2
 *   915 or more errored CRC blocks of 1000 = false alignment, search again                         G.706 4.3.2
 *   a far end without CRC-4 is accepted 400 ms after its first FAS (E1_CRC4_AUTOMATIC)             G.706 annex B
 *   LOS: 255 bits without a one; gone at a density of ones of 1 in 8                               G.775 4.2
 *   AIS: not more than 2 zeros in each of two consecutive 512 bits; gone at 3 zeros twice          G.775 5.2
 *   RAI: bit A (or bit y of time slot 16) the same 3 times in a row                                G.775 6, O.162
 *   time slot 16 multiframe lost after 2 errored signals or 16 octets of zero; found by a correct one after an
 *   octet that is not zero, believed at the second                                                 G.732 5.2
 *   LOF ends when the alignment (and the CRC multiframe) has stood for E1_CLEAR_FRAMES             our choice
 * A standing cause hides its consequences: LOS hides all, AIS hides LOF, LOF hides LOMF and RAI (the order of G.806).
 * While LOS, AIS or LOF stands sound is idle and bits are frozen; while LOMF stands bits are frozen. Bits of a frame that is
 * all zeros, all ones, or follows an errored FAS are not believed either.
 *
 * Time slot 16 may be clear instead, for common channel signalling: then there is no multiframe, nor its alarms, nor bits. It carries
 * octets of somebody else's, or it is a port of sound like the others: then there are E1_PORTS, port n is time slot n + 1.
 *
 * Leaves out: the four spare bits Sa4-Sa8 (sent as 1, not read).
 */
#pragma once
#include "api.h"
#include <stdint.h>

#define E1_FRAMES 80
#define E1_FRAME_OCTETS 32
#define E1_OCTETS 2560
#define E1_PORTS 31    /* the most: time slots 1 to 31 */
#define E1_CIRCUITS 30 /* without time slot 16 */
#define E1_SLOT_16 16
#define E1_TAIL 96          /* octets of the block before that the receiver keeps: three frames, enough for the search */
#define E1_IDLE 0xD5        /* A-law of silence, G.711 */
#define E1_ORDERS 256
#define E1_CHANGES 160      /* 75 frames of a block carry two circuits each */
#define E1_CLEAR_FRAMES 160 /* 20 ms */

#define E1_CRC4_OFF 0
#define E1_CRC4_ON 1
#define E1_CRC4_AUTOMATIC 2

struct e1_change {
  uint16_t port;
  uint16_t offset; /* frame of the block, 0..79 */
  uint16_t value;
};

struct e1_alarm_change {
  uint16_t offset;
  uint16_t alarms; /* CARD_ALARM_ bits */
};

struct e1_sender {
  int ports;                 /* E1_CIRCUITS, or E1_PORTS */
  uint8_t bits[E1_PORTS];    /* abcd now sent */
  uint8_t ordered[E1_PORTS]; /* abcd as last ordered */
  struct e1_change order[E1_ORDERS]; /* not yet sent, by rising offset */
  int orders;
  int crc4;             /* 1 = send the CRC-4 multiframe */
  int remote_alarm;     /* 1 = A bit */
  int multiframe_alarm; /* 1 = y bit */
  int crc_aligned;      /* our receiver has the CRC multiframe: E bits are meant */
  int errored;          /* errored blocks received and not yet told by an E bit */
  uint32_t crc;         /* C1-C4 of the last block of 8 frames */
  uint64_t substituted; /* 0000 asked for circuits 1-15, sent as 0001 (G.704 5.1.3.2.2) */
  const uint8_t *slot_16; /* octets of time slot 16 of the next block; null = the multiframe of bits */
};

struct e1_receiver {
  int ports;                           /* E1_CIRCUITS, or E1_PORTS */
  uint8_t stream[E1_TAIL + E1_OCTETS]; /* end of the block before, then the block */
  uint8_t shifted[E1_OCTETS];          /* the frames, when the line's octets do not stand on ours */
  const uint8_t *frame[E1_FRAMES];     /* frames whose sound is good; null = idle */
  int phase;         /* bits from our frame's beginning to the line's, 0..255 */
  int state;         /* E1_HUNTING, E1_WAITING, E1_ALIGNED */
  int begin;         /* waiting: frame of this block in which the alignment begins */
  int hunt_from;     /* hunting: first bit of `stream` not yet tried */
  int exhausted;     /* hunting: nothing more to try in this block */
  int expect_fas;
  int bad_fas, bad_nfas;   /* consecutive */
  int suspect;             /* the last FAS was wrong */
  int crc4, crc_state;     /* setting; state of the CRC multiframe */
  int crc_age;             /* frames since the frame alignment was found */
  int crc_frame;           /* 0..15, number in the CRC multiframe */
  uint32_t crc_history, crc_seen;
  uint32_t crc_sum, crc_sent, crc_before; /* running sum, C bits collected, sum of the block before (-1: unknown) */
  int crc_known;
  int crc_blocks, crc_bad; /* of the running second */
  int spurious_age;        /* frames of alignment without the CRC multiframe, for annex B */
  int framed_for;          /* frames of good alignment, counted up to E1_CLEAR_FRAMES */
  int los, ais, ais_run, lof, rai, rai_run, y, y_run;
  int zeros;               /* zeros in the first half of the double frame */
  int mf_state, mf_frame, mf_bad, mf_zero, mf_previous;
  int force_rai;
  int slot_16_clear; /* 1 = no multiframe is looked for */
  int alarms;
  uint8_t bits[E1_PORTS];
  /* What the last block brought. */
  struct e1_change change[E1_CHANGES];
  int changes;
  struct e1_alarm_change alarm[E1_FRAMES];
  int alarm_changes;
  int errored; /* errored CRC blocks */
  int steady;  /* blocks in a row without any change of state */
  /* Counters. */
  uint64_t crc_errors, fas_errors, e_bits, frame_losses, multiframe_losses, false_alignments;
};

/* The time slot of a port, the port of a time slot, of a span with so many ports. */
static inline int e1_slot_of(int ports, int port) { return ports == E1_CIRCUITS && port >= E1_SLOT_16 - 1 ? port + 2 : port + 1; }
static inline int e1_port_of(int ports, int slot) { return ports == E1_CIRCUITS && slot > E1_SLOT_16 ? slot - 2 : slot - 1; }

void e1_sender_init(struct e1_sender *, int crc4, int idle_bits);
/* abcd to send on a port from frame `offset` of the next block on; a full list takes it at once. */
void e1_order(struct e1_sender *, int port, int value, int offset);
/* Builds one block from port-major sound. */
void e1_send(struct e1_sender *, const uint8_t *samples, uint8_t *octets);
/* The same orders for a span that carries changes instead of frames: fills `change` (room E1_CHANGES), returns their number. */
int e1_send_changes(struct e1_sender *, struct e1_change *change);

/* Whether so many ports say nothing in a block. */
int e1_is_silent(const uint8_t *samples, int ports);

void e1_receiver_init(struct e1_receiver *, int crc4, int idle_bits);
/* Makes time slot 16 a port of sound, in both directions; before the first block. */
void e1_speak_in_slot_16(struct e1_sender *, struct e1_receiver *);
/* Reads one block; null = no signal. `samples` (port-major, of all ports) may be null. */
void e1_receive(struct e1_receiver *, const uint8_t *octets, uint8_t *samples);

/* Time slot 16 of the block just read, E1_FRAMES octets. */
void e1_slot_16(const struct e1_receiver *, uint8_t *octets);

/* Puts the receiver's counts into the card's words. */
void e1_count(const struct e1_receiver *, struct wire_counters *);
/* What the sender tells the far end about our reception (G.704 2.3.2, 2.3.3.4; G.732). */
void e1_answer(struct e1_sender *, const struct e1_receiver *);
