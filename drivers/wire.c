#include "wire.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FREEZING (CARD_ALARM_LOS | CARD_ALARM_AIS | CARD_ALARM_LOF)

/* Events of one read, with the room that the plane gave. */
struct told {
  struct card_event *event;
  int room, count;
};

static struct wire_span *span_of(struct card *card, int span) {
  struct wire *wire = card->self;
  return span >= 0 && span < wire->spans ? &wire->span[span] : 0;
}

/* The span of a port of the card, and the port within it. No span has more than E1_PORTS, so it is not before the one looked at first. */
static struct wire_span *span_of_port(struct card *card, int *port) {
  struct wire *wire = card->self;
  for (int n = *port < 0 ? wire->spans : *port / E1_PORTS; n < wire->spans; n++) {
    struct wire_span *span = &wire->span[n];
    if (*port >= span->first + span->ports) continue;
    *port -= span->first;
    return span;
  }
  return 0;
}

static size_t samples_of(const struct wire_span *span) { return (size_t)span->ports * E1_FRAMES; }

static int tell(struct told *told, int port, int kind, int offset, int value) {
  if (told->count == told->room) return 0;
  told->event[told->count++] = (struct card_event){(uint16_t)port, (uint16_t)kind, (uint16_t)offset, 0, (uint32_t)value};
  return 1;
}

/* Bits abcd as an event of the port; without room it is told in a later tick, as the level it then is. */
static void tell_bits(struct wire_span *span, struct told *told, int first_port, int port, int value, int offset) {
  const struct bank_signal *signal = bank_signals(span->settings.kind);
  if (!signal) {
    if (span->told[port] == value) return;
    if (tell(told, first_port + port, CARD_EVENT_BITS, offset, value))
      span->told[port] = (uint8_t)value;
    else
      span->behind = 1;
    return;
  }
  value = bank_seen(&span->lines.bank[port], (uint8_t)value);
  for (; signal->event; signal++) {
    if (!((span->told[port] ^ value) & signal->bit)) continue;
    int at_rest = (value & signal->bit) != 0;
    if (tell(told, first_port + port, signal->event, offset, at_rest ? signal->rest : !signal->rest))
      span->told[port] ^= signal->bit;
    else
      span->behind = 1;
  }
}

static void tell_alarms(struct wire_span *span, struct told *told, int first_port, int alarms, int offset) {
  if (alarms == span->told_alarms) return;
  if (told->room - told->count < span->ports) {
    span->behind = 1;
    return;
  }
  for (int port = 0; port < span->ports; port++) tell(told, first_port + port, CARD_EVENT_ALARM, offset, alarms);
  span->told_alarms = alarms;
}

static void tell_what_was_left(struct wire_span *span, struct told *told, int first_port, const uint8_t *bits, int alarms) {
  if (!span->behind) return;
  span->behind = 0;
  tell_alarms(span, told, first_port, alarms, 0);
  for (int port = 0; port < span->ports; port++) tell_bits(span, told, first_port, port, bits[port], 0);
}

/* Takes the sound of a block through the elastic store, frame by frame behind the first slip. */
static void slip_sound(struct wire_span *span, struct told *told, int first_port, uint8_t *samples) {
  if (span->signalling.channel) span->slips = 0;
  if ((span->slips == 0 && span->store == 0) || span->signalling.channel) return;
  uint8_t now[WIRE_SAMPLES];
  int8_t late[E1_FRAMES];
  int next = 0, store = span->store;
  for (int n = 0; n < E1_FRAMES; n++) {
    for (; next < span->slips && span->slip[next].offset <= n; next++) {
      int repeat = span->slip[next].repeat;
      span->counters.slips_repeated += (uint64_t)repeat;
      span->counters.slips_lost += (uint64_t)!repeat;
      store += repeat ? 1 : -1;
      for (int port = 0; port < span->ports; port++)
        if (!tell(told, first_port + port, CARD_EVENT_SLIP, n, repeat)) span->counters.events_lost++;
    }
    late[n] = (int8_t)(n - store > E1_FRAMES - 1 ? n - (E1_FRAMES - 1) : store);
  }
  span->slips = 0;
  memcpy(now, samples, samples_of(span));
  for (int port = 0; port < span->ports; port++) {
    const uint8_t *before = span->previous + port * E1_FRAMES, *here = now + port * E1_FRAMES;
    for (int n = 0; n < E1_FRAMES; n++) {
      int at = n - late[n];
      samples[port * E1_FRAMES + n] = at >= 0 ? here[at] : before[at + E1_FRAMES < 0 ? 0 : at + E1_FRAMES];
    }
  }
  memcpy(span->previous, now, samples_of(span));
  /* Empty: the lost frame was made good by repeating the last one. Full: a whole block is given up. */
  span->store = store < 0 ? 0 : store >= WIRE_STORE_FRAMES ? store - WIRE_STORE_FRAMES : store;
}

