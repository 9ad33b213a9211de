#include "e1.h"
#include "card.h"
#include <string.h>

enum { E1_HUNTING, E1_WAITING, E1_ALIGNED };
enum { E1_CRC_NONE, E1_CRC_SEARCH, E1_CRC_ALIGNED };
enum { E1_MF_LOST, E1_MF_SEEN, E1_MF_ALIGNED };

#define FAS 0x1B
#define FAS_MASK 0x7F
#define NFAS_BIT_2 0x40
#define NFAS_A 0x20
#define TAIL_BITS (E1_TAIL * 8)
#define BLOCK_BITS (E1_OCTETS * 8)
#define FRAME_BITS (E1_FRAME_OCTETS * 8)
#define CRC_SEARCH_FRAMES 64   /* 8 ms */
#define CRC_ANNEX_B_FRAMES 3200 /* 400 ms */
#define CRC_BLOCKS_PER_SECOND 1000
#define CRC_FALSE_ALIGNMENT 915
#define DISTANT_ALARM_TIMES 3
#define MFAS_BITS 0x0B /* 001011 */

static uint64_t big_endian(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return __builtin_bswap64(v);
}

/* x^4+x+1 is primitive, so x^15 = 1 modulo it: bits that stand 15 apart may be added together. The sum of a whole frame is
 * thus a handful of word operations, and only the 15 bits that remain are divided. */
static uint32_t fold15(uint64_t w) {
  w = (w >> 60) ^ (w & ((UINT64_C(1) << 60) - 1));
  w = (w >> 30) ^ (w & ((UINT64_C(1) << 30) - 1));
  return (uint32_t)((w >> 15) ^ (w & 0x7FFF));
}

static uint32_t rotate15(uint32_t v, int n) { return ((v << n) | (v >> (15 - n))) & 0x7FFF; }

/* Appends a frame to the sum; bit 1 of a FAS frame counts as 0 because it carries the check bits (G.704 2.3.3.4). */
static uint32_t crc_frame(uint32_t sum, const uint8_t *frame, int is_fas) {
  uint64_t first = big_endian(frame);
  if (is_fas) first &= ~(UINT64_C(1) << 63);
  return rotate15(sum, 256 % 15) ^ rotate15(fold15(first), 192 % 15) ^ rotate15(fold15(big_endian(frame + 8)), 128 % 15) ^
         rotate15(fold15(big_endian(frame + 16)), 64 % 15) ^ fold15(big_endian(frame + 24));
}

/* The remainder of sum * x^4: C1 is the most significant of the four bits. */
static uint32_t crc_remainder(uint32_t sum) {
  uint32_t v = rotate15(sum, 4);
  for (int i = 14; i >= 4; i--)
    if (v & (1u << i)) v ^= 0x13u << (i - 4);
  return v;
}

uint32_t e1_crc4(const uint8_t *octets, int frames) {
  uint32_t sum = 0;
  for (int n = 0; n < frames; n++) sum = crc_frame(sum, octets + n * E1_FRAME_OCTETS, !(n & 1));
  return crc_remainder(sum);
}

/* ---- sender ---- */

void e1_sender_init(struct e1_sender *tx, int crc4, int idle_bits) {
  memset(tx, 0, sizeof *tx);
  tx->ports = E1_CIRCUITS;
  tx->crc4 = crc4 != E1_CRC4_OFF;
  memset(tx->bits, idle_bits, sizeof tx->bits);
  memset(tx->ordered, idle_bits, sizeof tx->ordered);
}

void e1_order(struct e1_sender *tx, int port, int value, int offset) {
  value &= 15;
  if (value == 0 && port < 15) {
    value = 1;
    tx->substituted++;
  }
  tx->ordered[port] = (uint8_t)value;
  if (tx->orders == E1_ORDERS) {
    tx->bits[port] = (uint8_t)value;
    return;
  }
  if (offset < 0) offset = 0;
  if (offset >= E1_FRAMES) offset = E1_FRAMES - 1;
  int at = tx->orders++;
  for (; at > 0 && tx->order[at - 1].offset > offset; at--) tx->order[at] = tx->order[at - 1];
  tx->order[at] = (struct e1_change){(uint16_t)port, (uint16_t)offset, (uint16_t)value};
}

