/* Hearing edges and mixes: who hears whom, in sound and in tokens.
 *
 * A port's mouth is what its own generator says, plus every source it hears times its gain, plus every mix it is a
 * member of without itself; held to 16 bits. A source is the ear of a port (what came in from its line), a shared
 * player or a mix. A muted edge stays and keeps its gain. A mix may select its speakers; it, or LEVEL, may bring what a
 * port says to one level before others hear it, while receivers and recorders take what came in. Of tokens a mouth
 * carries one: its own, else that of the first source that is not silent; selection and levels are none of theirs.
 * Sound and tokens do not meet: each is silence to the other.
 */
#include <string.h>

#include "automatic_level.h"
#include "plane.h"

#define LEVEL_TARGET_TENTH_DBM0 (-200)
#define LEVEL_GAIN_TENTH_DB 120

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

/* Who hears whom has changed: for the listener, and for a port that is heard. */
static void touch_edge(struct plane *plane, uint32_t number, uint32_t source) {
  cut_through_touch(plane, number);
  if (source < PLANE_PLAYER)
    cut_through_touch(plane, source);
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

/* Automatic level runs on a port as long as LEVEL or a mix wants it; it begins anew with the first of them. */
static void settle_levelling(struct plane *plane, uint32_t number) {
  struct plane_port *port = &plane->ports[number];
  const struct arena_port *seen = &plane->arena->ports[number];
  int wanted = port->levelled;
  for (uint32_t n = 0; n < seen->edges; n++)
    wanted |= seen->edge[n].member && plane->mixes[seen->edge[n].source - PLANE_MIX].automatic_level;
  if (wanted && !port->levelling)
    automatic_level_start(&port->level, LEVEL_TARGET_TENTH_DBM0, LEVEL_GAIN_TENTH_DB);
  plane->levelling += (uint32_t)wanted - port->levelling;
  port->levelling = (uint8_t)wanted;
}

int plane_edge_add(struct plane *plane, uint32_t number, struct plane_edge edge) {
  struct arena_port *port = &plane->arena->ports[number];
  int place = find_edge(port, edge.source, edge.member);
  if (place >= 0) {
    edge.muted = port->edge[place].muted;
    edge.selected = port->edge[place].selected;
  } else {
    if (port->edges == PLANE_EDGES || (edge.member && plane->mixes[edge.source - PLANE_MIX].members == CONFERENCE_PARTIES_MAX))
      return -1;
    place = (int)port->edges;
    port->edge[place] = edge;
    plane->parties.remembered[number * PLANE_EDGES + (uint32_t)place] = (struct speaker){0};
    atomic_store(&port->edges, (uint32_t)place + 1);
    link_edge(plane, number * PLANE_EDGES + (uint32_t)place, edge.source);
    if (edge.member)
      plane->mixes[edge.source - PLANE_MIX].members++;
  }
  port->edge[place] = edge;
  touch_edge(plane, number, edge.source);
  plane_mark_dirty(plane, number);
  if (edge.member)
    plane_mark_listeners(plane, edge.source);
  settle_levelling(plane, number);
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
    plane->parties.remembered[number * PLANE_EDGES + n] = plane->parties.remembered[number * PLANE_EDGES + n + 1];
    link_edge(plane, number * PLANE_EDGES + n, port->edge[n].source);
  }
  atomic_store(&port->edges, last);
  touch_edge(plane, number, source);
  plane_mark_dirty(plane, number);
  if (member) {
    plane->mixes[source - PLANE_MIX].members--;
    plane_mark_listeners(plane, source);
  }
  settle_levelling(plane, number);
  return 0;
}

int plane_edge_mute(struct plane *plane, uint32_t number, uint32_t source, int muted) {
  struct arena_port *port = &plane->arena->ports[number];
  int place = source >= PLANE_MIX ? find_edge(port, source, 1) : -1;
  if (place < 0)
    place = find_edge(port, source, 0);
  if (place < 0)
    return -1;
  port->edge[place].muted = (uint8_t)muted;
  touch_edge(plane, number, source);
  plane_mark_dirty(plane, number);
  if (port->edge[place].member)
    plane_mark_listeners(plane, source);
  return 0;
}

