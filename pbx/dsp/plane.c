/* The plane: its making, and the tick. */
#include "plane.h"

#include <stdlib.h>
#include <string.h>

static int take_memory(struct plane *plane) {
  const struct plane_layout *layout = &plane->arena->header->layout;
  size_t ports = layout->ports, sources = ports + layout->players + layout->mixes, edges = ports * PLANE_EDGES;
  plane->ports = calloc(ports, sizeof *plane->ports);
  plane->players = calloc(layout->players + 1, sizeof *plane->players);
  plane->mixes = calloc(layout->mixes + 1, sizeof *plane->mixes);
  plane->card_event_room = (uint32_t)ports * 4;
  plane->card_events = calloc(plane->card_event_room, sizeof *plane->card_events);
  plane->in = calloc(ports, PLANE_TICK_SAMPLES);
  plane->out = calloc(ports, PLANE_TICK_SAMPLES);
  plane->ears = calloc(ports * PLANE_TICK_SAMPLES, sizeof *plane->ears);
  plane->owns = calloc(ports * PLANE_TICK_SAMPLES, sizeof *plane->owns);
  plane->levels = calloc(ports * PLANE_TICK_SAMPLES, sizeof *plane->levels);
  plane->parties.said = calloc(ports, sizeof *plane->parties.said);
  plane->parties.gains = calloc(ports, sizeof *plane->parties.gains);
  plane->parties.edges = calloc(ports, sizeof *plane->parties.edges);
  plane->parties.loudness = calloc(ports, sizeof *plane->parties.loudness);
  plane->parties.speakers = calloc(ports, sizeof *plane->parties.speakers);
  plane->parties.remembered = calloc(edges, sizeof *plane->parties.remembered);
  plane->listener_head = malloc(sources * sizeof *plane->listener_head);
  plane->listener_next = calloc(edges, sizeof *plane->listener_next);
  plane->listener_before = calloc(edges, sizeof *plane->listener_before);
  plane->dirty = calloc(ports, sizeof *plane->dirty);
  plane->stale = calloc(ports, sizeof *plane->stale);
  if (!plane->ports || !plane->players || !plane->mixes || !plane->card_events || !plane->in || !plane->out ||
      !plane->ears || !plane->owns || !plane->listener_head || !plane->listener_next || !plane->listener_before ||
      !plane->dirty || !plane->stale || !plane->levels || !plane->parties.said || !plane->parties.gains ||
      !plane->parties.edges || !plane->parties.loudness || !plane->parties.speakers || !plane->parties.remembered)
    return -1;
  memset(plane->listener_head, 0xff, sources * sizeof *plane->listener_head);
  if (cut_through_create(&plane->cut, (uint32_t)ports))
    return -1;
  if (link_ports_create(&plane->links, layout->signalling_links, layout->signalling_messages, (uint32_t)ports))
    return -1;
  return agenda_create(&plane->agenda, (uint32_t)(ports + layout->players));
}

struct plane *plane_create(struct arena *arena) {
  struct plane *plane = calloc(1, sizeof *plane);
  if (!plane)
    return 0;
  plane->arena = arena;
  plane->ports_room = arena->header->layout.ports;
  plane->tick = atomic_load(&arena->header->ticks);
  plane->start = plane->now = plane->tick * PLANE_TICK_SAMPLES;
  if (take_memory(plane)) {
    plane_close(plane);
    return 0;
  }
  return plane;
}

/* What listens to sound: needed as soon as one card has any. */
static int create_ears(struct plane *plane) {
  int ports = (int)plane->ports_room;
  return receivers_create(&plane->receivers, ports) || voice_lanes_create(&plane->voice, ports) ||
         check_lanes_create(&plane->check, ports) || data_lanes_create(&plane->data, ports) ||
         echo_lanes_create(&plane->echo, plane->arena->header->layout.echo_cancellers, plane->ports_room);
}

static void close_ears(struct plane *plane) {
  receivers_close(&plane->receivers);
  voice_lanes_close(&plane->voice);
  check_lanes_close(&plane->check);
  data_lanes_close(&plane->data);
  echo_lanes_close(&plane->echo);
}

