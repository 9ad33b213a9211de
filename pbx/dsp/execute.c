/* Commands: done at once, kept until their sample, or armed until their event. */
#include <string.h>

#include "plane.h"

#define SAMPLES_A_MS 8u

static void reject(struct plane *plane) { plane->arena->header->counters.rejected_commands++; }

int plane_order(struct plane *plane, uint32_t number, uint16_t kind, uint32_t value) {
  struct plane_port *port = &plane->ports[number];
  struct card_order order = {.port = (uint16_t)port->index,
                             .kind = kind,
                             .offset = (uint16_t)(plane->now - plane->start),
                             .value = value};
  int refused = port->card->order(port->card, &order);
  plane_levels_stale(plane, number);
  return refused;
}

/* A longest length in whole milliseconds includes what is left of the last one. */
static uint32_t most(uint32_t ms) { return ms ? ms * SAMPLES_A_MS + SAMPLES_A_MS - 1 : 0; }

static int configure(struct plane *plane, uint32_t number, const struct plane_command *command) {
  struct plane_port *port = &plane->ports[number];
  struct card_levels levels = {0};
  uint8_t kind = (uint8_t)(command->value & 0xff);
  uint32_t recognition = (command->value >> 16) * SAMPLES_A_MS, high = command->detail >> 16, low = command->detail & 0xffff;
  port->units = kind == PLANE_PORT_SIGNAL_UNITS;
  port->unit_octets = 0;
  struct cas cas = port->dialling;
  struct loop loop = {.kind = kind};
  cas.kind = kind;
  cas.recognition = recognition;
  port->card->level(port->card, (int)port->index, &levels);
  if (kind == PLANE_PORT_FXO) {
    loop.signal[LOOP_RINGING] = (struct loop_signal){.raw = levels.ringing, .recognition = recognition};
    loop.signal[LOOP_POLARITY] = (struct loop_signal){.raw = levels.reversed, .recognition = high * SAMPLES_A_MS};
    loop.signal[LOOP_BATTERY] = (struct loop_signal){.raw = levels.battery, .recognition = low * SAMPLES_A_MS};
    loop.meter_min = ((uint32_t)command->gain & 0xffff) * SAMPLES_A_MS;
    loop.meter_max = most((uint32_t)command->gain >> 16);
  } else {
    cas.flash_min = high * SAMPLES_A_MS;
    cas.flash_max = low * SAMPLES_A_MS;
    cas.hook_on = (uint32_t)command->gain * SAMPLES_A_MS;
    loop.signal[LOOP_GROUND] = (struct loop_signal){.raw = levels.ground, .recognition = recognition};
  }
  cas_configure(&port->cas, &cas, kind == PLANE_PORT_FXS ? levels.hook : levels.bits_in, plane->now);
  loop_configure(&port->loop, &loop, plane->now);
  return plane_link_set(plane, number, kind == PLANE_PORT_SIGNALLING_LINK);
}

static void dialling(struct cas *wanted, const struct plane_command *command) {
  wanted->pulse_min = (command->value & 0xffff) * SAMPLES_A_MS;
  wanted->pulse_max = most(command->value >> 16);
  wanted->train_max = most(command->detail & 0xffff);
  wanted->digit_pause = (command->detail >> 16) * SAMPLES_A_MS;
  wanted->make_min = (uint32_t)command->gain * SAMPLES_A_MS;
}

static void ring(struct plane *plane, uint32_t number, uint32_t on_ms, uint32_t off_ms) {
  struct plane_ringing *ringing = &plane->ports[number].ringing;
  uint8_t sounds = (on_ms & 0xffff) > 0;
  if (ringing->sounding != sounds)
    plane_order(plane, number, CARD_ORDER_RING, sounds);
  plane_levels_stale(plane, number);
  ringing->sounding = sounds;
  ringing->at = 0;
  ringing->parts = on_ms >> 16 ? PLANE_RINGING_PARTS : 2;
  for (uint32_t n = 0; n < PLANE_RINGING_PARTS; n++)
    ringing->part[n] = ((n & 1 ? off_ms : on_ms) >> 8 * (n & 2) & 0xffff) * SAMPLES_A_MS;
  ringing->due = sounds && ringing->part[1] ? plane->now + ringing->part[0] : AGENDA_NEVER;
}

