/* Frames in a clear time slot as cards and Python call them; what it must meet stands in hdlc.h. A bare header: declarations only. */
#pragma once
#include <stdint.h>

#define HDLC_FRAME_OCTETS 508 /* CARD_FRAME_OCTETS */
#define HDLC_QUEUE 16         /* frames that wait to be sent */

/* Faults: those of drivers/card.h, and HDLC_OCTETS = so many octets as the receiver was told have passed without a frame. */
#define HDLC_OCTETS 4

struct hdlc_waiting {
  uint16_t count;
  uint8_t octets[508];
};

struct hdlc_sender {
  struct hdlc_waiting queue[16];
  uint8_t first, waiting;
  uint8_t repeating;    /* when nothing waits a last frame of up to so many octets is sent again, else flags are */
  uint8_t last_count;
  uint8_t last[8];
  uint8_t sending;      /* 0 = flags, 1 = the first that waits, 2 = the last one again */
  uint8_t ones;         /* in a row */
  uint8_t held;         /* bits that wait */
  uint16_t at;          /* octets of the frame that are sent, with its check sequence */
  uint16_t check;
  uint32_t bits;        /* the next one lowest */
};

struct hdlc_receiver {
  uint16_t longest;     /* octets of a frame, without check sequence */
  uint16_t counting;    /* octets that make one HDLC_OCTETS; 0 = they are not counted */
  uint16_t count;       /* octets of this frame */
  uint16_t check;
  uint16_t counted;     /* bits without a frame */
  uint8_t within;       /* behind a flag, and nothing wrong since */
  uint8_t lost;         /* aborted or too long since the last good frame: octets are counted */
  uint8_t ones;         /* in a row, 7 = more than a flag has */
  uint8_t bit;          /* of the present octet */
  uint8_t octet;
  uint8_t spare;
  uint8_t octets[512];  /* with check sequence */
};

/* What was received: a frame whose octets begin at `start`, or a fault without octets. */
struct hdlc_unit {
  uint16_t offset; /* the octet given that ended it */
  uint16_t fault;
  uint16_t start;
  uint16_t count;
};

/* `repeating`: octets of the longest frame that is sent again while nothing waits, up to 8; 0 = none. */
void hdlc_sender_init(struct hdlc_sender *sender, int repeating);
/* 0, or -1: no room, or no octets or too many. */
int hdlc_give(struct hdlc_sender *sender, const uint8_t *octets, int count);
int hdlc_room(const struct hdlc_sender *sender);
/* The next octets of the time slot; what was given before is in them as soon as it can be. */
void hdlc_send(struct hdlc_sender *sender, uint8_t *slot, int count);

void hdlc_receiver_init(struct hdlc_receiver *receiver, int longest, int counting);
/* Octets of the time slot. `units` has room for 2 * count, `octets` for HDLC_FRAME_OCTETS + count; returns how many units there are. */
int hdlc_receive(struct hdlc_receiver *receiver, const uint8_t *slot, int count, struct hdlc_unit *units, uint8_t *octets);