void plane_close(struct plane *plane) {
  if (!plane)
    return;
  free(plane->ports);
  free(plane->players);
  free(plane->mixes);
  free(plane->card_events);
  free(plane->in);
  free(plane->out);
  free(plane->ears);
  free(plane->owns);
  free(plane->levels);
  free(plane->parties.said);
  free(plane->parties.gains);
  free(plane->parties.edges);
  free(plane->parties.loudness);
  free(plane->parties.speakers);
  free(plane->parties.remembered);
  free(plane->listener_head);
  free(plane->listener_next);
  free(plane->listener_before);
  free(plane->dirty);
  free(plane->stale);
  cut_through_close(&plane->cut);
  link_ports_close(&plane->links);
  agenda_close(&plane->agenda);
  close_ears(plane);
  free(plane);
}

static void read_levels(struct plane *plane, uint32_t number) {
  struct plane_port *port = &plane->ports[number];
  struct card_levels found = {0};
  port->card->level(port->card, (int)port->index, &found);
  /* Whoever begins by the levels is told of changes alone, so they are what was told: a bit error, a dial pulse or a touch of the bell
   * passes unseen. */
  if (port->cas.kind == PLANE_PORT_FXS)
    found.hook = cas_level(&port->cas, (uint8_t)found.hook);
  else if (port->cas.kind == PLANE_PORT_CAS)
    found.bits_in = cas_level(&port->cas, (uint8_t)found.bits_in);
  found.ringing = loop_level(&port->loop, LOOP_RINGING, found.ringing);
  found.reversed = loop_level(&port->loop, LOOP_POLARITY, found.reversed);
  found.battery = loop_level(&port->loop, LOOP_BATTERY, found.battery);
  struct plane_levels levels = {.bits_in = found.bits_in,
                                .bits_out = found.bits_out,
                                .hook = found.hook,
                                .ringing = found.ringing || port->ringing.due != AGENDA_NEVER,
                                .reversed = found.reversed,
                                .battery = found.battery,
                                .alarms = (uint16_t)found.alarms};
  uint64_t word;
  memcpy(&word, &levels, sizeof word);
  atomic_store_explicit(&plane->arena->ports[number].levels, word, memory_order_relaxed);
}

int plane_add_card(struct plane *plane, struct card *card) {
  uint32_t first = plane->ports_used;
  if (plane->card_count == PLANE_CARDS || card->ports <= 0 || (uint32_t)card->ports > plane->ports_room - first)
    return PLANE_FULL;
  if (!card->tokens && !plane->sound) {
    if (create_ears(plane)) {
      close_ears(plane);
      return PLANE_FULL;
    }
    plane->sound = 1;
    plane->progress_generation = 0;
  }
  plane->cards[plane->card_count++] = (struct plane_card){.card = card, .first = first};
  plane->ports_used += (uint32_t)card->ports;
  for (uint32_t number = first; number < plane->ports_used; number++) {
    struct plane_port *port = &plane->ports[number];
    port->card = card;
    port->index = number - first;
    port->tokens = card->tokens != 0;
    port->recorder = -1;
    pulse_dialler_reset(&port->dialler);
    port->record_due = port->ringing.due = port->metering_due = port->cas.due = port->loop.due = AGENDA_NEVER;
    port->token_receiver.progress = plane->progress;
    port->token_receiver.operate = port->token_receiver.release = AGENDA_NEVER;
    port->cas.open_since = LINE_NEVER;
    generator_silence(&port->generator);
    read_levels(plane, number);
  }
  atomic_store(&plane->arena->header->ports, plane->ports_used);
  return (int)first;
}

void plane_levels_stale(struct plane *plane, uint32_t port) {
  if (plane->ports[port].stale)
    return;
  plane->ports[port].stale = 1;
  plane->stale[plane->stale_count++] = port;
}

void plane_tell(struct plane *plane, uint32_t port, uint32_t kind, uint32_t value, uint64_t sample) {
  arena_event_put(plane->arena, sample, port, kind, value);
  if (plane->ports[port].armed_count)
    plane_fire_armed(plane, port, kind, value, sample);
}

static uint64_t sooner(uint64_t first, uint64_t second) { return first < second ? first : second; }