void plane_ringing_expire(struct plane *plane, uint32_t number) {
  struct plane_ringing *ringing = &plane->ports[number].ringing;
  ringing->at = (uint8_t)((ringing->at + 1) % ringing->parts);
  ringing->sounding = !(ringing->at & 1);
  ringing->due += ringing->part[ringing->at];
  plane_order(plane, number, CARD_ORDER_RING, ringing->sounding);
}

/* Two pulses that touch would be one: while one is on, no other begins. */
static int meter(struct plane *plane, uint32_t number, uint32_t duration_ms) {
  struct plane_port *port = &plane->ports[number];
  if (port->metering_due != AGENDA_NEVER || !duration_ms || plane_order(plane, number, CARD_ORDER_METERING, 1))
    return -1;
  port->metering_due = plane->now + (uint64_t)duration_ms * SAMPLES_A_MS;
  return 0;
}

void plane_metering_expire(struct plane *plane, uint32_t number) {
  plane->ports[number].metering_due = AGENDA_NEVER;
  plane_order(plane, number, CARD_ORDER_METERING, 0);
}

static void listen(struct plane *plane, uint32_t number, uint8_t receivers) {
  struct plane_port *port = &plane->ports[number];
  const int16_t *ear = plane->ears + number * PLANE_TICK_SAMPLES;
  port->listening = receivers;
  if (port->tokens) {
    token_receiver_listen(&port->token_receiver, receivers, plane->now);
    return;
  }
  receivers_listen(&plane->receivers, number, receivers, ear);
  voice_lanes_listen(&plane->voice, number, receivers & PLANE_RECEIVE_VOICE, ear);
  check_lanes_listen(&plane->check, number, receivers & PLANE_RECEIVE_CONTINUITY, ear);
  /* A port has one modem's ear: who calls is asked before a call, whether a fax calls within it. */
  int modem = receivers & PLANE_RECEIVE_CALLER_IDENTITY ? FSK_CALLER_IDENTITY
              : receivers & PLANE_RECEIVE_FAX           ? FSK_V21_FLAGS
                                                        : DATA_NO_MODEM;
  data_lanes_listen(&plane->data, number, modem, ear);
}

/* Tokens have no echo. */
static int cancel_echo(struct plane *plane, const struct plane_command *command) {
  if (plane->ports[command->port].tokens)
    return 0;
  if (!command->value)
    atomic_store(&plane->arena->ports[command->port].echo, 0);
  if (echo_lanes_set(&plane->echo, command->port, command->value, command->detail & 0xff, command->detail >> 8))
    return -1;
  if (command->value)
    plane_tell_echo(plane, plane->echo.lane_of[command->port]);
  return 0;
}

static void play(struct plane *plane, uint32_t number, const struct plane_command *command) {
  if (command->value >= atomic_load(&plane->arena->header->prompts)) {
    /* What does not exist has no length: a flow that waits for its end must not wait for ever. */
    generator_silence(&plane->ports[number].generator);
    reject(plane);
    plane_tell(plane, number, PLANE_EVENT_PLAYED, command->detail, plane->now);
    return;
  }
  const struct arena_prompt *prompt = &plane->arena->prompts[command->value];
  generator_prompt(&plane->ports[number].generator, command->value, plane->arena->prompt_sound + prompt->offset,
                   prompt->length, command->gain, command->detail, plane->now);
}

/* Loads four octets of a message, or sends it (PLANE_COMMAND_OCTETS). */
static int octets(struct plane *plane, struct generator *generator, const struct plane_command *command) {
  if (!command->gain)
    return generator_load(generator, command->value, command->detail);
  struct fsk_message parts = {.modem = (uint8_t)(command->value & 0xff),
                              .level_tenth_dbm0 = (int16_t)-(int)(command->value >> 20),
                              .seizure_bits = (uint16_t)(command->value >> 8 & 0xfff),
                              .mark_bits = (uint16_t)(command->detail >> 16),
                              .mark_out_bits = (uint16_t)(command->gain - 1),
                              .length = (uint16_t)command->detail};
  return generator_octets(generator, &parts, plane->now);
}

/* A test speaks in whole octets of the line, which tokens have none of: there is none to be ended. */
static int test(struct plane *plane, const struct plane_command *command) {
  if (plane->ports[command->port].tokens)
    return command->value & (PLANE_TEST_SEND | PLANE_TEST_RECEIVE) ? -1 : 0;
  return data_lanes_test(&plane->data, command->port, (int)(command->value & 0xff), (command->value & PLANE_TEST_SEND) != 0,
                         (command->value & PLANE_TEST_RECEIVE) != 0);
}