/* The results of measurements, all of a line at once. */
static void tell_measured(struct wire_span *span, struct told *told, int first_port, const uint8_t *bits) {
  for (int port = 0; port < E1_PORTS && span->lines.measuring; port++) {
    struct bank_line *line = &span->lines.bank[port];
    if (!line->measuring || told->room - told->count < CARD_LINE_QUANTITIES) continue;
    for (int quantity = 0; quantity < CARD_LINE_QUANTITIES; quantity++)
      tell(told, first_port + port, CARD_EVENT_MEASURED, 0, quantity << 24 | (int)bank_measured(line, quantity, bits[port]));
    line->measuring = 0;
    span->lines.measuring--;
  }
}

/* A free-running socket gave no block, or one too many: its store repeats the last one or drops one (a slip of 80 frames). */
static void tell_socket_slips(struct wire_span *span, struct told *told, int first_port) {
  int slipped = span->link.kind == LINK_SOCKET ? span->link.socket->slipped : 0;
  if (slipped == 0) return;
  span->counters.slips_repeated += slipped > 0;
  span->counters.slips_lost += slipped < 0;
  for (int port = 0; port < span->ports; port++)
    if (!tell(told, first_port + port, CARD_EVENT_SLIP, 0, slipped > 0)) span->counters.events_lost++;
}

/* Leaks close loops, or no longer, at the beginning of a tick. */
static void leak(struct wire_span *span, struct told *told, int first_port) {
  for (int port = 0; port < span->ports; port++) {
    struct wet_line *wet = span->lines.wet[port];
    if (!wet) continue;
    span->lines.bank[port].leaks = (uint8_t)wet_line_step(wet);
    tell_bits(span, told, first_port, port, span->rx.bits[port], 0);
  }
}

static void read_sound(struct wire_span *span, struct told *told, int first_port, uint8_t *samples, uint64_t tick) {
  const struct link_block *block = link_receive(&span->link, tick);
  const uint8_t *octets = block ? block->octets : 0;
  struct e1_receiver *rx = &span->rx;
  if (octets) {
    span->counters.blocks_received++;
    if (faults_active(&span->fault[WIRE_RECEIVED])) {
      memcpy(span->scratch.octets, octets, E1_OCTETS);
      faults_apply(&span->fault[WIRE_RECEIVED], span->scratch.octets);
      octets = span->scratch.octets;
    }
  }
  if (span->lines.treated) leak(span, told, first_port);
  rx->force_rai = span->fault[WIRE_RECEIVED].rai;
  tell_socket_slips(span, told, first_port);
  e1_receive(rx, octets, samples);
  /* Of a store that stays empty only the first repetition is heard; the bits stand. */
  if (span->link.kind == LINK_SOCKET && span->link.socket->slipped > 0 && span->link.socket->silent > 1)
    memset(samples, E1_IDLE, samples_of(span));
  int alarm = 0;
  for (int i = 0; i < rx->changes; i++) {
    for (; alarm < rx->alarm_changes && rx->alarm[alarm].offset <= rx->change[i].offset; alarm++)
      tell_alarms(span, told, first_port, rx->alarm[alarm].alarms, rx->alarm[alarm].offset);
    tell_bits(span, told, first_port, rx->change[i].port, rx->change[i].value, rx->change[i].offset);
  }
  for (; alarm < rx->alarm_changes; alarm++)
    tell_alarms(span, told, first_port, rx->alarm[alarm].alarms, rx->alarm[alarm].offset);
  tell_what_was_left(span, told, first_port, rx->bits, rx->alarms);
  tell_measured(span, told, first_port, rx->bits);
  slip_sound(span, told, first_port, samples);
  wire_links_hear(&span->signalling, rx, samples);
  wire_lines_hear(&span->lines, samples);
  e1_answer(&span->tx, rx);
}