static uint64_t later(uint64_t first, uint64_t second) { return first > second ? first : second; }

/* Sets when the port is due next: the first of all that it waits for. */
void plane_rearm(struct plane *plane, uint32_t number) {
  const struct plane_port *port = &plane->ports[number];
  uint64_t next = sooner(port->cas.due, token_receiver_due(&port->token_receiver));
  next = sooner(next, sooner(port->generator.due, port->ringing.due));
  next = sooner(next, sooner(port->record_due, port->metering_due));
  next = sooner(next, sooner(port->loop.due, port->dialler.due));
  if (port->pending_count)
    next = sooner(next, port->pending[0].at);
  agenda_set(&plane->agenda, number, next);
}

static void expire_loop(struct plane *plane, uint32_t number) {
  struct line_report report;
  if (!loop_expire(&plane->ports[number].loop, &report))
    return;
  plane_levels_stale(plane, number);
  plane_tell(plane, number, report.kind, report.value, report.sample);
}

static void expire_cas(struct plane *plane, uint32_t number) {
  struct plane_port *port = &plane->ports[number];
  struct line_report report;
  if (!cas_expire(&port->cas, &report))
    return;
  plane_levels_stale(plane, number);
  plane_tell(plane, number, report.kind, report.value, report.sample);
  if (report.kind == PLANE_EVENT_HOOK_OFF && (port->ringing.sounding || port->ringing.due != AGENDA_NEVER)) {
    /* Ring trip: ringing voltage must leave a line that has answered, whatever control is doing. */
    if (port->ringing.sounding)
      plane_order(plane, number, CARD_ORDER_RING, 0);
    port->ringing = (struct plane_ringing){.due = AGENDA_NEVER};
  }
}

static void expire_token_receiver(struct plane *plane, uint32_t number) {
  uint16_t code;
  uint64_t sample;
  int edge = token_receiver_expire(&plane->ports[number].token_receiver, &code, &sample);
  if (code == PLANE_CODE_PROMPT)
    plane_tell(plane, number, PLANE_EVENT_VOICE, edge == 1, sample);
  else if ((code & 0xf00) != PLANE_CODE_DTMF)
    plane_tell(plane, number, edge == 1 ? PLANE_EVENT_TONE_ON : PLANE_EVENT_TONE_OFF, code, sample);
  else if (edge == 1)
    plane_tell(plane, number, PLANE_EVENT_DIGIT, code & 0xff, sample);
}

static void expire_generator(struct plane *plane, uint32_t number) {
  struct generator *generator = &plane->ports[number].generator;
  uint32_t token = generator->token;
  plane_render(plane, number, (uint32_t)(plane->now - plane->start));
  int ended = generator_expire(generator, &plane->arena->header->tones);
  plane_spoken(plane, number);
  if (ended == GENERATOR_PLAYED)
    plane_tell(plane, number, PLANE_EVENT_PLAYED, token, plane->now);
  else if (ended == GENERATOR_SENT)
    plane_tell(plane, number, PLANE_EVENT_OCTET, PLANE_OCTET_SENT, plane->now);
}

/* Does everything on one port that is due at `now` or was due before. */
static void port_due(struct plane *plane, uint32_t number) {
  struct plane_port *port = &plane->ports[number];
  while (port->cas.due <= plane->now)
    expire_cas(plane, number);
  while (port->loop.due <= plane->now)
    expire_loop(plane, number);
  while (token_receiver_due(&port->token_receiver) <= plane->now)
    expire_token_receiver(plane, number);
  if (port->generator.due <= plane->now)
    expire_generator(plane, number);
  while (port->dialler.due <= plane->now)
    plane_dialler_expire(plane, number);
  if (port->ringing.due <= plane->now)
    plane_ringing_expire(plane, number);
  if (port->metering_due <= plane->now)
    plane_metering_expire(plane, number);
  if (port->record_due <= plane->now) {
    plane_record_tokens(plane, number, port->record_due);
    port->record_due += PLANE_RECORD_STEP;
  }
  while (port->pending_count && port->pending[0].at <= plane->now) {
    struct plane_command command = port->pending[0];
    port->pending_count--;
    memmove(port->pending, port->pending + 1, port->pending_count * sizeof *port->pending);
    plane_execute(plane, &command);
  }
  cut_through_touch(plane, number);
  plane_rearm(plane, number);
}

