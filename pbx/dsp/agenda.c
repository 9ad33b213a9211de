#include "agenda.h"

#include <stdlib.h>

int agenda_create(struct agenda *agenda, uint32_t members) {
  agenda->members = members;
  agenda->waiting = 0;
  agenda->heap = calloc(members, sizeof *agenda->heap);
  agenda->place = calloc(members, sizeof *agenda->place);
  agenda->when = calloc(members, sizeof *agenda->when);
  return agenda->heap && agenda->place && agenda->when ? 0 : -1;
}

void agenda_close(struct agenda *agenda) {
  free(agenda->heap);
  free(agenda->place);
  free(agenda->when);
}

static int before(const struct agenda *agenda, uint32_t first, uint32_t second) {
  return agenda->when[first] < agenda->when[second] ||
         (agenda->when[first] == agenda->when[second] && first < second);
}

static void put(struct agenda *agenda, uint32_t place, uint32_t member) {
  agenda->heap[place] = member;
  agenda->place[member] = place + 1;
}

static void up(struct agenda *agenda, uint32_t place, uint32_t member) {
  while (place && before(agenda, member, agenda->heap[(place - 1) / 2])) {
    put(agenda, place, agenda->heap[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  put(agenda, place, member);
}

static void down(struct agenda *agenda, uint32_t place, uint32_t member) {
  for (;;) {
    uint32_t child = 2 * place + 1;
    if (child >= agenda->waiting)
      break;
    if (child + 1 < agenda->waiting && before(agenda, agenda->heap[child + 1], agenda->heap[child]))
      child++;
    if (!before(agenda, agenda->heap[child], member))
      break;
    put(agenda, place, agenda->heap[child]);
    place = child;
  }
  put(agenda, place, member);
}

static void take_out(struct agenda *agenda, uint32_t member) {
  uint32_t place = agenda->place[member] - 1;
  uint32_t last = agenda->heap[--agenda->waiting];
  agenda->place[member] = 0;
  if (last == member)
    return;
  up(agenda, place, last);
  down(agenda, agenda->place[last] - 1, last);
}

void agenda_set(struct agenda *agenda, uint32_t member, uint64_t when) {
  uint64_t old = agenda->when[member];
  if (when == AGENDA_NEVER) {
    if (agenda->place[member])
      take_out(agenda, member);
    return;
  }
  agenda->when[member] = when;
  if (!agenda->place[member])
    up(agenda, agenda->waiting++, member);
  else if (when < old)
    up(agenda, agenda->place[member] - 1, member);
  else
    down(agenda, agenda->place[member] - 1, member);
}

uint64_t agenda_next(const struct agenda *agenda) {
  return agenda->waiting ? agenda->when[agenda->heap[0]] : AGENDA_NEVER;
}