/* What changes the generator: its sound so far is made first. */
static int speak(struct plane *plane, const struct plane_command *command) {
  uint32_t number = command->port;
  struct generator *generator = &plane->ports[number].generator;
  const struct arena_tones *tones = &plane->arena->header->tones;
  int refused = 0;
  plane_render(plane, number, (uint32_t)(plane->now - plane->start));
  if (command->kind == PLANE_COMMAND_TONE && command->value)
    refused = generator_tone(generator, tones, command->value, command->detail, plane->now);
  else if (command->kind == PLANE_COMMAND_DIGIT)
    refused = generator_digit(generator, tones,
                              (struct generator_digit){.code = (uint16_t)command->value,
                                                       .on_ms = (uint16_t)(command->detail >> 16),
                                                       .off_ms = (uint16_t)command->detail},
                              plane->now);
  else if (command->kind == PLANE_COMMAND_OCTETS)
    refused = octets(plane, generator, command);
  else if (command->kind == PLANE_COMMAND_PLAY)
    play(plane, number, command);
  else
    generator_silence(generator);
  plane_spoken(plane, number);
  return refused;
}

static int connect(struct plane *plane, const struct plane_command *command) {
  int member = command->kind == PLANE_COMMAND_JOIN || command->kind == PLANE_COMMAND_LEAVE;
  uint32_t source = command->value + (member ? PLANE_MIX : 0);
  if (!member && source == PLANE_OWN)
    source = command->port;
  if (command->kind == PLANE_COMMAND_UNHEAR && command->value == PLANE_NO_SOURCE) {
    struct arena_port *port = &plane->arena->ports[command->port];
    for (uint32_t n = port->edges; n-- > 0;)
      if (!port->edge[n].member)
        plane_edge_remove(plane, command->port, port->edge[n].source, 0);
    return 0;
  }
  if (!plane_source_valid(plane, source))
    return -1;
  if (command->kind == PLANE_COMMAND_UNHEAR || command->kind == PLANE_COMMAND_LEAVE) {
    plane_edge_remove(plane, command->port, source, member);
    return 0;
  }
  int32_t gain = command->gain < 0 ? 0 : command->gain > CONFERENCE_GAIN_MAX ? CONFERENCE_GAIN_MAX : command->gain;
  return plane_edge_add(plane, command->port,
                        (struct plane_edge){.source = source,
                                            .gain_4096 = gain,
                                            .gain_tenth_db = (int16_t)command->detail,
                                            .member = (uint8_t)member});
}

/* A card that dials by itself times its breaks by the line, whatever becomes of our ticks; of any other they are ordered one by one. */
static int dial(struct plane *plane, uint32_t number, const struct plane_command *command) {
  struct plane_port *port = &plane->ports[number];
  struct card_pulses pulses = {.breaks = command->value > UINT8_MAX ? UINT8_MAX : (uint8_t)command->value,
                               .break_ms = (uint16_t)(command->detail >> 16),
                               .make_ms = (uint16_t)command->detail,
                               .pause_ms = command->gain > UINT16_MAX ? UINT16_MAX : (uint16_t)command->gain};
  if (port->card->dial && port->dialler.due == PULSE_DIALLER_NEVER) {
    int refused = port->card->dial(port->card, (int)port->index, &pulses);
    if (!refused || port->dialler.by_card) {
      port->dialler.by_card = 1;
      return refused;
    }
  }
  struct pulse_digit digit = {.pulses = command->value > UINT8_MAX ? UINT8_MAX : (uint8_t)command->value,
                              .break_samples = (command->detail >> 16) * SAMPLES_A_MS,
                              .make_samples = (command->detail & 0xffff) * SAMPLES_A_MS,
                              .pause_samples = (uint32_t)command->gain * SAMPLES_A_MS};
  return pulse_dialler_add(&port->dialler, digit, plane->now);
}

void plane_dialler_expire(struct plane *plane, uint32_t number) {
  plane_order(plane, number, CARD_ORDER_LOOP, (uint32_t)pulse_dialler_expire(&plane->ports[number].dialler));
}

