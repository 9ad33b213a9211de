/* What the plane itself says: the generators of the ports, rendered piece by piece between changes, and the shared
 * players, whose place in their prompt follows from the sample clock, so that time may jump while nobody listens.
 */
#include <string.h>

#include "plane.h"

void plane_render(struct plane *plane, uint32_t number, uint32_t until) {
  struct plane_port *port = &plane->ports[number];
  if (port->tokens || until <= port->rendered)
    return;
  generator_render(&port->generator, plane->owns + number * PLANE_TICK_SAMPLES + port->rendered,
                   until - port->rendered);
  port->own_live |= port->generator.mode != GENERATOR_QUIET;
  port->rendered = (uint8_t)until;
}

/* The generator of a port has changed at `now`. */
void plane_spoken(struct plane *plane, uint32_t number) {
  struct plane_port *port = &plane->ports[number];
  if (!port->tokens || port->own_track.code == port->generator.code)
    return;
  plane->arena->header->counters.token_overflows +=
      (uint64_t)token_track_set(&port->own_track, plane->tick, (uint32_t)(plane->now - plane->start),
                                port->generator.code, port->generator.level_tenth_dbm0);
  plane_mark_dirty(plane, number);
}

static void player_token(struct plane *plane, uint32_t number, uint16_t code) {
  struct plane_player *player = &plane->players[number];
  token_track_set(&player->track, plane->tick, (uint32_t)(plane->now - plane->start), code, -150);
  plane_mark_listeners(plane, PLANE_PLAYER + number);
}

void plane_player_play(struct plane *plane, uint32_t number, uint32_t prompt, int loop) {
  struct plane_player *player = &plane->players[number];
  const struct arena_prompt *entry = &plane->arena->prompts[prompt];
  /* Music for ever goes on where it is: a control that starts again asks for it again. */
  if (player->playing && player->loop && loop && player->prompt == prompt)
    return;
  player->playing = entry->length > 0;
  player->loop = loop != 0;
  player->prompt = (uint16_t)prompt;
  player->sound = plane->arena->prompt_sound + entry->offset;
  player->length = entry->length;
  player->begun = plane->now;
  player_token(plane, number, player->playing ? (uint16_t)(PLANE_CODE_PROMPT + prompt) : 0);
  agenda_set(&plane->agenda, plane->ports_room + number,
             player->playing && !loop ? plane->now + player->length : AGENDA_NEVER);
}

void plane_player_stop(struct plane *plane, uint32_t number) {
  plane->players[number].playing = 0;
  player_token(plane, number, 0);
  agenda_set(&plane->agenda, plane->ports_room + number, AGENDA_NEVER);
}

/* A prompt that does not loop has ended within this tick: its last samples are made before it stops. */
void plane_player_expire(struct plane *plane, uint32_t number) {
  plane_player_samples(plane, number);
  plane_player_stop(plane, number);
}

const int16_t *plane_player_samples(struct plane *plane, uint32_t number) {
  struct plane_player *player = &plane->players[number];
  if (player->made == plane->tick + 1)
    return player->samples;
  player->made = plane->tick + 1;
  memset(player->samples, 0, sizeof player->samples);
  uint64_t position = plane->start > player->begun ? plane->start - player->begun : 0;
  uint32_t done = player->begun > plane->start ? (uint32_t)(player->begun - plane->start) : 0;
  while (done < PLANE_TICK_SAMPLES && (player->loop || position < player->length)) {
    uint32_t place = (uint32_t)(position % player->length), part = player->length - place;
    if (part > PLANE_TICK_SAMPLES - done)
      part = PLANE_TICK_SAMPLES - done;
    g711_alaw_decode(player->sound + place, player->samples + done, part);
    done += part;
    position += part;
  }
  return player->samples;
}