/* Bit 1 of time slot 0 of frame n of the multiframe (G.704 table 5B). */
static int first_bit(struct e1_sender *tx, int n) {
  if (!tx->crc4) return 1;
  if (!(n & 1)) return (tx->crc >> (3 - (n & 7) / 2)) & 1;
  if (n < 12) return (MFAS_BITS >> (5 - n / 2)) & 1;
  if (!tx->crc_aligned) return 0;
  if (tx->errored == 0) return 1;
  tx->errored--;
  return 0;
}

static void fill_slots_0_and_16(struct e1_sender *tx, uint8_t *frame, int n) {
  int first = first_bit(tx, n) << 7;
  frame[0] = (uint8_t)(first | ((n & 1) ? 0x5F | (tx->remote_alarm ? NFAS_A : 0) : FAS));
  if (n == 0)
    frame[16] = (uint8_t)(0x0B | (tx->multiframe_alarm ? 4 : 0));
  else
    frame[16] = (uint8_t)(tx->bits[n - 1] << 4 | tx->bits[n + 14]);
}

/* Fills all time slots that carry sound; returns the octets of time slot 16, null = bits. */
static const uint8_t *gather_sound(const struct e1_sender *tx, const uint8_t *samples, uint8_t *octets) {
  for (int port = 0; port < tx->ports; port++) {
    const uint8_t *from = samples + port * E1_FRAMES;
    uint8_t *to = octets + e1_slot_of(tx->ports, port);
    for (int n = 0; n < E1_FRAMES; n++) to[n * E1_FRAME_OCTETS] = from[n];
  }
  return tx->ports == E1_PORTS ? samples + (E1_SLOT_16 - 1) * E1_FRAMES : tx->slot_16;
}

void e1_send(struct e1_sender *tx, const uint8_t *samples, uint8_t *octets) {
  const uint8_t *slot_16 = gather_sound(tx, samples, octets);
  int next = 0;
  uint32_t sum = 0;
  for (int n = 0; n < E1_FRAMES; n++) {
    uint8_t *frame = octets + n * E1_FRAME_OCTETS;
    for (; next < tx->orders && tx->order[next].offset <= n; next++) tx->bits[tx->order[next].port] = (uint8_t)tx->order[next].value;
    fill_slots_0_and_16(tx, frame, n & 15);
    if (slot_16) frame[E1_SLOT_16] = slot_16[n];
    sum = crc_frame(sum, frame, !(n & 1));
    if ((n & 7) == 7) {
      tx->crc = crc_remainder(sum);
      sum = 0;
    }
  }
  tx->orders = 0;
}

int e1_send_changes(struct e1_sender *tx, struct e1_change *change) {
  int count = 0, kept = 0;
  for (int i = 0; i < tx->orders; i++) {
    struct e1_change order = tx->order[i];
    int due = order.port % 15 + 1; /* the frame of the multiframe that carries this circuit */
    int frame = order.offset + ((due - order.offset) & 15);
    if (frame >= E1_FRAMES) {
      tx->order[kept++] = (struct e1_change){order.port, 0, order.value};
      continue;
    }
    tx->bits[order.port] = (uint8_t)order.value;
    int at = count;
    while (at > 0 && change[at - 1].offset > frame) at--;
    int same = at;
    while (same > 0 && change[same - 1].offset == frame && change[same - 1].port != order.port) same--;
    if (same > 0 && change[same - 1].offset == frame) {
      change[same - 1].value = order.value;
      continue;
    }
    memmove(change + at + 1, change + at, (size_t)(count - at) * sizeof *change);
    change[at] = (struct e1_change){order.port, (uint16_t)frame, order.value};
    count++;
  }
  tx->orders = kept;
  return count;
}

