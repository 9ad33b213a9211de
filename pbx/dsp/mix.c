/* Hearing edges and mixes: who hears whom, in sound and in tokens.
 *
 * A port's mouth is what its own generator says, plus every source it hears times its gain, plus every mix it is a
 * member of without itself; held to 16 bits. A source is the ear of a port (what came in from its line), a shared
 * player or a mix. Of tokens a mouth carries one: its own, else that of the first source that is not silent.
 * Sound and tokens do not meet: each is silence to the other.
 */
#include <string.h>

#include "plane.h"

static uint32_t source_number(const struct plane *plane, uint32_t source) {
  if (source >= PLANE_MIX)
    return plane->ports_room + plane->arena->header->layout.players + (source - PLANE_MIX);
  if (source >= PLANE_PLAYER)
    return plane->ports_room + (source - PLANE_PLAYER);
  return source;
}

int plane_source_valid(const struct plane *plane, uint32_t source) {
  const struct plane_layout *layout = &plane->arena->header->layout;
  if (source >= PLANE_MIX)
    return source - PLANE_MIX < layout->mixes;
  return source >= PLANE_PLAYER ? source - PLANE_PLAYER < layout->players : source < plane->ports_used;
}

int plane_listened(const struct plane *plane, uint32_t source) {
  return plane->listener_head[source_number(plane, source)] != PLANE_NOBODY;
}

static void link_edge(struct plane *plane, uint32_t edge, uint32_t source) {
  uint32_t *head = &plane->listener_head[source_number(plane, source)];
  plane->listener_before[edge] = PLANE_NOBODY;
  plane->listener_next[edge] = *head;
  if (*head != PLANE_NOBODY)
    plane->listener_before[*head] = edge;
  *head = edge;
}

static void unlink_edge(struct plane *plane, uint32_t edge, uint32_t source) {
  uint32_t before = plane->listener_before[edge], next = plane->listener_next[edge];
  if (before != PLANE_NOBODY)
    plane->listener_next[before] = next;
  else
    plane->listener_head[source_number(plane, source)] = next;
  if (next != PLANE_NOBODY)
    plane->listener_before[next] = before;
}

static int find_edge(const struct arena_port *port, uint32_t source, int member) {
  for (uint32_t n = 0; n < port->edges; n++)
    if (port->edge[n].source == source && port->edge[n].member == member)
      return (int)n;
  return -1;
}

int plane_edge_add(struct plane *plane, uint32_t number, struct plane_edge edge) {
  struct arena_port *port = &plane->arena->ports[number];
  int place = find_edge(port, edge.source, edge.member);
  if (place < 0) {
    if (port->edges == PLANE_EDGES)
      return -1;
    place = (int)port->edges;
    port->edge[place] = edge;
    atomic_store(&port->edges, (uint32_t)place + 1);
    link_edge(plane, number * PLANE_EDGES + (uint32_t)place, edge.source);
    if (edge.member)
      plane->mixes[edge.source - PLANE_MIX].members++;
  }
  port->edge[place] = edge;
  plane_mark_dirty(plane, number);
  if (edge.member)
    plane_mark_listeners(plane, edge.source);
  return 0;
}

int plane_edge_remove(struct plane *plane, uint32_t number, uint32_t source, int member) {
  struct arena_port *port = &plane->arena->ports[number];
  int place = find_edge(port, source, member);
  if (place < 0)
    return -1;
  uint32_t last = port->edges - 1;
  for (uint32_t n = (uint32_t)place; n <= last; n++)
    unlink_edge(plane, number * PLANE_EDGES + n, port->edge[n].source);
  for (uint32_t n = (uint32_t)place; n < last; n++) {
    port->edge[n] = port->edge[n + 1];
    link_edge(plane, number * PLANE_EDGES + n, port->edge[n].source);
  }
  atomic_store(&port->edges, last);
  plane_mark_dirty(plane, number);
  if (member) {
    plane->mixes[source - PLANE_MIX].members--;
    plane_mark_listeners(plane, source);
  }
  return 0;
}

void plane_mark_dirty(struct plane *plane, uint32_t port) {
  if (!plane->ports[port].tokens || plane->ports[port].dirty)
    return;
  plane->ports[port].dirty = 1;
  plane->dirty[plane->dirty_count++] = port;
}

