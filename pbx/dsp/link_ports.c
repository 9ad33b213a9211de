/* Signalling links that the plane works: see link_ports.h. */
#include "link_ports.h"

#include <stdlib.h>
#include <string.h>

#include "plane.h"

#define TOLD_OCTETS (PLANE_LINK_HEAD_OCTETS + MTP2_MESSAGE_OCTETS)
#define STATUS_OCTETS 2 /* of the longest status */
#define DOWN_ALARMS (CARD_ALARM_LOS | CARD_ALARM_LOF | CARD_ALARM_AIS)

_Static_assert(MTP2_EVENTS < LINK_OWED, "what one unit tells can wait");
_Static_assert(TOLD_OCTETS <= PLANE_FRAME_OCTETS && sizeof(struct mtp2_figures) <= PLANE_FRAME_OCTETS, "octets of links travel as frames");

int link_ports_create(struct link_ports *links, uint32_t lanes, uint32_t messages, uint32_t ports) {
  size_t octets = (mtp2_size((int)lanes, (int)messages) + 63) & ~(size_t)63;
  *links = (struct link_ports){.lanes = lanes};
  links->memory = aligned_alloc(64, octets);
  links->lane = calloc(lanes + 1, sizeof *links->lane);
  links->lane_of = malloc(ports * sizeof *links->lane_of);
  if (!links->memory || !links->lane || !links->lane_of)
    return -1;
  for (uint32_t lane = 0; lane < lanes; lane++)
    links->lane[lane].port = LINK_NO_LANE;
  memset(links->lane_of, 0xff, ports * sizeof *links->lane_of);
  links->mtp2 = mtp2_init(links->memory, (int)lanes, (int)messages);
  return 0;
}

void link_ports_close(struct link_ports *links) {
  free(links->memory);
  free(links->lane);
  free(links->lane_of);
  *links = (struct link_ports){0};
}

uint32_t link_ports_lane(const struct link_ports *links, uint32_t port) { return links->lane_of[port]; }

static int take_lane(struct plane *plane, uint32_t port) {
  struct link_ports *links = &plane->links;
  uint32_t number = 0;
  while (number < links->lanes && links->lane[number].port != LINK_NO_LANE)
    number++;
  const struct card *card = plane->ports[port].card;
  if (number == links->lanes || !card->give_frame)
    return -1;
  uint32_t octets = card->frame_octets ? (uint32_t)card->frame_octets : CARD_TICK_SAMPLES;
  links->lane[number] = (struct link_lane){.port = port, .tick_bits = 8 * octets};
  links->lane_of[port] = number;
  links->working++;
  mtp2_clear(links->mtp2, (int)number);
  struct arena_link *there = &plane->arena->links[number];
  there->counters = (struct mtp2_counters){0};
  atomic_store(&there->status, PLANE_LINK_NONE);
  atomic_store(&there->port_and_one, port + 1);
  return 0;
}

/* A port that is a link already goes on as it is: control is a new one. */
int plane_link_set(struct plane *plane, uint32_t port, int on) {
  struct link_ports *links = &plane->links;
  uint32_t number = links->lane_of[port];
  if (on)
    return number == LINK_NO_LANE ? take_lane(plane, port) : 0;
  if (number == LINK_NO_LANE)
    return 0;
  atomic_store(&plane->arena->links[number].port_and_one, 0);
  links->lane[number].port = links->lane_of[port] = LINK_NO_LANE;
  links->working--;
  return 0;
}

/* Control hears what is last of two that say the same thing. */
static void owe(struct plane *plane, struct link_lane *lane, struct link_owed what) {
  struct link_owed *last = lane->owed_count ? &lane->owed[lane->owed_count - 1] : 0;
  if (last && last->told == what.told && (what.told == MTP2_TOLD_STATUS || what.told == MTP2_TOLD_CONGESTION))
    *last = what;
  else if (lane->owed_count < LINK_OWED)
    lane->owed[lane->owed_count++] = what;
  else
    plane->arena->header->counters.event_overflows++;
}