static void work_agenda(struct plane *plane, uint64_t end) {
  uint64_t next;
  while ((next = agenda_next(&plane->agenda)) < end) {
    uint32_t member = plane->agenda.heap[0];
    plane->now = next > plane->start ? next : plane->start;
    if (member >= plane->ports_room)
      plane_player_expire(plane, member - plane->ports_room);
    else
      port_due(plane, member);
  }
  plane->now = plane->start;
}

/* What was due on a port before a change of its line is done first, so that both come in the order of time. */
static void catch_up(struct plane *plane, uint32_t number, uint64_t sample) {
  struct plane_port *port = &plane->ports[number];
  while (port->cas.due <= sample) {
    plane->now = later(port->cas.due, plane->start);
    expire_cas(plane, number);
  }
  while (port->loop.due <= sample) {
    plane->now = later(port->loop.due, plane->start);
    expire_loop(plane, number);
  }
  while (token_receiver_due(&port->token_receiver) <= sample) {
    uint64_t due = token_receiver_due(&port->token_receiver);
    plane->now = later(due, plane->start);
    expire_token_receiver(plane, number);
  }
  plane->now = sample;
}

static void card_event(struct plane *plane, uint32_t first, const struct card_event *event) {
  uint32_t number = first + event->port;
  struct plane_port *port = &plane->ports[number];
  uint64_t sample = plane->start + event->offset;
  struct line_report report;
  if (number >= plane->ports_used)
    return;
  catch_up(plane, number, sample);
  if (event->kind == CARD_EVENT_BITS || event->kind == CARD_EVENT_HOOK) {
    if (cas_change(&port->cas, event->kind == CARD_EVENT_HOOK, (uint8_t)event->value, sample, &report))
      plane_tell(plane, number, report.kind, report.value, report.sample);
  } else if (event->kind == CARD_EVENT_ALARM) {
    cut_through_alarm(plane, number, event->value);
    plane_tell(plane, number, PLANE_EVENT_ALARM, event->value, sample);
  } else if (event->kind == CARD_EVENT_SLIP) {
    plane_tell(plane, number, PLANE_EVENT_SLIP, event->value, sample);
  } else if (event->kind == CARD_EVENT_MEASURED) {
    plane_tell(plane, number, PLANE_EVENT_MEASURED, event->value, sample);
  } else if (loop_change(&port->loop, event->kind, (uint8_t)event->value, sample, &report)) {
    plane_tell(plane, number, report.kind, report.value, report.sample);
  }
  plane_levels_stale(plane, number);
  plane_rearm(plane, number);
}

static void hear_sound(struct plane *plane, const struct plane_card *slot) {
  /* A cadence may yet be broken by a silence that is longer than any of its pauses. */
  uint32_t quiet_after = receivers_recognising(&plane->receivers) ? PLANE_QUIET_TICKS_PROGRESS
                         : plane->voice.of_ports.listening          ? PLANE_QUIET_TICKS_VOICE
                                                                  : PLANE_QUIET_TICKS;
  static const uint8_t silence[PLANE_TICK_SAMPLES] = {[0 ... PLANE_TICK_SAMPLES - 1] = PLANE_SILENCE};
  for (uint32_t number = slot->first; number < slot->first + (uint32_t)slot->card->ports; number++) {
    struct plane_port *port = &plane->ports[number];
    const uint8_t *in = plane->in + number * PLANE_TICK_SAMPLES;
    int16_t *ear = plane->ears + number * PLANE_TICK_SAMPLES;
    if (memcmp(in, silence, PLANE_TICK_SAMPLES)) {
      port->ear_live = 1;
      g711_alaw_decode(in, ear, PLANE_TICK_SAMPLES);
      plane->busy_until = later(plane->busy_until, plane->tick + quiet_after);
    } else if (port->ear_live) {
      port->ear_live = 0;
      memset(ear, 0, PLANE_TICK_SAMPLES * sizeof *ear);
    }
  }
}