void plane_mark_listeners(struct plane *plane, uint32_t source) {
  uint32_t edge = plane->listener_head[source_number(plane, source)];
  for (; edge != PLANE_NOBODY; edge = plane->listener_next[edge])
    plane_mark_dirty(plane, edge / PLANE_EDGES);
  if (source >= PLANE_PLAYER)
    return;
  const struct arena_port *port = &plane->arena->ports[source];
  for (uint32_t n = 0; n < port->edges; n++)
    if (port->edge[n].member)
      plane_mark_listeners(plane, port->edge[n].source);
}

static void add(int32_t *sum, const int16_t *samples, int32_t gain) {
  if (gain == PLANE_UNITY)
    for (int n = 0; n < PLANE_TICK_SAMPLES; n++)
      sum[n] += samples[n];
  else
    for (int n = 0; n < PLANE_TICK_SAMPLES; n++)
      sum[n] += (int32_t)(((int64_t)samples[n] * gain + PLANE_UNITY / 2) >> 12);
}

void plane_mix_sum(struct plane *plane) {
  for (uint32_t number = 0; number < plane->arena->header->layout.mixes; number++) {
    struct plane_mix *mix = &plane->mixes[number];
    mix->live = 0;
    if (!mix->members)
      continue;
    uint32_t edge = plane->listener_head[source_number(plane, PLANE_MIX + number)];
    for (; edge != PLANE_NOBODY; edge = plane->listener_next[edge]) {
      uint32_t port = edge / PLANE_EDGES;
      const struct plane_edge *heard = &plane->arena->ports[port].edge[edge % PLANE_EDGES];
      if (!heard->member || !plane->ports[port].ear_live)
        continue;
      if (!mix->live)
        memset(mix->sum, 0, sizeof mix->sum);
      mix->live = 1;
      add(mix->sum, plane->ears + port * PLANE_TICK_SAMPLES, heard->gain_4096);
    }
  }
}

static void add_mix(struct plane *plane, uint32_t number, const struct plane_edge *edge, int32_t *sum) {
  const struct plane_mix *mix = &plane->mixes[edge->source - PLANE_MIX];
  if (!edge->member) {
    for (int n = 0; n < PLANE_TICK_SAMPLES; n++)
      sum[n] += (int32_t)(((int64_t)mix->sum[n] * edge->gain_4096 + PLANE_UNITY / 2) >> 12);
    return;
  }
  for (int n = 0; n < PLANE_TICK_SAMPLES; n++)
    sum[n] += mix->sum[n];
  if (plane->ports[number].ear_live) {
    int32_t self[PLANE_TICK_SAMPLES] = {0};
    add(self, plane->ears + number * PLANE_TICK_SAMPLES, edge->gain_4096);
    for (int n = 0; n < PLANE_TICK_SAMPLES; n++)
      sum[n] -= self[n];
  }
}

/* Whether a source says anything in this tick. */
static int live(struct plane *plane, uint32_t source) {
  if (source >= PLANE_MIX)
    return plane->mixes[source - PLANE_MIX].live;
  if (source >= PLANE_PLAYER)
    return plane->players[source - PLANE_PLAYER].playing || plane->players[source - PLANE_PLAYER].made > plane->tick;
  return plane->ports[source].ear_live;
}

void plane_compose_sound(struct plane *plane, uint32_t number) {
  struct plane_port *port = &plane->ports[number];
  const struct arena_port *seen = &plane->arena->ports[number];
  uint8_t *out = plane->out + number * PLANE_TICK_SAMPLES;
  int32_t sum[PLANE_TICK_SAMPLES];
  int16_t mouth[PLANE_TICK_SAMPLES];
  uint32_t heard = 0, only = PLANE_NO_SOURCE;
  for (uint32_t n = 0; n < seen->edges; n++)
    if (live(plane, seen->edge[n].source)) {
      heard++;
      only = n;
    }
  if (!heard && !port->own_live) {
    if (!port->out_idle)
      memset(out, PLANE_SILENCE, PLANE_TICK_SAMPLES);
    port->out_idle = 1;
    return;
  }
  port->out_idle = 0;
  if (heard == 1 && !port->own_live && seen->edge[only].source < PLANE_PLAYER &&
      seen->edge[only].gain_4096 == PLANE_UNITY) {
    memcpy(out, plane->in + seen->edge[only].source * PLANE_TICK_SAMPLES, PLANE_TICK_SAMPLES);
    return;
  }
  memset(sum, 0, sizeof sum);
  if (port->own_live)
    add(sum, plane->owns + number * PLANE_TICK_SAMPLES, PLANE_UNITY);
  for (uint32_t n = 0; n < seen->edges; n++) {
    const struct plane_edge *edge = &seen->edge[n];
    if (!live(plane, edge->source))
      continue;
    if (edge->source >= PLANE_MIX)
      add_mix(plane, number, edge, sum);
    else if (edge->source >= PLANE_PLAYER)
      add(sum, plane_player_samples(plane, edge->source - PLANE_PLAYER), edge->gain_4096);
    else
      add(sum, plane->ears + edge->source * PLANE_TICK_SAMPLES, edge->gain_4096);
  }
  for (int n = 0; n < PLANE_TICK_SAMPLES; n++)
    mouth[n] = (int16_t)(sum[n] > INT16_MAX ? INT16_MAX : sum[n] < INT16_MIN ? INT16_MIN : sum[n]);
  g711_alaw_encode(mouth, out, PLANE_TICK_SAMPLES);
}