static int put(struct plane *plane, const struct link_lane *lane, struct link_owed what, const uint8_t *octets, int count) {
  uint8_t told[TOLD_OCTETS] = {what.told, (uint8_t)what.value, (uint8_t)(what.value >> 8)};
  if (!arena_frames_fit(plane->arena, (uint32_t)count + PLANE_LINK_HEAD_OCTETS, 1))
    return -1;
  if (count)
    memcpy(told + PLANE_LINK_HEAD_OCTETS, octets, (size_t)count);
  arena_frame_put(plane->arena, what.sample, lane->port, PLANE_EVENT_LINK, told, (uint32_t)count + PLANE_LINK_HEAD_OCTETS);
  return 0;
}

static void tell(struct plane *plane, struct link_lane *lane, int told, int value, uint64_t sample) {
  struct link_owed what = {.sample = sample, .told = (uint8_t)told, .value = (uint16_t)value};
  if (lane->owed_count || put(plane, lane, what, 0, 0))
    owe(plane, lane, what);
}

static void tell_all(struct plane *plane, struct link_lane *lane, const struct mtp2_event *events, int count, uint64_t sample) {
  for (int n = 0; n < count; n++)
    tell(plane, lane, events[n].kind, events[n].value, sample);
}

static void pay(struct plane *plane, struct link_lane *lane) {
  uint8_t paid = 0;
  while (paid < lane->owed_count && !put(plane, lane, lane->owed[paid], 0, 0))
    paid++;
  lane->owed_count -= paid;
  memmove(lane->owed, lane->owed + paid, lane->owed_count * sizeof *lane->owed);
}

static void set_busy(struct link_ports *links, struct link_lane *lane, uint8_t busy) {
  lane->busy = busy;
  mtp2_carrier(links->mtp2, (int)(lane - links->lane), busy);
}

int plane_link_hears(struct plane *plane, uint32_t port, const struct card_frame *frame) {
  struct link_ports *links = &plane->links;
  struct mtp2_event events[MTP2_EVENTS];
  uint32_t number = links->lane_of[port];
  if (number == LINK_NO_LANE)
    return 0;
  struct link_lane *lane = &links->lane[number];
  uint64_t sample = plane->start + frame->offset;
  if (!lane->ready)
    return 1;
  if (frame->fault != CARD_FRAME_GOOD) {
    tell_all(plane, lane, events, mtp2_fault(links->mtp2, (int)number, frame->fault, events), sample);
    return 1;
  }
  if (frame->count > lane->short_unit && lane->busy != MTP2_BUSY_DISCARD &&
      (lane->owed_count || !arena_frames_fit(plane->arena, TOLD_OCTETS, MTP2_EVENTS)))
    set_busy(links, lane, MTP2_BUSY_DISCARD);
  int count = mtp2_receive(links->mtp2, (int)number, frame->octets, (int)frame->count, events);
  uint32_t header = (uint32_t)lane->short_unit - STATUS_OCTETS;
  for (int n = 0; n < count; n++) {
    struct link_owed what = {.sample = sample, .told = events[n].kind, .value = events[n].value};
    if (what.told != MTP2_TOLD_MESSAGE)
      tell(plane, lane, what.told, what.value, sample);
    else if (put(plane, lane, what, frame->octets + header, (int)(frame->count - header)))
      plane->arena->header->counters.frame_overflows++; /* never: there was room */
  }
  return 1;
}

static void retrieve(struct plane *plane, struct link_lane *lane) {
  struct link_ports *links = &plane->links;
  uint8_t octets[MTP2_MESSAGE_OCTETS];
  while (lane->retrieving && !lane->owed_count && arena_frames_free(plane->arena) >= LINK_ACCEPT_BELOW &&
         arena_frames_fit(plane->arena, TOLD_OCTETS, 2)) {
    int count = mtp2_retrieved(links->mtp2, (int)(lane - links->lane), octets);
    lane->retrieving = count > 0;
    if (count > 0)
      put(plane, lane, (struct link_owed){.sample = plane->now, .told = PLANE_LINK_RETRIEVED}, octets, count);
    else
      tell(plane, lane, PLANE_LINK_RETRIEVAL_ENDED, 0, plane->now);
  }
}