/* No more pulses; a break under way ends now. */
static void stop_dialling(struct plane *plane, uint32_t number) {
  struct pulse_dialler *dialler = &plane->ports[number].dialler;
  int open = dialler->open || dialler->by_card;
  pulse_dialler_reset(dialler);
  if (open)
    plane_order(plane, number, CARD_ORDER_LOOP, 1);
}

void plane_record_tokens(struct plane *plane, uint32_t number, uint64_t until) {
  struct plane_port *port = &plane->ports[number];
  if (port->recorder < 0 || until <= port->recorded)
    return;
  arena_recorder_put(plane->arena, (uint32_t)port->recorder, 0, 0, (uint32_t)(until - port->recorded));
  port->recorded = until;
}

static void stop_record(struct plane *plane, uint32_t number) {
  struct plane_port *port = &plane->ports[number];
  if (port->tokens)
    plane_record_tokens(plane, number, plane->start);
  else
    plane->recording--;
  uint32_t recorder = (uint32_t)port->recorder;
  port->recorder = -1;
  port->record_due = AGENDA_NEVER;
  plane_tell(plane, number, PLANE_EVENT_RECORDED, recorder, plane->start);
}

static int record(struct plane *plane, const struct plane_command *command) {
  struct plane_port *port = &plane->ports[command->port];
  if (command->kind == PLANE_COMMAND_STOP_RECORD) {
    /* A control that took over does not know which. */
    if (command->value == UINT32_MAX) {
      if (port->recorder >= 0)
        stop_record(plane, command->port);
      return 0;
    }
    if (port->recorder != (int32_t)command->value)
      return -1;
    stop_record(plane, command->port);
    return 0;
  }
  if (command->value >= plane->arena->header->layout.recorders || port->recorder >= 0)
    return -1;
  port->recorder = (int32_t)command->value;
  arena_recorder_begin(plane->arena, command->value, plane->start);
  port->recorded = plane->start;
  if (port->tokens)
    port->record_due = plane->start + PLANE_RECORD_STEP;
  else
    plane->recording++;
  return 0;
}

/* Commands to shared players name no port. */
static int player_command(struct plane *plane, const struct plane_command *command) {
  if (command->port >= plane->arena->header->layout.players)
    return -1;
  if (command->kind == PLANE_COMMAND_PLAYER_STOP)
    plane_player_stop(plane, command->port);
  else if (command->value < atomic_load(&plane->arena->header->prompts))
    plane_player_play(plane, command->port, command->value, command->gain);
  else
    return -1;
  return 0;
}

/* What is done to the wires of a line. */
static int line_command(struct plane *plane, const struct plane_command *command) {
  uint32_t number = command->port;
  switch (command->kind) {
  case PLANE_COMMAND_RING:
    ring(plane, number, command->value, command->detail);
    return 0;
  case PLANE_COMMAND_REVERSE:
    return plane_order(plane, number, CARD_ORDER_POLARITY, command->value);
  case PLANE_COMMAND_FEED:
    return plane_order(plane, number, CARD_ORDER_FEED, command->value);
  case PLANE_COMMAND_LAMP:
    return plane_order(plane, number, CARD_ORDER_LAMP, command->value);
  case PLANE_COMMAND_PULSES:
    return dial(plane, number, command);
  case PLANE_COMMAND_LOOP:
    pulse_dialler_reset(&plane->ports[number].dialler);
    return plane_order(plane, number, CARD_ORDER_LOOP, command->value);
  case PLANE_COMMAND_GROUND:
    return plane_order(plane, number, CARD_ORDER_GROUND, command->value);
  case PLANE_COMMAND_MEASURE:
    return plane_order(plane, number, CARD_ORDER_MEASURE, 0);
  case PLANE_COMMAND_METERING:
    return meter(plane, number, command->value);
  default:
    return -1;
  }
}

