/* Frames in a clear time slot; limits in hdlc.h. */
#include "hdlc.h"

#include <string.h>

#include "card.h"

#define FLAG 0x7e
#define CHECK_BEGIN 0xffff
#define CHECK_GOOD 0xf0b8 /* what remains of a frame with its right check sequence */
#define CHECK_OCTETS 2
#define SHORTEST 3
#define FLAG_ONES 6
#define MANY_ONES 7
#define FLAG_BITS 7 /* of a flag are taken for those of a frame before it is seen to be one */

enum { FLAGS, QUEUED, AGAIN };

_Static_assert(HDLC_FRAME_OCTETS == CARD_FRAME_OCTETS && HDLC_OCTETS == CARD_FRAME_OCTETS_LOST, "the words of both headers agree");

/* Four bits at a time: x16 + x12 + x5 + 1, the lowest bit first. */
static uint16_t checked(uint16_t check, uint8_t octet) {
  static const uint16_t table[16] = {0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285, 0x6306, 0x7387,
                                     0x8408, 0x9489, 0xa50a, 0xb58b, 0xc60c, 0xd68d, 0xe70e, 0xf78f};
  check = (uint16_t)(check >> 4 ^ table[(check ^ octet) & 15]);
  return (uint16_t)(check >> 4 ^ table[(check ^ octet >> 4) & 15]);
}

static uint8_t turned(uint8_t octet) {
  octet = (uint8_t)((octet & 0x0f) << 4 | octet >> 4);
  octet = (uint8_t)((octet & 0x33) << 2 | (octet >> 2 & 0x33));
  return (uint8_t)((octet & 0x55) << 1 | (octet >> 1 & 0x55));
}

void hdlc_sender_init(struct hdlc_sender *sender, int repeating) {
  memset(sender, 0, sizeof *sender);
  sender->repeating = (uint8_t)(repeating < (int)sizeof sender->last ? repeating : (int)sizeof sender->last);
}

int hdlc_room(const struct hdlc_sender *sender) { return HDLC_QUEUE - sender->waiting; }

int hdlc_give(struct hdlc_sender *sender, const uint8_t *octets, int count) {
  if (count < 1 || count > HDLC_FRAME_OCTETS || !hdlc_room(sender)) return -1;
  struct hdlc_waiting *place = &sender->queue[(sender->first + sender->waiting++) % HDLC_QUEUE];
  place->count = (uint16_t)count;
  memcpy(place->octets, octets, (size_t)count);
  return 0;
}

static void put_bits(struct hdlc_sender *sender, uint32_t bits, int count) {
  sender->bits |= bits << sender->held;
  sender->held = (uint8_t)(sender->held + count);
}

static void put_octet(struct hdlc_sender *sender, uint8_t octet) {
  for (int n = 0; n < 8; n++) {
    uint32_t bit = octet >> n & 1u;
    put_bits(sender, bit, 1);
    sender->ones = bit ? (uint8_t)(sender->ones + 1) : 0;
    if (sender->ones == 5) {
      put_bits(sender, 0, 1);
      sender->ones = 0;
    }
  }
}

/* A frame is over: the flag behind it opens the next one too. */
static void choose(struct hdlc_sender *sender) {
  if (sender->sending == QUEUED) {
    const struct hdlc_waiting *sent = &sender->queue[sender->first];
    sender->last_count = sent->count <= sender->repeating ? (uint8_t)sent->count : 0;
    memcpy(sender->last, sent->octets, sender->last_count);
    sender->first = (sender->first + 1) % HDLC_QUEUE;
    sender->waiting--;
  }
  sender->sending = sender->waiting ? QUEUED : sender->last_count ? AGAIN : FLAGS;
  sender->at = 0;
  sender->ones = 0;
  sender->check = CHECK_BEGIN;
  put_bits(sender, FLAG, 8);
}

static void refill(struct hdlc_sender *sender) {
  const struct hdlc_waiting *waiting = &sender->queue[sender->first];
  int again = sender->sending == AGAIN;
  int count = sender->sending == FLAGS ? 0 : again ? sender->last_count : waiting->count;
  int at = sender->at++;
  if (!count || at == count + CHECK_OCTETS) {
    choose(sender);
  } else if (at < count) {
    uint8_t octet = again ? sender->last[at] : waiting->octets[at];
    sender->check = checked(sender->check, octet);
    put_octet(sender, octet);
  } else {
    put_octet(sender, (uint8_t)(~sender->check >> (at == count ? 0 : 8)));
  }
}