static int configure(struct plane *plane, struct link_lane *lane, const uint8_t *octets, int count) {
  struct mtp2_figures figures;
  if (count != sizeof figures)
    return -1;
  memcpy(&figures, octets, sizeof figures);
  if (!figures.suerm_octets)
    return -1;
  figures.options &= (uint16_t)~MTP2_REPEATING;
  if (plane->ports[lane->port].card->hides_repeated)
    figures.options |= MTP2_REPEATING;
  if (mtp2_configure(plane->links.mtp2, (int)(lane - plane->links.lane), &figures))
    return -1;
  lane->counting_octets = figures.suerm_octets;
  lane->short_unit = (uint8_t)(mtp2_header_octets(plane->links.mtp2, (int)(lane - plane->links.lane)) + STATUS_OCTETS);
  lane->ready = 1;
  return 0;
}

/* Whether the order has such a value. */
static int sensible(int order, int value) {
  static const uint16_t most[] = {[MTP2_ORDER_SEND] = MTP2_MESSAGE, [MTP2_ORDER_BEGIN] = 255, [MTP2_ORDER_ACCEPT] = MTP2_REJECTING,
                                 [MTP2_ORDER_MONITOR] = MTP2_AERM_EMERGENCY, [MTP2_ORDER_BUSY] = MTP2_BUSY_DISCARD,
                                 [MTP2_ORDER_RETRIEVE] = MTP2_UNKNOWN, [MTP2_ORDER_ALIVE] = 0};
  return order >= MTP2_ORDER_SEND && order <= MTP2_ORDER_ALIVE && value <= most[order] &&
         !(order == MTP2_ORDER_SEND && value > MTP2_SIPO && value < MTP2_FILL_IN);
}

static int execute(struct plane *plane, struct link_lane *lane, int order, int value, const uint8_t *octets, int count) {
  struct mtp2_event events[MTP2_EVENTS];
  struct link_ports *links = &plane->links;
  int number = (int)(lane - links->lane);
  if (order == PLANE_LINK_FIGURES)
    return configure(plane, lane, octets, count);
  if (!lane->ready)
    return -1;
  if (order == PLANE_LINK_MESSAGE) {
    int told = mtp2_message(links->mtp2, number, octets, count, events);
    if (told >= 0)
      tell_all(plane, lane, events, told, plane->now);
    return told < 0 ? -1 : 0;
  }
  if (!sensible(order, value))
    return -1;
  tell_all(plane, lane, events, mtp2_order(links->mtp2, number, order, value, events), plane->now);
  if (order == MTP2_ORDER_RETRIEVE || order == MTP2_ORDER_BEGIN)
    lane->retrieving = order == MTP2_ORDER_RETRIEVE;
  retrieve(plane, lane);
  return 0;
}

void plane_link_order(struct plane *plane, const struct plane_command *command) {
  struct plane_counters *counters = &plane->arena->header->counters;
  uint8_t octets[PLANE_FRAME_OCTETS];
  int count = arena_frame_take(plane->arena, command, octets);
  uint32_t number = command->port < plane->ports_used ? plane->links.lane_of[command->port] : LINK_NO_LANE;
  if (number == LINK_NO_LANE ||
      execute(plane, &plane->links.lane[number], command->gain & 0xff, command->gain >> 8 & 0xffff, octets, count))
    counters->rejected_commands++;
  else
    counters->executed_commands++;
}

/* Of a unit on the line: flag, zeros inserted behind five ones, check sequence. */
static uint32_t bits_of(const uint8_t *unit, int count) {
  uint32_t bits = 8u * ((uint32_t)count + 3), ones = 0;
  for (int n = 0; n < 8 * count; n++) {
    ones = unit[n >> 3] >> (n & 7) & 1 ? ones + 1 : 0;
    if (ones == 5) {
      bits++;
      ones = 0;
    }
  }
  return bits;
}