static int port_command(struct plane *plane, const struct plane_command *command) {
  uint32_t number = command->port;
  struct plane_port *port = &plane->ports[number];
  switch (command->kind) {
  case PLANE_COMMAND_BITS:
    plane_order(plane, number, CARD_ORDER_BITS, command->value);
    return 0;
  case PLANE_COMMAND_TONE:
  case PLANE_COMMAND_DIGIT:
  case PLANE_COMMAND_SILENCE:
  case PLANE_COMMAND_PLAY:
  case PLANE_COMMAND_OCTETS:
    return speak(plane, command);
  case PLANE_COMMAND_TEST:
    return test(plane, command);
  case PLANE_COMMAND_LISTEN:
    listen(plane, number, port->listening | (uint8_t)command->value);
    return 0;
  case PLANE_COMMAND_UNLISTEN:
    listen(plane, number, port->listening & (uint8_t)~command->value);
    return 0;
  case PLANE_COMMAND_HEAR:
  case PLANE_COMMAND_UNHEAR:
  case PLANE_COMMAND_JOIN:
  case PLANE_COMMAND_LEAVE:
    return connect(plane, command);
  case PLANE_COMMAND_MUTE:
    if (!plane_source_valid(plane, command->value))
      return -1;
    return plane_edge_mute(plane, number, command->value, command->detail != 0);
  case PLANE_COMMAND_MIX:
    return plane_mix_settings(plane, command->value, command->detail, command->gain != 0);
  case PLANE_COMMAND_LEVEL:
    plane_level_settings(plane, number, command->gain != 0, (int32_t)command->value, (int32_t)command->detail);
    return 0;
  case PLANE_COMMAND_RECORD:
  case PLANE_COMMAND_STOP_RECORD:
    return record(plane, command);
  case PLANE_COMMAND_TAG:
    atomic_store(&plane->arena->ports[number].tag, command->value);
    return 0;
  case PLANE_COMMAND_DISARM:
    port->armed_count = port->pending_count = 0;
    if (port->dialler.due != PULSE_DIALLER_NEVER || port->dialler.by_card)
      stop_dialling(plane, number);
    return 0;
  case PLANE_COMMAND_ECHO:
    return cancel_echo(plane, command);
  case PLANE_COMMAND_DIALLING:
    dialling(&port->dialling, command);
    return 0;
  case PLANE_COMMAND_CONFIGURE:
    return configure(plane, number, command);
  default:
    return line_command(plane, command);
  }
}

void plane_execute(struct plane *plane, const struct plane_command *command) {
  int refused = port_command(plane, command);
  cut_through_touch(plane, command->port);
  if (refused)
    reject(plane);
  else
    plane->arena->header->counters.executed_commands++;
}

/* Keeps a command until its sample, behind those of the same sample that came before. */
static void keep(struct plane *plane, const struct plane_command *command) {
  struct plane_port *port = &plane->ports[command->port];
  if (port->pending_count == PLANE_PENDING) {
    reject(plane);
    return;
  }
  uint32_t place = port->pending_count++;
  for (; place && port->pending[place - 1].at > command->at; place--)
    port->pending[place] = port->pending[place - 1];
  port->pending[place] = *command;
}

void plane_take_command(struct plane *plane, const struct plane_command *command) {
  if (command->kind == PLANE_COMMAND_PLAYER_PLAY || command->kind == PLANE_COMMAND_PLAYER_STOP) {
    if (player_command(plane, command))
      reject(plane);
    else
      plane->arena->header->counters.executed_commands++;
    return;
  }
  if (command->kind == PLANE_COMMAND_FRAME) {
    plane_send_frame(plane, command);
    return;
  }
  if (command->kind == PLANE_COMMAND_LINK) {
    plane_link_order(plane, command);
    return;
  }
  if (command->port >= plane->ports_used) {
    reject(plane);
    return;
  }
  struct plane_port *port = &plane->ports[command->port];
  if (command->when_kind) {
    if (port->armed_count == PLANE_ARMED)
      reject(plane);
    else
      port->armed[port->armed_count++] = *command;
  } else if (command->at > plane->now) {
    keep(plane, command);
  } else {
    plane_execute(plane, command);
  }
  plane_rearm(plane, command->port);
}

void plane_fire_armed(struct plane *plane, uint32_t number, uint32_t kind, uint32_t value, uint64_t sample) {
  struct plane_port *port = &plane->ports[number];
  uint32_t left = 0;
  for (uint32_t n = 0; n < port->armed_count; n++) {
    struct plane_command *command = &port->armed[n];
    if (command->until < plane->now && command->until < sample)
      continue;
    if (command->when_kind != kind || command->when_value != value || sample > command->until) {
      port->armed[left++] = *command;
      continue;
    }
    struct plane_command due = *command;
    due.when_kind = 0;
    due.at = sample + command->after > plane->now ? sample + command->after : plane->now;
    keep(plane, &due);
  }
  port->armed_count = (uint8_t)left;
}
