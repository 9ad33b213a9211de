#include "wire_lines.h"
#include <stdlib.h>
#include <string.h>

void wire_lines_start(struct wire_lines *lines, int ports) {
  lines->ports = ports;
  for (int port = 0; port < lines->ports; port++) bank_line_init(&lines->bank[port]);
}

void wire_lines_end(struct wire_lines *lines) {
  for (int port = 0; port < lines->ports; port++) {
    free(lines->impairment[WIRE_RECEIVED][port]);
    free(lines->impairment[WIRE_SENT][port]);
    free(lines->wet[port]);
  }
}

/* The port whose crosstalk is heard, as it came. */
static const uint8_t *neighbour_of(const struct impairment *impairment, const uint8_t *before) {
  int port = impairment->settings.crosstalk_port;
  return port < 0 ? 0 : before + port * E1_FRAMES;
}

static void treat(struct wire_lines *lines, int direction, const uint8_t *before, uint8_t *samples) {
  for (int port = 0; port < lines->ports; port++) {
    uint8_t *sound = samples + port * E1_FRAMES;
    struct impairment *same = lines->impairment[direction][port], *other = lines->impairment[!direction][port];
    if (other) impairment_learn(other, before + port * E1_FRAMES);
    if (same) impairment_treat(same, neighbour_of(same, before), sound);
    if (lines->wet[port]) wet_line_treat(lines->wet[port], sound);
    if (lines->bank[port].cut) memset(sound, E1_IDLE, E1_FRAMES);
  }
}

void wire_lines_hear(struct wire_lines *lines, uint8_t *samples) {
  uint8_t before[WIRE_SAMPLES];
  if (!lines->treated) return;
  memcpy(before, samples, (size_t)lines->ports * E1_FRAMES);
  treat(lines, WIRE_RECEIVED, before, samples);
}

const uint8_t *wire_lines_say(struct wire_lines *lines, const uint8_t *samples, uint8_t *room) {
  if (!lines->treated) return samples;
  memcpy(room, samples, (size_t)lines->ports * E1_FRAMES);
  treat(lines, WIRE_SENT, samples, room);
  return room;
}

void change_token(struct card_tokens *tokens, int offset, int code, int level_tenths_dbm0) {
  tokens->count = 1;
  tokens->change[0] = (struct card_token_change){(uint16_t)offset, (uint16_t)code, (int16_t)level_tenths_dbm0};
}

void wire_lines_hear_tokens(struct wire_lines *lines, const struct wire_tokens *heard, struct card_tokens *in) {
  if (!lines->treated && !lines->mending) return;
  for (int port = 0; port < lines->ports; port++) {
    struct bank_line *line = &lines->bank[port];
    if (line->cut != line->cut_heard)
      change_token(&in[port], 0, line->cut ? 0 : heard->code[port], line->cut ? 0 : heard->level_tenths_dbm0[port]);
    else if (line->cut)
      in[port].count = 0;
    line->cut_heard = line->cut;
  }
}

void wire_lines_say_tokens(struct wire_lines *lines, const struct wire_tokens *said, struct card_tokens *out) {
  if (!lines->treated && !lines->mending) return;
  for (int port = 0; port < lines->ports; port++) {
    struct bank_line *line = &lines->bank[port];
    if (!line->cut && !line->cut_said) continue;
    if (!line->cut_said) {
      lines->meant.code[port] = said->code[port];
      lines->meant.level_tenths_dbm0[port] = said->level_tenths_dbm0[port];
    }
    if (out[port].count) {
      const struct card_token_change *last = &out[port].change[out[port].count - 1];
      lines->meant.code[port] = last->code;
      lines->meant.level_tenths_dbm0[port] = last->level_tenths_dbm0;
    }
    out[port].count = 0;
    if (line->cut != line->cut_said)
      change_token(&out[port], 0, line->cut ? 0 : lines->meant.code[port], line->cut ? 0 : lines->meant.level_tenths_dbm0[port]);
    line->cut_said = line->cut;
  }
  if (lines->mending) lines->mending--;
}

int wire_lines_set(struct wire_lines *lines, int port, int quantity, uint32_t value) {
  struct bank_line *line = &lines->bank[port];
  int was_cut = line->cut;
  if (bank_set(line, quantity, value)) return -1;
  if (line->cut == was_cut) return 0;
  lines->treated += line->cut - was_cut;
  lines->mending = 2; /* the next reading and the next writing, whichever comes first */
  return 1;
}

int wire_lines_quiet(const struct wire_lines *lines) {
  if (lines->measuring) return 0;
  if (!lines->treated) return 1;
  for (int port = 0; port < lines->ports; port++) {
    const struct impairment *received = lines->impairment[WIRE_RECEIVED][port], *sent = lines->impairment[WIRE_SENT][port];
    if (lines->wet[port] || (received && !impairment_quiet(received)) || (sent && !impairment_quiet(sent))) return 0;
  }
  return 1;
}

int wire_lines_impair(struct wire_lines *lines, int port, int direction, const struct wire_impairments *settings, uint64_t seed) {
  struct impairment **place = &lines->impairment[direction][port], *made = 0;
  if (settings) {
    if (!impairment_possible(settings, direction) || settings->crosstalk_port >= lines->ports) return -1;
    made = malloc(sizeof *made);
    if (!made) return -1;
    impairment_start(made, settings, direction, seed);
  }
  lines->treated += (made != 0) - (*place != 0);
  free(*place);
  *place = made;
  return 0;
}

int wire_lines_wet(struct wire_lines *lines, int port, double wetness, uint64_t seed) {
  struct wet_line **place = &lines->wet[port], *made = 0;
  if (!(wetness >= 0 && wetness <= 1)) return -1;
  if (wetness > 0) {
    made = malloc(sizeof *made);
    if (!made) return -1;
    wet_line_start(made, wetness, seed);
  }
  lines->treated += (made != 0) - (*place != 0);
  lines->bank[port].leaks = 0;
  lines->bank[port].value[CARD_LINE_INSULATION_KOHM] = made ? wet_line_insulation_kohm(made) : BANK_DRY_KOHM;
  free(*place);
  *place = made;
  return 0;
}