static int token_alarms(const struct wire_span *span, const struct link_block *block) {
  const struct faults *fault = &span->fault[WIRE_RECEIVED];
  int seen = block ? block->changes.alarms : CARD_ALARM_LOS;
  if (fault->cut || (seen & CARD_ALARM_LOS)) return CARD_ALARM_LOS;
  if (fault->ais || (seen & CARD_ALARM_AIS)) return CARD_ALARM_AIS;
  if (fault->lof || (seen & CARD_ALARM_LOF)) return CARD_ALARM_LOF;
  return fault->rai || (seen & CARD_ALARM_RAI) ? CARD_ALARM_RAI : 0;
}

/* Dropped blocks held changes: take what the far end now sends. */
static void take_levels(struct wire_span *span) {
  const struct wire_span *far = span->link.peer->owner;
  memcpy(span->token_bits, far->tx.bits, sizeof span->token_bits);
  span->heard = far->said;
}

/* The line is good again, or blocks were dropped: every port from its level on. */
static void tell_all_levels(struct wire_span *span, struct told *told, int first_port, struct card_tokens *in) {
  for (int port = 0; port < span->ports; port++) {
    tell_bits(span, told, first_port, port, span->token_bits[port], 0);
    change_token(&in[port], 0, span->heard.code[port], span->heard.level_tenths_dbm0[port]);
  }
}

static void read_changes(struct wire_span *span, struct told *told, int first_port, const struct link_changes *changes,
                         int frozen, struct card_tokens *in) {
  for (int i = 0; i < changes->bits; i++) {
    const struct e1_change *change = &changes->bit[i];
    span->token_bits[change->port] = (uint8_t)change->value;
    if (!frozen) tell_bits(span, told, first_port, change->port, change->value, change->offset);
  }
  for (int i = 0; i < changes->tokens; i++) {
    int port = changes->token[i].port;
    const struct card_tokens *tokens = &changes->token[i].tokens;
    span->heard.code[port] = tokens->change[tokens->count - 1].code;
    span->heard.level_tenths_dbm0[port] = tokens->change[tokens->count - 1].level_tenths_dbm0;
    if (!frozen) in[port] = *tokens;
  }
}

static const struct wire_tokens silent;

static void read_tokens(struct wire_span *span, struct told *told, int first_port, struct card_tokens *in, uint64_t tick) {
  for (int port = 0; port < span->ports; port++) in[port].count = 0;
  const struct link_block *block = link_receive(&span->link, tick);
  int alarms = token_alarms(span, block), before = span->token_alarms;
  int frozen = (alarms & FREEZING) != 0, was_frozen = (before & FREEZING) != 0;
  span->token_alarms = alarms;
  tell_what_was_left(span, told, first_port, frozen ? span->told : span->token_bits, alarms);
  tell_alarms(span, told, first_port, alarms, 0);
  int lost = block && link_lost(&span->link);
  if (lost) take_levels(span);
  if (frozen && !was_frozen)
    for (int port = 0; port < span->ports; port++)
      if (span->heard.code[port]) change_token(&in[port], 0, 0, 0);
  if (!frozen && (was_frozen || lost)) tell_all_levels(span, told, first_port, in);
  if (block) {
    span->counters.blocks_received++;
    read_changes(span, told, first_port, &block->changes, frozen, in);
  }
  for (int i = 0; i < span->slips; i++) {
    span->counters.slips_repeated += (uint64_t)span->slip[i].repeat;
    span->counters.slips_lost += (uint64_t)!span->slip[i].repeat;
    for (int port = 0; port < span->ports; port++)
      if (!tell(told, first_port + port, CARD_EVENT_SLIP, span->slip[i].offset, span->slip[i].repeat)) span->counters.events_lost++;
  }
  tell_measured(span, told, first_port, span->token_bits);
  wire_lines_hear_tokens(&span->lines, frozen ? &silent : &span->heard, in);
  int nothing = alarms == before && !span->behind && (!block || (block->changes.bits == 0 && block->changes.tokens == 0));
  span->steady = nothing && span->slips == 0 ? span->steady + 1 : 0;
  span->slips = 0;
  span->tx.remote_alarm = frozen;
}