int plane_mix_settings(struct plane *plane, uint32_t number, uint32_t speakers, int automatic_level) {
  if (number >= plane->arena->header->layout.mixes || speakers > CONFERENCE_PARTIES_MAX)
    return -1;
  struct plane_mix *mix = &plane->mixes[number];
  mix->speakers = speakers;
  mix->automatic_level = (uint8_t)automatic_level;
  uint32_t edge = plane->listener_head[source_number(plane, PLANE_MIX + number)];
  for (; edge != PLANE_NOBODY; edge = plane->listener_next[edge]) {
    if (!speakers) {
      plane->arena->ports[edge / PLANE_EDGES].edge[edge % PLANE_EDGES].selected = 0;
      plane->parties.remembered[edge] = (struct speaker){0};
    }
    settle_levelling(plane, edge / PLANE_EDGES);
  }
  return 0;
}

void plane_level_settings(struct plane *plane, uint32_t number, int on, int target_tenth_dbm0, int gain_most_tenth_db) {
  struct plane_port *port = &plane->ports[number];
  port->levelled = (uint8_t)on;
  settle_levelling(plane, number);
  if (port->levelling)
    automatic_level_start(&port->level, on ? target_tenth_dbm0 : LEVEL_TARGET_TENTH_DBM0, on ? gain_most_tenth_db : LEVEL_GAIN_TENTH_DB);
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

/* What everybody hears of a port. */
static const int16_t *said_by(const struct plane *plane, uint32_t number) {
  return (plane->ports[number].levelled ? plane->levels : plane->ears) + number * PLANE_TICK_SAMPLES;
}

static const int16_t *said_into(const struct plane *plane, const struct plane_mix *mix, uint32_t number) {
  return mix->automatic_level ? plane->levels + number * PLANE_TICK_SAMPLES : said_by(plane, number);
}

/* Runs automatic level on the ports that want it, in their silences too: by them it knows speech. */
static void level_sound(struct plane *plane) {
  for (uint32_t number = 0; plane->levelling && number < plane->ports_used; number++) {
    struct plane_port *port = &plane->ports[number];
    if (port->levelling && !port->tokens)
      automatic_level_run(&port->level, plane->ears + number * PLANE_TICK_SAMPLES,
                          plane->levels + number * PLANE_TICK_SAMPLES);
  }
}

/* The members of a mix that speak into it now; with selection also the silent ones, whose turn passes. */
static int gather(struct plane *plane, uint32_t number) {
  const struct plane_mix *mix = &plane->mixes[number];
  struct plane_parties *parties = &plane->parties;
  uint32_t edge = plane->listener_head[source_number(plane, PLANE_MIX + number)];
  int count = 0;
  for (; edge != PLANE_NOBODY; edge = plane->listener_next[edge]) {
    uint32_t port = edge / PLANE_EDGES;
    const struct plane_edge *heard = &plane->arena->ports[port].edge[edge % PLANE_EDGES];
    int speaks = plane->ports[port].ear_live && !heard->muted;
    if (!heard->member || (!speaks && !mix->speakers))
      continue;
    parties->said[count] = speaks ? said_into(plane, mix, port) : 0;
    parties->gains[count] = heard->gain_4096;
    parties->speakers[count] = &parties->remembered[edge];
    parties->edges[count++] = edge;
  }
  return count;
}

/* Keeps the loudest alone; what control may see of it is written only when it changes. */
static int select_speakers(struct plane *plane, const struct plane_mix *mix, int count) {
  struct plane_parties *parties = &plane->parties;
  int kept = 0;
  speakers_hear(parties->said, parties->loudness, count);
  speakers_select(parties->speakers, parties->loudness, count, (int)mix->speakers);
  for (int n = 0; n < count; n++) {
    struct plane_edge *heard = &plane->arena->ports[parties->edges[n] / PLANE_EDGES].edge[parties->edges[n] % PLANE_EDGES];
    if (heard->selected != parties->speakers[n]->selected)
      heard->selected = parties->speakers[n]->selected;
    if (!heard->selected || !parties->said[n])
      continue;
    parties->said[kept] = parties->said[n];
    parties->gains[kept++] = parties->gains[n];
  }
  return kept;
}

void plane_mix_sum(struct plane *plane) {
  level_sound(plane);
  for (uint32_t number = 0; number < plane->arena->header->layout.mixes; number++) {
    struct plane_mix *mix = &plane->mixes[number];
    mix->live = 0;
    if (!mix->members)
      continue;
    int count = gather(plane, number);
    if (mix->speakers)
      count = select_speakers(plane, mix, count);
    if (!count)
      continue;
    mix->live = 1;
    conference_sum(&mix->sum, plane->parties.said, plane->parties.gains, count);
  }
}

/* What a listener says into a mix himself; null = nothing. */
static const int16_t *own_part(const struct plane *plane, uint32_t number, const struct plane_edge *edge) {
  const struct plane_mix *mix = &plane->mixes[edge->source - PLANE_MIX];
  int speaks = edge->member && !edge->muted && plane->ports[number].ear_live && (!mix->speakers || edge->selected);
  return speaks ? said_into(plane, mix, number) : 0;
}

static void add_mix(struct plane *plane, uint32_t number, const struct plane_edge *edge, int32_t *sum) {
  const int16_t *own = own_part(plane, number, edge);
  conference_add_sum(sum, plane->mixes[edge->source - PLANE_MIX].sum.total, edge->member ? PLANE_UNITY : edge->gain_4096);
  if (own)
    conference_subtract(sum, own, edge->gain_4096);
}

/* Whether a source says anything in this tick. */
static int live(struct plane *plane, const struct plane_edge *edge) {
  uint32_t source = edge->source;
  if (edge->muted && !edge->member)
    return 0;
  if (source >= PLANE_MIX)
    return plane->mixes[source - PLANE_MIX].live;
  if (source >= PLANE_PLAYER)
    return plane->players[source - PLANE_PLAYER].playing || plane->players[source - PLANE_PLAYER].made > plane->tick;
  return plane->ports[source].ear_live;
}

/* Most ports hear one thing alone: another port as it is, or a mix. Returns 0 when it is neither. */
static int compose_one(struct plane *plane, uint32_t number, const struct plane_edge *edge, uint8_t *out) {
  if (edge->source >= PLANE_MIX && (edge->member || edge->gain_4096 == PLANE_UNITY)) {
    const int16_t *own = own_part(plane, number, edge);
    conference_give(&plane->mixes[edge->source - PLANE_MIX].sum, &own, &edge->gain_4096, &out, 1);
    return 1;
  }
  if (edge->source >= PLANE_PLAYER || edge->gain_4096 != PLANE_UNITY || plane->ports[edge->source].levelled)
    return 0;
  memcpy(out, plane->in + edge->source * PLANE_TICK_SAMPLES, PLANE_TICK_SAMPLES);
  return 1;
}

static void compose_all(struct plane *plane, uint32_t number, uint8_t *out) {
  const struct arena_port *seen = &plane->arena->ports[number];
  int32_t sum[PLANE_TICK_SAMPLES] = {0};
  int16_t mouth[PLANE_TICK_SAMPLES];
  if (plane->ports[number].own_live)
    conference_add(sum, plane->owns + number * PLANE_TICK_SAMPLES, PLANE_UNITY);
  for (uint32_t n = 0; n < seen->edges; n++) {
    const struct plane_edge *edge = &seen->edge[n];
    if (!live(plane, edge))
      continue;
    if (edge->source >= PLANE_MIX)
      add_mix(plane, number, edge, sum);
    else if (edge->source >= PLANE_PLAYER)
      conference_add(sum, plane_player_samples(plane, edge->source - PLANE_PLAYER), edge->gain_4096);
    else
      conference_add(sum, said_by(plane, edge->source), edge->gain_4096);
  }
  conference_hold(sum, mouth);
  g711_alaw_encode(mouth, out, PLANE_TICK_SAMPLES);
}

void plane_compose_sound(struct plane *plane, uint32_t number) {
  struct plane_port *port = &plane->ports[number];
  const struct arena_port *seen = &plane->arena->ports[number];
  uint8_t *out = plane->out + number * PLANE_TICK_SAMPLES;
  const struct plane_edge *only = 0;
  uint32_t heard = 0;
  for (uint32_t n = 0; n < seen->edges; n++)
    if (live(plane, &seen->edge[n])) {
      heard++;
      only = &seen->edge[n];
    }
  if (!heard && !port->own_live) {
    if (!port->out_idle)
      memset(out, PLANE_SILENCE, PLANE_TICK_SAMPLES);
    port->out_idle = 1;
    return;
  }
  port->out_idle = 0;
  if (heard != 1 || port->own_live || !compose_one(plane, number, only, out))
    compose_all(plane, number, out);
}

static uint16_t mix_token(struct plane *plane, const struct plane_edge *edge, uint32_t self, uint32_t offset, int *level) {
  uint32_t other = plane->listener_head[source_number(plane, edge->source)];
  uint32_t lowest = PLANE_NOBODY;
  uint16_t found = 0;
  for (; other != PLANE_NOBODY; other = plane->listener_next[other]) {
    uint32_t port = other / PLANE_EDGES;
    const struct plane_edge *heard = &plane->arena->ports[port].edge[other % PLANE_EDGES];
    int member_level;
    if (!heard->member || heard->muted || (edge->member && port == self) || port > lowest)
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
    if (edge->muted && !edge->member)
      continue;
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