static void give(struct plane *plane, struct link_lane *lane) {
  struct link_ports *links = &plane->links;
  const struct plane_port *port = &plane->ports[lane->port];
  int number = (int)(lane - links->lane), room = port->card->frame_room(port->card, (int)port->index);
  uint8_t unit[MTP2_UNIT_OCTETS];
  lane->backlog_bits -= lane->backlog_bits < lane->tick_bits ? lane->backlog_bits : lane->tick_bits;
  lane->given_ticks++;
  for (; room > 0 && lane->backlog_bits < LINK_AHEAD_TICKS * lane->tick_bits; room--) {
    if (!mtp2_news(links->mtp2, number) && lane->given_ticks < LINK_AGAIN_TICKS)
      return;
    int count = mtp2_next(links->mtp2, number, unit);
    lane->given_ticks = 0;
    lane->backlog_bits += bits_of(unit, count);
    if (port->card->give_frame(port->card, (int)port->index, unit, count))
      plane->arena->header->counters.refused_frames++;
  }
}

/* A line without a signal has octets and no units, which a card that hides equal units does not tell apart. */
static void count_silence(struct plane *plane, struct link_lane *lane) {
  struct link_ports *links = &plane->links;
  const struct plane_port *port = &plane->ports[lane->port];
  struct mtp2_event events[MTP2_EVENTS];
  struct card_levels levels = {0};
  if (!port->card->hides_repeated || port->card->level(port->card, (int)port->index, &levels) || !(levels.alarms & DOWN_ALARMS)) {
    lane->silent_octets = 0;
    return;
  }
  lane->silent_octets += CARD_TICK_SAMPLES;
  for (; lane->silent_octets >= lane->counting_octets; lane->silent_octets -= lane->counting_octets)
    tell_all(plane, lane, events, mtp2_fault(links->mtp2, (int)(lane - links->lane), MTP2_FAULT_OCTETS, events), plane->start);
}

/* Whether control has looked at its events since the last tick; an older one does not count. */
static int control_lives(struct plane *plane) {
  uint64_t alive = atomic_load_explicit(&plane->arena->header->alive, memory_order_acquire);
  int lives = alive != plane->links.alive && alive >> 32 == atomic_load(&plane->arena->header->epoch);
  plane->links.alive = alive;
  return lives;
}

static void run_link(struct plane *plane, struct link_lane *lane, int lives) {
  struct link_ports *links = &plane->links;
  struct mtp2_event events[MTP2_EVENTS];
  int number = (int)(lane - links->lane);
  pay(plane, lane);
  if (lives)
    mtp2_order(links->mtp2, number, MTP2_ORDER_ALIVE, 0, events);
  count_silence(plane, lane);
  tell_all(plane, lane, events, mtp2_tick(links->mtp2, number, events), plane->start);
  retrieve(plane, lane);
  int full = lane->owed_count || (lane->busy == MTP2_BUSY_DISCARD && links->busy != MTP2_FREE);
  set_busy(links, lane, full ? MTP2_BUSY_DISCARD : links->busy);
  give(plane, lane);
  struct arena_link *there = &plane->arena->links[number];
  mtp2_counters(links->mtp2, number, &there->counters);
  atomic_store(&there->status, (uint32_t)mtp2_stage(links->mtp2, number));
}

void plane_run_links(struct plane *plane) {
  struct link_ports *links = &plane->links;
  int lives = control_lives(plane);
  uint32_t room = arena_frames_free(plane->arena);
  if (room < LINK_DISCARD_BELOW)
    links->busy = MTP2_BUSY_DISCARD;
  else if (room < LINK_ACCEPT_BELOW && links->busy == MTP2_FREE)
    links->busy = MTP2_BUSY_ACCEPT;
  else if (room >= LINK_FREE_FROM)
    links->busy = MTP2_FREE;
  for (uint32_t number = 0, left = links->working; left; number++) {
    struct link_lane *lane = &links->lane[number];
    if (lane->port == LINK_NO_LANE)
      continue;
    left--;
    if (lane->ready)
      run_link(plane, lane, lives);
  }
}