static int wire_read(struct card *card, uint8_t *samples, struct card_event *events, int room, uint64_t tick) {
  struct wire *wire = card->self;
  struct told told = {events, room, 0};
  for (int n = 0; n < wire->spans; n++) {
    struct wire_span *span = &wire->span[n];
    if (card->tokens)
      read_tokens(span, &told, span->first, card->tokens_in + span->first, tick);
    else
      read_sound(span, &told, span->first, samples + span->first * E1_FRAMES, tick);
  }
  return told.count;
}

/* Counts the blocks that brought the far end nothing new. */
static void note_idle(struct wire_span *span, int nothing, int alarms) {
  span->idle_blocks = nothing && alarms == span->sent_alarms ? span->idle_blocks + 1 : 0;
  span->sent_alarms = alarms;
}

static void build_sound(struct wire_span *span, const uint8_t *samples, uint8_t *octets) {
  uint8_t treated[WIRE_SAMPLES], slot_16[E1_FRAMES];
  samples = wire_lines_say(&span->lines, samples, treated);
  if (span->signalling.count && samples != treated) samples = memcpy(treated, samples, samples_of(span));
  wire_links_say(&span->signalling, &span->tx, treated, slot_16);
  int nothing = !span->signalling.count && span->tx.orders == 0 && span->tx.errored == 0 && e1_is_silent(samples, span->ports);
  int remote_alarm = span->tx.remote_alarm;
  span->tx.remote_alarm |= span->fault[WIRE_SENT].rai;
  e1_send(&span->tx, samples, octets);
  span->tx.slot_16 = 0;
  note_idle(span, nothing, span->tx.remote_alarm | span->tx.multiframe_alarm << 1 | span->tx.crc_aligned << 2);
  span->tx.remote_alarm = remote_alarm;
}

static void build_tokens(struct wire_span *span, struct card_tokens *out, struct link_changes *changes) {
  const struct faults *fault = &span->fault[WIRE_SENT];
  changes->alarms = (uint16_t)((fault->cut ? CARD_ALARM_LOS : 0) | (fault->ais ? CARD_ALARM_AIS : 0) |
                               (fault->lof ? CARD_ALARM_LOF : 0) | (fault->rai || span->tx.remote_alarm ? CARD_ALARM_RAI : 0));
  changes->bits = (uint16_t)e1_send_changes(&span->tx, changes->bit);
  changes->tokens = 0;
  wire_lines_say_tokens(&span->lines, &span->said, out);
  for (int port = 0; port < span->ports; port++) {
    int count = out[port].count > CARD_TOKEN_CHANGES ? CARD_TOKEN_CHANGES : out[port].count;
    if (count == 0) continue;
    int n = changes->tokens++;
    changes->token[n].port = (uint16_t)port;
    changes->token[n].tokens = out[port];
    changes->token[n].tokens.count = (uint16_t)count;
    span->said.code[port] = out[port].change[count - 1].code;
    span->said.level_tenths_dbm0[port] = out[port].change[count - 1].level_tenths_dbm0;
    out[port].count = 0;
  }
  note_idle(span, changes->bits == 0 && changes->tokens == 0 && span->tx.orders == 0, changes->alarms);
}

static int wire_write(struct card *card, const uint8_t *samples, uint64_t tick) {
  struct wire *wire = card->self;
  for (int n = 0; n < wire->spans; n++) {
    struct wire_span *span = &wire->span[n];
    struct link_block *joined = link_outgoing(&span->link), *block = joined ? joined : &span->scratch;
    if (card->tokens) {
      build_tokens(span, card->tokens_out + span->first, &block->changes);
    } else {
      build_sound(span, samples + span->first * E1_FRAMES, block->octets);
      if (faults_active(&span->fault[WIRE_SENT])) faults_apply(&span->fault[WIRE_SENT], block->octets);
    }
    if (!joined) continue;
    link_send(&span->link, tick);
    span->counters.blocks_sent++;
  }
  return 0;
}