int e1_is_silent(const uint8_t *samples, int ports) {
  uint64_t loud = 0;
  for (int n = 0; n < ports * E1_FRAMES; n += 8) {
    uint64_t word;
    memcpy(&word, samples + n, 8);
    loud |= (word & UINT64_C(0x7F7F7F7F7F7F7F7F)) ^ UINT64_C(0x5555555555555555); /* 0xD5 and 0x55 */
  }
  return loud == 0;
}

/* ---- receiver ---- */

void e1_receiver_init(struct e1_receiver *rx, int crc4, int idle_bits) {
  memset(rx, 0, sizeof *rx);
  rx->ports = E1_CIRCUITS;
  rx->crc4 = crc4;
  rx->hunt_from = TAIL_BITS;
  rx->lof = 1;
  rx->alarms = CARD_ALARM_LOF;
  memset(rx->bits, idle_bits, sizeof rx->bits);
}

void e1_speak_in_slot_16(struct e1_sender *tx, struct e1_receiver *rx) {
  tx->ports = rx->ports = E1_PORTS;
  rx->slot_16_clear = 1;
}

/* First bit of frame i in `stream`. */
static int frame_start(const struct e1_receiver *rx, int i) {
  return TAIL_BITS + i * FRAME_BITS + (rx->phase ? rx->phase - FRAME_BITS : 0);
}

static int octet_at(const struct e1_receiver *rx, int bit) {
  const uint8_t *p = rx->stream + bit / 8;
  int shift = bit % 8;
  return shift ? ((p[0] << shift | p[1] >> (8 - shift)) & 0xFF) : p[0];
}

static const uint8_t *frame_at(struct e1_receiver *rx, int i) {
  int start = frame_start(rx, i), shift = start % 8;
  const uint8_t *p = rx->stream + start / 8;
  if (shift == 0) return p;
  uint8_t *to = rx->shifted + i * E1_FRAME_OCTETS;
  for (int k = 0; k < E1_FRAME_OCTETS; k++) to[k] = (uint8_t)(p[k] << shift | p[k + 1] >> (8 - shift));
  return to;
}

/* G.706 4.1.2: a FAS, bit 2 one frame later, a FAS two frames later, at any bit of the line. */
static void hunt(struct e1_receiver *rx) {
  int last = TAIL_BITS + BLOCK_BITS - 2 * FRAME_BITS - 8;
  for (int bit = rx->hunt_from; bit <= last; bit++) {
    if ((octet_at(rx, bit) & FAS_MASK) != FAS) continue;
    if (!(octet_at(rx, bit + FRAME_BITS) & NFAS_BIT_2) || (octet_at(rx, bit + 2 * FRAME_BITS) & FAS_MASK) != FAS) continue;
    rx->hunt_from = bit + 1;
    rx->phase = bit % FRAME_BITS;
    rx->begin = (bit + 2 * FRAME_BITS - frame_start(rx, 0)) / FRAME_BITS;
    rx->state = E1_WAITING;
    return;
  }
  rx->hunt_from = last + 1;
  rx->exhausted = 1;
}

static void begin_alignment(struct e1_receiver *rx) {
  rx->state = E1_ALIGNED;
  rx->expect_fas = 1;
  rx->bad_fas = rx->bad_nfas = rx->suspect = 0;
  rx->crc_state = rx->crc4 == E1_CRC4_OFF ? E1_CRC_NONE : E1_CRC_SEARCH;
  rx->crc_age = 0;
  rx->crc_history = rx->crc_seen = 0;
  rx->crc_blocks = rx->crc_bad = 0;
  rx->mf_state = E1_MF_LOST;
  rx->mf_previous = rx->mf_zero = 0;
  rx->rai_run = rx->y_run = 0;
}

static void lose_alignment(struct e1_receiver *rx, int i) {
  if (rx->framed_for) rx->frame_losses++;
  rx->state = E1_HUNTING;
  rx->hunt_from = frame_start(rx, i) + 1;
  rx->framed_for = 0;
  rx->lof = 1;
}