/* Octets of a modem as tokens: an octet is told when its stop bit comes, as the receiver of sound would. */
static void octet_token(struct plane *plane, uint32_t number, uint16_t code, uint64_t sample) {
  const struct plane_port *port = &plane->ports[number];
  uint32_t before = port->ear_track.code & 0xf00u, after = code & 0xf00u;
  int carried = port->ear_track.code < PLANE_CODE_PROMPT && (before == PLANE_CODE_OCTET || before == PLANE_CODE_CARRIER);
  int carries = code < PLANE_CODE_PROMPT && (after == PLANE_CODE_OCTET || after == PLANE_CODE_CARRIER);
  if (!(port->listening & PLANE_RECEIVE_CALLER_IDENTITY))
    return;
  if (carries && !carried)
    plane_tell(plane, number, PLANE_EVENT_OCTET, PLANE_OCTET_CARRIER_ON, sample);
  if (carried && before == PLANE_CODE_OCTET && after == PLANE_CODE_CARRIER)
    plane_tell(plane, number, PLANE_EVENT_OCTET, port->ear_track.code & 0xff, port->token_receiver.since);
  if (carried && !carries)
    plane_tell(plane, number, PLANE_EVENT_OCTET, PLANE_OCTET_CARRIER_OFF, sample);
}

static void hear_tokens(struct plane *plane, const struct plane_card *slot) {
  for (uint32_t index = 0; index < (uint32_t)slot->card->ports; index++) {
    const struct card_tokens *in = &slot->card->tokens_in[index];
    if (!in->count)
      continue;
    uint32_t number = slot->first + index;
    struct plane_port *port = &plane->ports[number];
    for (int n = 0; n < in->count && n < CARD_TOKEN_CHANGES; n++) {
      const struct card_token_change *change = &in->change[n];
      uint64_t sample = plane->start + change->offset;
      catch_up(plane, number, sample);
      octet_token(plane, number, change->code, sample);
      token_receiver_change(&port->token_receiver, change->code, change->level_tenths_dbm0, sample);
      token_track_set(&port->ear_track, plane->tick, change->offset, change->code, change->level_tenths_dbm0);
    }
    plane_mark_listeners(plane, number);
    plane_rearm(plane, number);
  }
}

static void hear(struct plane *plane) {
  for (uint32_t n = 0; n < plane->card_count; n++) {
    const struct plane_card *slot = &plane->cards[n];
    int count = slot->card->read(slot->card, plane->in + slot->first * PLANE_TICK_SAMPLES, plane->card_events,
                                 (int)plane->card_event_room, plane->tick);
    for (int event = 0; event < count; event++)
      card_event(plane, slot->first, &plane->card_events[event]);
    if (slot->card->take_frame)
      plane_take_frames(plane, slot);
    if (slot->card->tokens)
      hear_tokens(plane, slot);
    else
      hear_sound(plane, slot);
  }
  plane->now = plane->start;
}

/* Takes over the tones to be recognised when control has changed them. */
static void load_tones(struct plane *plane) {
  const struct arena_tones *tones = &plane->arena->header->tones;
  uint32_t generation = atomic_load(&tones->generation);
  if (generation == plane->progress_generation)
    return;
  plane->progress_generation = generation;
  token_timing_load(plane->progress, tones);
  if (!plane->sound)
    return;
  receivers_load(&plane->receivers, tones);
  voice_bank_exclude(plane->voice.bank, tones->recognised.tones ? tones->recognised.frequency_millihertz[0] : 0);
}

static void run_voice(struct plane *plane) {
  int count = voice_lanes_run(&plane->voice);
  for (int n = 0; n < count; n++) {
    const struct tone_report *report = &plane->voice.reports[n];
    uint32_t port = plane->voice.of_ports.port_of[report->lane];
    uint64_t sample = (uint64_t)((int64_t)plane->start + report->offset_samples);
    int begins = report->edge == TONE_BEGIN;
    if (report->value == VOICE_ACTIVITY)
      plane_tell(plane, port, PLANE_EVENT_VOICE, (uint32_t)begins, sample);
    else
      plane_tell(plane, port, begins ? PLANE_EVENT_TONE_ON : PLANE_EVENT_TONE_OFF, PLANE_CODE_BEEP, sample);
    plane_rearm(plane, port);
  }
}

