#include "cut_through.h"

#include <stdlib.h>
#include <string.h>

#include "plane.h"

int cut_through_create(struct cut_through *cut, uint32_t ports) {
  cut->room = ports * (CUT_THROUGH_TICKS + 1); /* a pair is put in once a tick at the most */
  cut->ports = calloc(ports, sizeof *cut->ports);
  cut->touched = calloc(ports, sizeof *cut->touched);
  cut->waiting = calloc(cut->room, sizeof *cut->waiting);
  if (!cut->ports || !cut->touched || !cut->waiting)
    return -1;
  for (uint32_t port = 0; port < ports; port++)
    cut->ports[port].partner = CUT_THROUGH_NOBODY;
  return 0;
}

void cut_through_close(struct cut_through *cut) {
  free(cut->ports);
  free(cut->touched);
  free(cut->waiting);
}

void cut_through_touch(struct plane *plane, uint32_t number) {
  struct cut_through *cut = &plane->cut;
  if (number >= plane->ports_used || cut->ports[number].touched || !plane->ports[number].card->join)
    return;
  cut->ports[number].touched = 1;
  cut->touched[cut->touched_count++] = number;
}

void cut_through_alarm(struct plane *plane, uint32_t number, uint32_t alarms) {
  plane->cut.ports[number].alarmed = alarms != 0;
  cut_through_touch(plane, number);
}

int cut_through_waits(const struct cut_through *cut) { return cut->touched_count || cut->waiting_count; }

/* Nothing is to be heard on the port, or said on it, but through its edge. */
static int is_plain(const struct plane *plane, uint32_t number) {
  const struct plane_port *port = &plane->ports[number];
  const struct data_test *test = &plane->data.tests[number];
  int works = port->listening || port->recorder >= 0 || port->levelled || port->levelling || test->sends || test->receives;
  int speaks = port->generator.mode != GENERATOR_QUIET || port->rendered;
  return !works && !speaks && !plane->cut.ports[number].alarmed && plane->echo.lane_of[number] == ECHO_NO_LANE;
}

/* The only port that this one hears, as it is; CUT_THROUGH_NOBODY = none. */
static uint32_t heard_alone(const struct plane *plane, uint32_t number) {
  const struct arena_port *seen = &plane->arena->ports[number];
  const struct plane_edge *edge = &seen->edge[0];
  if (seen->edges != 1 || edge->member || edge->muted || edge->gain_4096 != PLANE_UNITY || edge->source >= PLANE_PLAYER)
    return CUT_THROUGH_NOBODY;
  return edge->source;
}

/* Whether the port is heard by that one and by nobody else. */
static int is_heard_by(const struct plane *plane, uint32_t number, uint32_t listener) {
  uint32_t edge = plane->listener_head[number];
  return edge != PLANE_NOBODY && edge / PLANE_EDGES == listener && plane->listener_next[edge] == PLANE_NOBODY;
}

/* With whom the port can be joined. */
static uint32_t partner_of(const struct plane *plane, uint32_t number) {
  uint32_t other = heard_alone(plane, number);
  if (other == CUT_THROUGH_NOBODY || other == number || heard_alone(plane, other) != number)
    return CUT_THROUGH_NOBODY;
  if (!plane->ports[other].card->join || !is_heard_by(plane, number, other) || !is_heard_by(plane, other, number))
    return CUT_THROUGH_NOBODY;
  return is_plain(plane, number) && is_plain(plane, other) ? other : CUT_THROUGH_NOBODY;
}

static void undo(struct plane *plane, uint32_t number) {
  struct cut_through_port *port = &plane->cut.ports[number];
  if (port->joined) {
    plane->ports[number].card->part(plane->ports[number].card, (int)plane->ports[number].index);
    plane->arena->header->counters.joined--;
    plane->arena->header->counters.parts++;
  }
  plane->cut.ports[port->partner].joined = port->joined = 0;
  plane->cut.ports[port->partner].partner = CUT_THROUGH_NOBODY;
  port->partner = CUT_THROUGH_NOBODY;
}

static void look_at(struct plane *plane, uint32_t number) {
  struct cut_through *cut = &plane->cut;
  uint32_t partner = partner_of(plane, number), before = cut->ports[number].partner;
  if (partner == before)
    return;
  if (before != CUT_THROUGH_NOBODY)
    undo(plane, number);
  if (partner == CUT_THROUGH_NOBODY)
    return;
  if (cut->ports[partner].partner != CUT_THROUGH_NOBODY)
    undo(plane, partner);
  uint64_t due = plane->tick + CUT_THROUGH_TICKS;
  cut->ports[number].partner = partner;
  cut->ports[partner].partner = number;
  cut->ports[number].due = cut->ports[partner].due = due;
  cut->waiting[(cut->waiting_first + cut->waiting_count++) % cut->room] = (struct cut_through_pair){number, partner, due};
}

static void join(struct plane *plane, const struct cut_through_pair *pair) {
  struct cut_through_port *port = &plane->cut.ports[pair->first];
  const struct plane_port *first = &plane->ports[pair->first], *second = &plane->ports[pair->second];
  if (port->partner != pair->second || port->joined || port->due != pair->due)
    return;
  /* Refused, the pair goes on as it is until it has changed. */
  if (first->card->join(first->card, (int)first->index, second->card, (int)second->index))
    return;
  port->joined = plane->cut.ports[pair->second].joined = 1;
  plane->arena->header->counters.joined++;
  plane->arena->header->counters.joins++;
}

void cut_through_run(struct plane *plane) {
  struct cut_through *cut = &plane->cut;
  for (uint32_t n = 0; n < cut->touched_count; n++) {
    cut->ports[cut->touched[n]].touched = 0;
    look_at(plane, cut->touched[n]);
  }
  cut->touched_count = 0;
  while (cut->waiting_count && cut->waiting[cut->waiting_first].due <= plane->tick) {
    struct cut_through_pair pair = cut->waiting[cut->waiting_first];
    cut->waiting_first = (cut->waiting_first + 1) % cut->room;
    cut->waiting_count--;
    join(plane, &pair);
  }
}