/* A state that must stand DISTANT_ALARM_TIMES in a row before it is believed. */
static void persist(int *state, int *run, int value) {
  *run = value == *state ? 0 : *run + 1;
  if (*run >= DISTANT_ALARM_TIMES) {
    *state = value;
    *run = 0;
  }
}

/* Search for the CRC multiframe in bit 1 of the NFAS frames (G.706 4.2); 0 = this was not the true FAS. */
static int search_crc(struct e1_receiver *rx, int is_fas, int octet) {
  rx->crc_age++;
  rx->spurious_age++;
  if (!is_fas) {
    rx->crc_history = (rx->crc_history << 1 | (octet >> 7 & 1)) & 0x3F;
    uint32_t place = 1u << (rx->crc_age / 2 & 7);
    if (rx->crc_age >= 12 && rx->crc_history == MFAS_BITS) {
      if (rx->crc_seen & place) {
        rx->crc_state = E1_CRC_ALIGNED;
        rx->crc_frame = 11;
        rx->crc_known = 0;
        rx->crc_sum = rx->crc_sent = 0;
        rx->spurious_age = 0;
        return 1;
      }
      rx->crc_seen |= place;
    }
  }
  if (rx->crc4 == E1_CRC4_AUTOMATIC && rx->spurious_age >= CRC_ANNEX_B_FRAMES) {
    rx->crc_state = E1_CRC_NONE;
    return 1;
  }
  return rx->crc_age < CRC_SEARCH_FRAMES;
}

/* One block of 8 frames is complete; 0 = false alignment (G.706 4.3.2). */
static int crc_block(struct e1_receiver *rx) {
  if (rx->crc_known >= 2) {
    if (rx->crc_sent != rx->crc_before) {
      rx->crc_errors++;
      rx->crc_bad++;
      rx->errored++;
    }
    if (++rx->crc_blocks == CRC_BLOCKS_PER_SECOND) {
      int bad = rx->crc_bad;
      rx->crc_blocks = rx->crc_bad = 0;
      if (bad >= CRC_FALSE_ALIGNMENT) {
        rx->false_alignments++;
        return 0;
      }
    }
  }
  rx->crc_before = crc_remainder(rx->crc_sum);
  return 1;
}

static int check_crc(struct e1_receiver *rx, const uint8_t *frame) {
  rx->crc_frame = (rx->crc_frame + 1) & 15;
  int n = rx->crc_frame, first = frame[0] >> 7;
  if ((n & 7) == 0) {
    rx->crc_sum = rx->crc_sent = 0;
    /* 1: the first whole block runs; 2: its sum is known when the next one ends. */
    if (rx->crc_known < 3) rx->crc_known++;
  }
  rx->crc_sum = crc_frame(rx->crc_sum, frame, !(n & 1));
  if (!(n & 1)) rx->crc_sent = rx->crc_sent << 1 | (uint32_t)first;
  if (n >= 13 && (n & 1) && !first) rx->e_bits++;
  return (n & 7) != 7 || rx->crc_known == 0 || crc_block(rx);
}

/* Time slot 0 of one frame; 0 = alignment is lost. */
static int watch_slot_0(struct e1_receiver *rx, const uint8_t *frame) {
  int is_fas = rx->expect_fas, octet = frame[0];
  rx->expect_fas = !is_fas;
  if (is_fas) {
    rx->suspect = (octet & FAS_MASK) != FAS;
    rx->fas_errors += (uint64_t)rx->suspect;
    rx->bad_fas = rx->suspect ? rx->bad_fas + 1 : 0;
  } else {
    int wrong = !(octet & NFAS_BIT_2);
    rx->suspect |= wrong;
    rx->bad_nfas = wrong ? rx->bad_nfas + 1 : 0;
    if (!wrong) persist(&rx->rai, &rx->rai_run, (octet & NFAS_A) != 0);
  }
  if (rx->bad_fas >= 3 || rx->bad_nfas >= 3) {
    rx->spurious_age = 0;
    return 0;
  }
  if (rx->crc_state == E1_CRC_SEARCH) return search_crc(rx, is_fas, octet);
  if (rx->crc_state == E1_CRC_ALIGNED) return check_crc(rx, frame);
  return 1;
}