void hdlc_send(struct hdlc_sender *sender, uint8_t *slot, int count) {
  for (int n = 0; n < count; n++) {
    while (sender->held < 8) refill(sender);
    slot[n] = turned((uint8_t)sender->bits);
    sender->bits >>= 8;
    sender->held = (uint8_t)(sender->held - 8);
  }
}

void hdlc_receiver_init(struct hdlc_receiver *receiver, int longest, int counting) {
  memset(receiver, 0, sizeof *receiver);
  receiver->longest = (uint16_t)(longest < HDLC_FRAME_OCTETS ? longest : HDLC_FRAME_OCTETS);
  receiver->counting = (uint16_t)counting;
  receiver->ones = MANY_ONES;
}

/* Where units are put. */
struct found {
  struct hdlc_unit *units;
  uint8_t *octets;
  int count, start, offset;
};

static void put_fault(struct found *found, int fault) {
  found->units[found->count++] = (struct hdlc_unit){(uint16_t)found->offset, (uint16_t)fault, (uint16_t)found->start, 0};
}

static void put_frame(struct found *found, const struct hdlc_receiver *receiver) {
  int count = receiver->count - CHECK_OCTETS;
  found->units[found->count++] = (struct hdlc_unit){(uint16_t)found->offset, CARD_FRAME_GOOD, (uint16_t)found->start, (uint16_t)count};
  memcpy(found->octets + found->start, receiver->octets, (size_t)count);
  found->start += count;
}

/* Nothing can be told of this frame any more: hunt for a flag. */
static void lose(struct hdlc_receiver *receiver, int fault, struct found *found) {
  if (!receiver->within) return;
  receiver->within = 0;
  if (!receiver->lost) put_fault(found, fault);
  if (receiver->counting && !receiver->lost) {
    receiver->lost = 1;
    receiver->counted = 0;
  }
}

static void begin(struct hdlc_receiver *receiver) {
  receiver->within = 1;
  receiver->count = 0;
  receiver->bit = 0;
  receiver->octet = 0;
  receiver->check = CHECK_BEGIN;
}

static void take_flag(struct hdlc_receiver *receiver, struct found *found) {
  int bits = receiver->count * 8 + receiver->bit;
  if (receiver->within && bits > FLAG_BITS) {
    int whole = receiver->bit == FLAG_BITS && receiver->count >= SHORTEST + CHECK_OCTETS;
    if (whole && receiver->check == CHECK_GOOD) {
      put_frame(found, receiver);
      receiver->lost = 0;
    } else if (!receiver->lost) {
      put_fault(found, CARD_FRAME_BAD_CHECK);
    }
  }
  begin(receiver);
}

static void take_octet(struct hdlc_receiver *receiver, struct found *found) {
  receiver->bit = 0;
  if (receiver->count == receiver->longest + CHECK_OCTETS) {
    lose(receiver, CARD_FRAME_OVERRUN, found);
    return;
  }
  receiver->octets[receiver->count++] = receiver->octet;
  receiver->check = checked(receiver->check, receiver->octet);
}

static void take_bit(struct hdlc_receiver *receiver, int bit, struct found *found) {
  int ones = receiver->ones;
  receiver->ones = !bit ? 0 : ones < MANY_ONES ? (uint8_t)(ones + 1) : MANY_ONES;
  if (!bit && ones == FLAG_ONES)
    take_flag(receiver, found);
  else if (bit && receiver->ones == MANY_ONES)
    lose(receiver, CARD_FRAME_ABORTED, found);
  else if (receiver->within && (bit || ones != 5)) {
    receiver->octet = (uint8_t)(receiver->octet >> 1 | bit << 7);
    if (++receiver->bit == 8) take_octet(receiver, found);
  }
  if (receiver->lost && ++receiver->counted == receiver->counting * 8) {
    receiver->counted = 0;
    put_fault(found, CARD_FRAME_OCTETS_LOST);
  }
}

int hdlc_receive(struct hdlc_receiver *receiver, const uint8_t *slot, int count, struct hdlc_unit *units, uint8_t *octets) {
  struct found found = {units, octets, 0, 0, 0};
  for (; found.offset < count; found.offset++)
    for (int n = 7; n >= 0; n--) take_bit(receiver, slot[found.offset] >> n & 1, &found);
  return found.count;
}