static void run_alerts(struct plane *plane) {
  for (uint32_t lane = 0, left = (uint32_t)plane->data.of_ports.listening; left; lane++) {
    if (!plane->data.of_ports.ears[lane])
      continue;
    left--;
    int back, heard = data_lanes_alert(&plane->data, lane, &back);
    if (heard == ALERT_TONE_NOTHING)
      continue;
    uint32_t port = plane->data.of_ports.port_of[lane];
    plane_tell(plane, port, heard == ALERT_TONE_BEGAN ? PLANE_EVENT_TONE_ON : PLANE_EVENT_TONE_OFF, PLANE_CODE_ALERT,
               plane->start - (uint64_t)back);
    plane_rearm(plane, port);
  }
}

static void run_data(struct plane *plane) {
  static const uint32_t values[] = {[TONE_BEGIN] = PLANE_OCTET_CARRIER_ON,
                                    [TONE_END] = PLANE_OCTET_CARRIER_OFF,
                                    [FSK_OCTET] = 0,
                                    [FSK_FRAMING_ERROR] = PLANE_OCTET_FRAMING_ERROR};
  int count = data_lanes_run(&plane->data);
  for (int n = 0; n < count; n++) {
    const struct tone_report *report = &plane->data.reports[n];
    uint32_t port = plane->data.of_ports.port_of[report->lane];
    uint64_t sample = (uint64_t)((int64_t)plane->start + report->offset_samples);
    int octet = report->edge == FSK_OCTET || report->edge == FSK_FRAMING_ERROR;
    if (report->edge == FSK_FLAGS_BEGIN || report->edge == FSK_FLAGS_END)
      plane_tell(plane, port, report->edge == FSK_FLAGS_BEGIN ? PLANE_EVENT_TONE_ON : PLANE_EVENT_TONE_OFF, PLANE_CODE_V21_FLAGS,
                 sample);
    else if (plane->data.modem[report->lane] == FSK_CALLER_IDENTITY)
      plane_tell(plane, port, PLANE_EVENT_OCTET, values[report->edge] | (octet ? report->value : 0u), sample);
    plane_rearm(plane, port);
  }
  for (uint32_t port = 0, left = plane->data.testing; left && port < plane->ports_used; port++) {
    const struct data_test *test = &plane->data.tests[port];
    uint32_t result;
    left -= test->sends || test->receives;
    if (data_lanes_tested(&plane->data, port, plane->in + port * PLANE_TICK_SAMPLES, &result)) {
      plane_tell(plane, port, PLANE_EVENT_TEST, result, plane->start);
      plane_rearm(plane, port);
    }
  }
}

static void run_receivers(struct plane *plane) {
  struct receivers *receivers = &plane->receivers;
  int count = receivers_run(receivers);
  for (int n = 0; n < count; n++) {
    const struct tone_report *report = &receivers->reports[n];
    uint32_t port = receivers_port(receivers, report);
    uint16_t code = receivers_code(receivers, report);
    uint64_t sample = (uint64_t)((int64_t)plane->start + report->offset_samples);
    if ((code & 0xf00) != PLANE_CODE_DTMF)
      plane_tell(plane, port, report->edge == TONE_BEGIN ? PLANE_EVENT_TONE_ON : PLANE_EVENT_TONE_OFF, code, sample);
    else if (report->edge == TONE_BEGIN)
      plane_tell(plane, port, PLANE_EVENT_DIGIT, code & 0xff, sample);
    plane_rearm(plane, port);
  }
}

static void speak_sound(struct plane *plane, const struct plane_card *slot) {
  uint32_t end = slot->first + (uint32_t)slot->card->ports;
  for (uint32_t number = slot->first; number < end; number++) {
    struct plane_port *port = &plane->ports[number];
    if (port->rendered || port->generator.mode != GENERATOR_QUIET) {
      plane_render(plane, number, PLANE_TICK_SAMPLES);
      plane->busy_until = later(plane->busy_until, plane->tick + 1);
      cut_through_touch(plane, number);
    }
    plane_compose_sound(plane, number);
    if (plane->data.tests[number].sends) {
      bert_send(&plane->data.tests[number].sender, plane->out + number * PLANE_TICK_SAMPLES, PLANE_TICK_SAMPLES);
      port->out_idle = 0;
    }
    if (port->recorder >= 0)
      arena_recorder_put(plane->arena, (uint32_t)port->recorder,
                         port->ear_live ? plane->in + number * PLANE_TICK_SAMPLES : 0,
                         port->out_idle ? 0 : plane->out + number * PLANE_TICK_SAMPLES, PLANE_TICK_SAMPLES);
    port->rendered = port->own_live = 0;
  }
}