static void receive_bits(struct e1_receiver *rx, int port, int value, int offset) {
  if (rx->bits[port] == value || rx->changes == E1_CHANGES) return;
  rx->bits[port] = (uint8_t)value;
  rx->change[rx->changes++] = (struct e1_change){(uint16_t)port, (uint16_t)offset, (uint16_t)value};
}

/* Time slot 16 (G.732 5.2). */
static void watch_slot_16(struct e1_receiver *rx, int octet, int i, int believable) {
  int signal = (octet & 0xF0) == 0, previous = rx->mf_previous;
  rx->mf_previous = octet;
  rx->mf_zero = octet ? 0 : rx->mf_zero + 1;
  if (rx->mf_state == E1_MF_LOST) {
    if (signal && previous) {
      rx->mf_state = E1_MF_SEEN;
      rx->mf_frame = rx->mf_bad = 0;
    }
    return;
  }
  rx->mf_frame = (rx->mf_frame + 1) & 15;
  int n = rx->mf_frame;
  if (n == 0) {
    rx->mf_bad = signal ? 0 : rx->mf_bad + 1;
    if (signal) persist(&rx->y, &rx->y_run, (octet & 4) != 0);
    if (rx->mf_state == E1_MF_SEEN) rx->mf_state = signal ? E1_MF_ALIGNED : E1_MF_LOST;
  }
  if (rx->mf_bad >= 2 || rx->mf_zero >= 16) {
    rx->multiframe_losses += rx->mf_state == E1_MF_ALIGNED;
    rx->mf_state = E1_MF_LOST;
    return;
  }
  if (n == 0 || rx->mf_state != E1_MF_ALIGNED || rx->mf_bad || rx->mf_zero || !believable) return;
  receive_bits(rx, n - 1, octet >> 4, i);
  receive_bits(rx, n + 14, octet & 15, i);
}

/* LOS and AIS look at the line as it comes, whatever the framing (G.775). Returns 1 when the frame is no signal at all. */
static int watch_line(struct e1_receiver *rx, int i) {
  const uint8_t *p = rx->stream + E1_TAIL + i * E1_FRAME_OCTETS;
  uint64_t a = big_endian(p), b = big_endian(p + 8), c = big_endian(p + 16), d = big_endian(p + 24);
  int ones_at_first = __builtin_popcountll(a), empty = (a | b | c | d) == 0, zeros = 3;
  if (ones_at_first >= 62)
    zeros = FRAME_BITS - ones_at_first - __builtin_popcountll(b) - __builtin_popcountll(c) - __builtin_popcountll(d);
  if (empty)
    rx->los = 1;
  else if (rx->los && ones_at_first + __builtin_popcountll(b) + __builtin_popcountll(c) + __builtin_popcountll(d) >= FRAME_BITS / 8)
    rx->los = 0;
  if (i & 1) {
    int now = rx->zeros + zeros <= 2;
    rx->ais_run = now == rx->ais ? 0 : rx->ais_run + 1;
    if (rx->ais_run == 2) {
      rx->ais = now;
      rx->ais_run = 0;
    }
  } else {
    rx->zeros = zeros;
  }
  return empty || zeros <= 2;
}

static void update_alarms(struct e1_receiver *rx, int i) {
  int framed = rx->state == E1_ALIGNED && rx->crc_state != E1_CRC_SEARCH;
  if (framed && rx->framed_for < E1_CLEAR_FRAMES && ++rx->framed_for == E1_CLEAR_FRAMES) rx->lof = 0;
  int alarms = 0;
  if (rx->los)
    alarms = CARD_ALARM_LOS;
  else if (rx->ais)
    alarms = CARD_ALARM_AIS;
  else if (rx->lof)
    alarms = CARD_ALARM_LOF;
  else
    alarms = (rx->mf_state != E1_MF_ALIGNED && !rx->slot_16_clear ? CARD_ALARM_LOMF : 0) |
             (rx->rai || rx->y || rx->force_rai ? CARD_ALARM_RAI : 0);
  if (alarms == rx->alarms) return;
  rx->alarms = alarms;
  rx->alarm[rx->alarm_changes++] = (struct e1_alarm_change){(uint16_t)i, (uint16_t)alarms};
}

