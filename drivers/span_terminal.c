/* One span's framer without card and link (declared in api.h). */
#include "e1.h"
#include <stdlib.h>
#include <string.h>

struct span_terminal {
  struct e1_sender tx;
  struct e1_receiver rx;
};

struct span_terminal *span_terminal_create(int crc4, int idle_bits, int speech_in_slot_16) {
  struct span_terminal *terminal = malloc(sizeof *terminal);
  if (!terminal) return 0;
  e1_sender_init(&terminal->tx, crc4, idle_bits);
  e1_receiver_init(&terminal->rx, crc4, idle_bits);
  if (speech_in_slot_16) e1_speak_in_slot_16(&terminal->tx, &terminal->rx);
  return terminal;
}

void span_terminal_free(struct span_terminal *terminal) { free(terminal); }

int span_terminal_order(struct span_terminal *terminal, int port, int value, int offset) {
  if (port < 0 || port >= terminal->tx.ports) return -1;
  e1_order(&terminal->tx, port, value, offset);
  return 0;
}

void span_terminal_give(struct span_terminal *terminal, const uint8_t *samples, uint8_t *octets) {
  e1_send(&terminal->tx, samples, octets);
}

int span_terminal_take(struct span_terminal *terminal, const uint8_t *octets, uint8_t *samples, struct card_event *events) {
  struct e1_receiver *rx = &terminal->rx;
  int count = 0, alarm = 0;
  e1_receive(rx, octets, samples);
  for (int i = 0; i <= rx->changes; i++) {
    int until = i < rx->changes ? rx->change[i].offset : E1_FRAMES;
    for (; alarm < rx->alarm_changes && rx->alarm[alarm].offset <= until; alarm++)
      events[count++] = (struct card_event){0, CARD_EVENT_ALARM, rx->alarm[alarm].offset, 0, rx->alarm[alarm].alarms};
    if (i < rx->changes)
      events[count++] = (struct card_event){rx->change[i].port, CARD_EVENT_BITS, rx->change[i].offset, 0, rx->change[i].value};
  }
  e1_answer(&terminal->tx, rx);
  return count;
}

int span_terminal_counters(struct span_terminal *terminal, struct wire_counters *counters) {
  memset(counters, 0, sizeof *counters);
  e1_count(&terminal->rx, counters);
  counters->substituted_bits = terminal->tx.substituted;
  return 0;
}

int span_terminal_alarms(struct span_terminal *terminal) { return terminal->rx.alarms; }

int span_terminal_bits(struct span_terminal *terminal, int port) {
  return port < 0 || port >= terminal->rx.ports ? -1 : terminal->rx.bits[port];
}