static void speak(struct plane *plane) {
  if (plane->sound)
    plane_mix_sum(plane);
  for (uint32_t n = 0; n < plane->card_count; n++)
    if (!plane->cards[n].card->tokens)
      speak_sound(plane, &plane->cards[n]);
  for (uint32_t n = 0; n < plane->dirty_count; n++)
    plane_compose_tokens(plane, plane->dirty[n]);
  for (uint32_t n = 0; n < plane->card_count; n++) {
    const struct plane_card *slot = &plane->cards[n];
    slot->card->write(slot->card, plane->out + slot->first * PLANE_TICK_SAMPLES, plane->tick);
  }
  for (uint32_t n = 0; n < plane->dirty_count; n++) {
    struct plane_port *port = &plane->ports[plane->dirty[n]];
    port->card->tokens_out[port->index].count = 0;
    port->dirty = 0;
  }
  plane->dirty_count = 0;
}

static void refresh_levels(struct plane *plane) {
  if (plane->ports_used) {
    /* One more port in turn, so that a level which changed without an event is known within ports x 10 ms. */
    plane->refresh = (plane->refresh + 1) % plane->ports_used;
    plane_levels_stale(plane, plane->refresh);
  }
  for (uint32_t n = 0; n < plane->stale_count; n++) {
    plane->ports[plane->stale[n]].stale = 0;
    read_levels(plane, plane->stale[n]);
  }
  plane->stale_count = 0;
}

int plane_tick(struct plane *plane, uint64_t tick) {
  struct arena_header *header = plane->arena->header;
  struct plane_command command;
  if (tick < plane->tick)
    return PLANE_INVALID;
  plane->tick = tick;
  plane->start = plane->now = tick * PLANE_TICK_SAMPLES;
  load_tones(plane);
  hear(plane);
  if (plane->sound && plane->echo.working)
    plane_cancel_echoes(plane);
  if (plane->sound)
    run_receivers(plane);
  if (plane->sound)
    run_voice(plane);
  if (plane->sound) {
    run_alerts(plane);
    plane_hear_check_tones(plane);
    run_data(plane);
  }
  while (arena_command_take(plane->arena, &command))
    plane_take_command(plane, &command);
  work_agenda(plane, plane->start + PLANE_TICK_SAMPLES);
  if (plane->links.working)
    plane_run_links(plane);
  cut_through_run(plane);
  speak(plane);
  refresh_levels(plane);
  header->counters.ticks++;
  plane->tick = tick + 1;
  atomic_store(&header->ticks, tick + 1);
  return PLANE_OK;
}

/* Whether a player is heard on a port with sound. */
static int player_heard(const struct plane *plane) {
  for (uint32_t n = 0; n < plane->arena->header->layout.players; n++)
    if (plane->players[n].playing && plane_listened(plane, PLANE_PLAYER + n))
      return 1;
  return 0;
}

uint64_t plane_next_activity(struct plane *plane) {
  if (arena_command_waits(plane->arena))
    return plane->tick;
  for (uint32_t n = 0; n < plane->card_count; n++)
    if (!plane->cards[n].card->quiet(plane->cards[n].card))
      return plane->tick;
  if (plane->data.testing || cut_through_waits(&plane->cut))
    return plane->tick;
  if (plane->sound && (plane->busy_until >= plane->tick || plane->recording || player_heard(plane)))
    return plane->tick;
  uint64_t next = agenda_next(&plane->agenda);
  if (next == AGENDA_NEVER)
    return UINT64_MAX;
  return next / PLANE_TICK_SAMPLES > plane->tick ? next / PLANE_TICK_SAMPLES : plane->tick;
}