static void receive_frame(struct e1_receiver *rx, int i) {
  int nothing = watch_line(rx, i);
  if (rx->state == E1_HUNTING && !rx->exhausted) hunt(rx);
  if (rx->state == E1_WAITING && i >= rx->begin) begin_alignment(rx);
  const uint8_t *frame = 0;
  if (rx->state == E1_ALIGNED) {
    frame = frame_at(rx, i);
    if (watch_slot_0(rx, frame)) {
      int cut = rx->los || rx->ais || rx->lof;
      if (!rx->slot_16_clear) watch_slot_16(rx, frame[16], i, !cut && !nothing && !rx->suspect);
    } else {
      lose_alignment(rx, i);
    }
  }
  update_alarms(rx, i);
  rx->frame[i] = rx->los || rx->ais || rx->lof ? 0 : frame;
}

static inline void spread(const struct e1_receiver *rx, uint8_t *samples, int ports) {
  for (int i = 0; i < E1_FRAMES; i++) {
    const uint8_t *frame = rx->frame[i];
    for (int port = 0; port < ports; port++) samples[port * E1_FRAMES + i] = frame ? frame[e1_slot_of(ports, port)] : E1_IDLE;
  }
}

/* The compiler makes a loop for either count. */
static void spread_sound(const struct e1_receiver *rx, uint8_t *samples) {
  if (rx->ports == E1_CIRCUITS)
    spread(rx, samples, E1_CIRCUITS);
  else
    spread(rx, samples, E1_PORTS);
}

void e1_receive(struct e1_receiver *rx, const uint8_t *octets, uint8_t *samples) {
  int alarms_before = rx->alarms;
  memcpy(rx->stream, rx->stream + E1_OCTETS, E1_TAIL);
  if (octets)
    memcpy(rx->stream + E1_TAIL, octets, E1_OCTETS);
  else
    memset(rx->stream + E1_TAIL, 0, E1_OCTETS);
  rx->changes = rx->alarm_changes = rx->errored = 0;
  for (int i = 0; i < E1_FRAMES; i++) receive_frame(rx, i);
  if (samples) spread_sound(rx, samples);
  if (rx->state == E1_WAITING) rx->begin -= E1_FRAMES;
  if (rx->state == E1_HUNTING) rx->hunt_from -= BLOCK_BITS;
  rx->exhausted = 0;
  int rest = rx->framed_for == E1_CLEAR_FRAMES || (octets == 0 && rx->los);
  rx->steady = rest && rx->changes == 0 && rx->alarms == alarms_before && rx->errored == 0 ? rx->steady + 1 : 0;
}

void e1_slot_16(const struct e1_receiver *rx, uint8_t *octets) {
  for (int i = 0; i < E1_FRAMES; i++) octets[i] = rx->frame[i] ? rx->frame[i][16] : 0xff;
}

void e1_count(const struct e1_receiver *rx, struct wire_counters *counters) {
  counters->crc_errors = rx->crc_errors;
  counters->fas_errors = rx->fas_errors;
  counters->e_bits = rx->e_bits;
  counters->frame_losses = rx->frame_losses;
  counters->multiframe_losses = rx->multiframe_losses;
  counters->false_alignments = rx->false_alignments;
}

void e1_answer(struct e1_sender *tx, const struct e1_receiver *rx) {
  int no_frames = (rx->alarms & (CARD_ALARM_LOS | CARD_ALARM_AIS | CARD_ALARM_LOF)) != 0;
  tx->remote_alarm = no_frames;
  tx->multiframe_alarm = (rx->alarms & CARD_ALARM_LOMF) != 0;
  tx->crc_aligned = !no_frames && rx->crc_state == E1_CRC_ALIGNED;
  tx->errored = no_frames ? 0 : tx->errored + rx->errored;
}