static uint16_t mix_token(struct plane *plane, const struct plane_edge *edge, uint32_t self, uint32_t offset, int *level) {
  uint32_t other = plane->listener_head[source_number(plane, edge->source)];
  uint32_t lowest = PLANE_NOBODY;
  uint16_t found = 0;
  for (; other != PLANE_NOBODY; other = plane->listener_next[other]) {
    uint32_t port = other / PLANE_EDGES;
    const struct plane_edge *heard = &plane->arena->ports[port].edge[other % PLANE_EDGES];
    int member_level;
    if (!heard->member || (edge->member && port == self) || port > lowest)
      continue;
    uint16_t code = token_track_at(&plane->ports[port].ear_track, plane->tick, offset, &member_level);
    if (code) {
      found = code;
      lowest = port;
      *level = member_level + heard->gain_tenth_db;
    }
  }
  return found;
}

static uint16_t mouth_token(struct plane *plane, uint32_t number, uint32_t offset, int *level) {
  const struct arena_port *seen = &plane->arena->ports[number];
  uint16_t code = token_track_at(&plane->ports[number].own_track, plane->tick, offset, level);
  for (uint32_t n = 0; !code && n < seen->edges; n++) {
    const struct plane_edge *edge = &seen->edge[n];
    if (edge->source >= PLANE_MIX)
      code = mix_token(plane, edge, number, offset, level);
    else if (edge->source >= PLANE_PLAYER)
      code = token_track_at(&plane->players[edge->source - PLANE_PLAYER].track, plane->tick, offset, level);
    else
      code = token_track_at(&plane->ports[edge->source].ear_track, plane->tick, offset, level);
    if (!edge->member)
      *level += edge->gain_tenth_db;
  }
  return code;
}

struct moments {
  uint64_t bit[2];
};

static void add_moments(struct moments *moments, const struct token_track *track, uint64_t tick) {
  if (track->tick == tick)
    for (int n = 0; n < track->count; n++)
      moments->bit[track->change[n].offset / 64] |= 1ull << (track->change[n].offset % 64);
}

static void source_moments(struct plane *plane, uint32_t source, struct moments *moments) {
  if (source >= PLANE_MIX) {
    uint32_t other = plane->listener_head[source_number(plane, source)];
    for (; other != PLANE_NOBODY; other = plane->listener_next[other])
      if (plane->arena->ports[other / PLANE_EDGES].edge[other % PLANE_EDGES].member)
        add_moments(moments, &plane->ports[other / PLANE_EDGES].ear_track, plane->tick);
  } else if (source >= PLANE_PLAYER) {
    add_moments(moments, &plane->players[source - PLANE_PLAYER].track, plane->tick);
  } else {
    add_moments(moments, &plane->ports[source].ear_track, plane->tick);
  }
}

void plane_compose_tokens(struct plane *plane, uint32_t number) {
  struct plane_port *port = &plane->ports[number];
  const struct arena_port *seen = &plane->arena->ports[number];
  struct card_tokens *out = &port->card->tokens_out[port->index];
  struct moments moments = {{1, 0}};
  add_moments(&moments, &port->own_track, plane->tick);
  for (uint32_t n = 0; n < seen->edges; n++)
    source_moments(plane, seen->edge[n].source, &moments);
  for (uint32_t offset = 0; offset < PLANE_TICK_SAMPLES; offset++) {
    if (!(moments.bit[offset / 64] >> (offset % 64) & 1))
      continue;
    int level = 0;
    uint16_t code = mouth_token(plane, number, offset, &level);
    if (code == port->mouth)
      continue;
    if (out->count == CARD_TOKEN_CHANGES) {
      out->count--;
      plane->arena->header->counters.token_overflows++;
    }
    out->change[out->count++] = (struct card_token_change){
        .offset = (uint16_t)offset, .code = code, .level_tenths_dbm0 = (int16_t)level};
    port->mouth = code;
  }
}