static int wire_level(struct card *card, int port, struct card_levels *levels) {
  struct wire_span *span = span_of_port(card, &port);
  if (!span) return -1;
  int bits = card->tokens ? span->told[port] : span->rx.bits[port];
  *levels = (struct card_levels){.bits_in = (uint8_t)bits, .bits_out = span->tx.ordered[port]};
  levels->alarms = (uint32_t)(card->tokens ? span->token_alarms : span->rx.alarms);
  bank_levels(&span->lines.bank[port], span->settings.kind, (uint8_t)bits, levels);
  return 0;
}

static int wire_order(struct card *card, const struct card_order *order) {
  int n = order->port;
  struct wire_span *span = span_of_port(card, &n);
  if (!span) return -1;
  int kind = span->settings.kind;
  struct bank_line *line = &span->lines.bank[n];
  if (order->kind == CARD_ORDER_BITS && !bank_signals(kind)) {
    e1_order(&span->tx, n, (int)(order->value & 15), order->offset);
    return 0;
  }
  if (order->kind == CARD_ORDER_MEASURE && kind == WIRE_SUBSCRIBERS) {
    span->lines.measuring += !line->measuring;
    line->measuring = 1;
    return 0;
  }
  if (bank_order(line, kind, order->kind, order->value)) return -1;
  e1_order(&span->tx, n, bank_sent(line), order->offset);
  return 0;
}

static int span_is_quiet(const struct wire_span *span, int tokens) {
  const struct wire_span *far = span->link.peer ? span->link.peer->owner : 0;
  if (span->link.kind == LINK_SOCKET || span->slips || span->behind || span->tx.orders || !wire_lines_quiet(&span->lines)) return 0;
  for (int way = 0; way < 2; way++)
    if (faults_active(&span->fault[way]) || span->fault[way].rai) return 0;
  if (!far) return (tokens ? span->steady : span->rx.steady) >= WIRE_QUIET_BLOCKS;
  int steady = tokens ? span->steady : span->rx.steady, least = WIRE_QUIET_BLOCKS + link_delay(&span->link);
  return span->idle_blocks >= least && far->idle_blocks >= least && steady >= WIRE_QUIET_BLOCKS;
}

static int wire_quiet(struct card *card) {
  struct wire *wire = card->self;
  for (int n = 0; n < wire->spans; n++)
    if (!span_is_quiet(&wire->span[n], card->tokens)) return 0;
  return 1;
}

static void wire_close(struct card *card) {
  struct wire *wire = card->self;
  for (int n = 0; n < wire->spans; n++) {
    link_close(&wire->span[n].link);
    wire_lines_end(&wire->span[n].lines);
    wire_links_free(&wire->span[n].signalling);
  }
  free(card->tokens_in);
  free(card->tokens_out);
  free(wire);
}

static int count_ports(struct wire *wire, const struct wire_span_settings *settings) {
  int ports = 0;
  for (int n = 0; n < wire->spans; n++) {
    wire->span[n].first = ports;
    ports += wire->span[n].ports = settings[n].speech_in_slot_16 ? E1_PORTS : E1_CIRCUITS;
  }
  return ports;
}

struct card *wire_create(int spans, const struct wire_span_settings *settings, int tokens) {
  struct wire *wire = calloc(1, sizeof *wire + (size_t)spans * sizeof wire->span[0]);
  if (!wire) return 0;
  wire->spans = spans;
  wire->card = (struct card){.kind = "wire", .self = wire, .ports = count_ports(wire, settings), .tokens = tokens};
  wire->card.tokens_in = tokens ? calloc((size_t)wire->card.ports, sizeof(struct card_tokens)) : 0;
  wire->card.tokens_out = tokens ? calloc((size_t)wire->card.ports, sizeof(struct card_tokens)) : 0;
  if (tokens && (!wire->card.tokens_in || !wire->card.tokens_out)) {
    wire_close(&wire->card);
    return 0;
  }
  wire->card.read = wire_read;
  wire->card.write = wire_write;
  wire->card.level = wire_level;
  wire->card.order = wire_order;
  wire->card.quiet = wire_quiet;
  wire->card.close = wire_close;
  for (int n = 0; n < spans; n++) {
    struct wire_span *span = &wire->span[n];
    span->settings = settings[n];
    if (span->settings.kind != WIRE_CIRCUITS) span->settings.idle_bits = 15;
    wire_lines_start(&span->lines, span->ports);
    span->store = settings[n].slack_frames;
    span->link.owner = span;
    span->link.tokens = tokens;
    e1_sender_init(&span->tx, settings[n].crc4, span->settings.idle_bits);
    e1_receiver_init(&span->rx, settings[n].crc4, span->settings.idle_bits);
    if (settings[n].speech_in_slot_16) e1_speak_in_slot_16(&span->tx, &span->rx);
    memset(span->told, span->settings.idle_bits, E1_PORTS);
    memset(span->token_bits, span->settings.idle_bits, E1_PORTS);
    memset(span->previous, E1_IDLE, WIRE_SAMPLES);
    if (wire_links_create(&span->signalling, &settings[n], &span->rx)) {
      wire_close(&wire->card);
      return 0;
    }
  }
  return &wire->card;
}

/* The line was there before the first tick: both framers have found their alignment, and one block is under way each way. */
static void settle(struct wire_span *a, struct wire_span *b) {
  uint8_t idle[WIRE_SAMPLES];
  struct wire_span *end[2] = {a, b};
  memset(idle, E1_IDLE, sizeof idle);
  for (int block = 0; block < 8; block++) {
    for (int n = 0; n < 2; n++) {
      e1_send(&end[n]->tx, idle, end[n]->scratch.octets);
      e1_receive(&end[1 - n]->rx, end[n]->scratch.octets, 0);
    }
    for (int n = 0; n < 2; n++) end[n]->tx.crc_aligned = 1;
  }
  for (int n = 0; n < 2; n++) {
    struct e1_receiver *rx = &end[n]->rx;
    rx->crc_errors = rx->fas_errors = rx->e_bits = 0;
    rx->frame_losses = rx->multiframe_losses = rx->false_alignments = 0;
    e1_send(&end[n]->tx, idle, link_outgoing(&end[n]->link)->octets);
    end[n]->behind = 1;
  }
}

struct card *wire_signalling_link(struct card *card, int span, int index) {
  struct wire_span *it = span_of(card, span);
  return it ? wire_links_card(&it->signalling, index) : 0;
}

int wire_join(struct card *a, int a_span, struct card *b, int b_span) {
  struct wire_span *one = span_of(a, a_span), *other = span_of(b, b_span);
  if (!one || !other || one == other || one->link.kind || other->link.kind || a->tokens != b->tokens) return -1;
  if (a->tokens && one->ports != other->ports) return -1; /* changes name ports */
  if (link_join(&one->link, &other->link)) return -1;
  if (a->tokens) {
    memset(&link_outgoing(&one->link)->changes, 0, sizeof(struct link_changes));
    memset(&link_outgoing(&other->link)->changes, 0, sizeof(struct link_changes));
    take_levels(one);
    take_levels(other);
    one->behind = other->behind = 1;
  } else {
    settle(one, other);
  }
  link_prime(&one->link);
  link_prime(&other->link);
  return 0;
}

int wire_unjoin(struct card *card, int span) {
  struct wire_span *it = span_of(card, span);
  if (!it || it->link.kind == LINK_NONE) return -1;
  link_close(&it->link);
  return 0;
}

static int open_socket(struct card *card, int span, const char *path, const char *name, int lockstep,
                       int (*opened)(struct link *, const char *, const char *, int, struct wire_counters *)) {
  struct wire_span *it = span_of(card, span);
  if (!it || card->tokens || it->link.kind) {
    errno = EINVAL;
    return -1;
  }
  return opened(&it->link, path, name, lockstep, &it->counters);
}

int wire_listen(struct card *card, int span, const char *path, const char *name, int lockstep) {
  return open_socket(card, span, path, name, lockstep, link_listen);
}

int wire_connect(struct card *card, int span, const char *path, const char *name, int lockstep) {
  return open_socket(card, span, path, name, lockstep, link_connect);
}

int wire_wait(struct card *card, int span, int timeout_ms) {
  struct wire_span *it = span_of(card, span);
  return it ? link_wait(&it->link, timeout_ms) : -1;
}

int wire_set_patience(struct card *card, int span, int patience_ms) {
  struct wire_span *it = span_of(card, span);
  return it ? link_set_patience(&it->link, patience_ms) : -1;
}

int wire_connected(struct card *card, int span) {
  const struct wire_span *it = span_of(card, span);
  return it && it->link.kind != LINK_NONE && link_is_up(&it->link);
}

static int add_slip(struct wire_span *span, int repeat, int offset) {
  if (span->slips == WIRE_SLIPS || offset > E1_FRAMES - 1) return -1;
  if (offset < 1) offset = 1;
  int at = span->slips++;
  for (; at > 0 && span->slip[at - 1].offset > offset; at--) span->slip[at] = span->slip[at - 1];
  span->slip[at] = (struct wire_slip){offset, repeat};
  return 0;
}

int wire_fault(struct card *card, int span, int direction, int kind, double value, double extra, uint64_t seed) {
  struct wire_span *it = span_of(card, span);
  if (!it || direction < 0 || direction > WIRE_SENT || !(value >= -1 && value < 1e12) || !(extra >= 0 && extra < 1e12)) return -1;
  struct wire_span *far = it->link.peer ? it->link.peer->owner : 0;
  struct wire_span *receiver = direction == WIRE_RECEIVED ? it : far;
  struct faults *faults = &it->fault[direction];
  /* What begins or ends here has still to be seen at the other end, however long nothing had changed before. */
  it->idle_blocks = 0;
  if (far) far->idle_blocks = 0;
  switch (kind) {
    case WIRE_FAULT_CLEAR: faults_clear(faults); return 0;
    case WIRE_FAULT_BIT_ERRORS:
      if (value < 0 || value > 1) return -1;
      faults_bit_errors(faults, value, seed);
      return 0;
    case WIRE_FAULT_BURST:
      if (value < 0) return -1;
      faults_burst(faults, (int64_t)(value * E1_FRAME_OCTETS * 8), (int64_t)(extra * E1_FRAME_OCTETS * 8), seed);
      return 0;
    case WIRE_FAULT_SLIP: return receiver && (value == 1 || value == -1) ? add_slip(receiver, value > 0, (int)extra) : -1;
    case WIRE_FAULT_CUT: faults->cut = value != 0; return 0;
    case WIRE_FAULT_AIS: faults->ais = value != 0; return 0;
    case WIRE_FAULT_LOF: faults->lof = value != 0; return 0;
    case WIRE_FAULT_RAI: faults->rai = value != 0; return 0;
    case WIRE_FAULT_DELAY: return receiver ? link_set_delay(&receiver->link, (int)value) : -1;
    case WIRE_FAULT_PHASE:
      if (value < 0 || value > 255) return -1;
      faults->phase = (int)value;
      return 0;
    default: return -1;
  }
}

int wire_set_line(struct card *card, int port, int quantity, uint32_t value) {
  struct wire_span *span = span_of_port(card, &port);
  if (!span || span->settings.kind != WIRE_SUBSCRIBERS) return -1;
  int changed = wire_lines_set(&span->lines, port, quantity, value);
  if (changed != 1) return changed;
  span->behind = 1; /* the hook as it now stands has to be told */
  e1_order(&span->tx, port, bank_sent(&span->lines.bank[port]), 0);
  return 0;
}

int wire_impair(struct card *card, int port, int direction, const struct wire_impairments *impairments, uint64_t seed) {
  struct wire_span *span = span_of_port(card, &port);
  if (!span || card->tokens || direction < 0 || direction > WIRE_SENT) return -1;
  span->idle_blocks = 0;
  return wire_lines_impair(&span->lines, port, direction, impairments, seed);
}

int wire_wet_line(struct card *card, int port, double wetness, uint64_t seed) {
  struct wire_span *span = span_of_port(card, &port);
  if (!span || card->tokens || span->settings.kind != WIRE_SUBSCRIBERS) return -1;
  span->behind = 1;
  return wire_lines_wet(&span->lines, port, wetness, seed);
}

int wire_counters(struct card *card, int span, struct wire_counters *counters) {
  const struct wire_span *it = span_of(card, span);
  if (!it) return -1;
  *counters = it->counters;
  e1_count(&it->rx, counters);
  counters->injected_errors = it->fault[0].injected + it->fault[1].injected;
  counters->substituted_bits = it->tx.substituted;
  return 0;
}

int wire_alarms(struct card *card, int span) {
  const struct wire_span *it = span_of(card, span);
  return it ? (card->tokens ? it->token_alarms : it->rx.alarms) : -1;
}
