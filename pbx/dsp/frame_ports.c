/* Frames of signalling channels between the cards' faces and the rings of the arena, within the tick.
 *
 * Must meet: a link of 64 kbit/s repeats its fill-in units more than 1000 times a second when there is nothing to say (Q.703 clause 11);
 * on a port of signal units, one that is short and equals the one before costs a comparison and nobody is told. Units of a link that the
 * plane works go to it (link_ports.h).
 */
#include <string.h>

#include "plane.h"

#define MOST_A_TICK 160 /* more than a card holds: whatever a card does, the tick ends */

/* Whether the unit says again what the one before said. */
static int repeated(struct plane_port *port, const struct card_frame *frame) {
  if (!port->units)
    return 0;
  int again = frame->count <= PLANE_SHORT_UNIT && frame->count == port->unit_octets && !memcmp(frame->octets, port->unit, frame->count);
  port->unit_octets = frame->count <= PLANE_SHORT_UNIT ? (uint8_t)frame->count : 0;
  memcpy(port->unit, frame->octets, port->unit_octets);
  return again;
}

static void tell_frame(struct plane *plane, uint32_t number, const struct card_frame *frame) {
  if (plane_link_hears(plane, number, frame))
    return;
  uint64_t sample = plane->start + frame->offset;
  if (frame->fault == CARD_FRAME_OCTETS_LOST && !plane->ports[number].units)
    return; /* counted for the monitor of a signalling link; a D channel has none */
  if (frame->fault != CARD_FRAME_GOOD)
    plane_tell(plane, number, PLANE_EVENT_BAD_FRAME, frame->fault, sample);
  else if (repeated(&plane->ports[number], frame))
    plane->arena->header->counters.repeated_units++;
  else
    arena_frame_put(plane->arena, sample, number, PLANE_EVENT_FRAME, frame->octets, frame->count);
}

void plane_take_frames(struct plane *plane, const struct plane_card *slot) {
  struct card_frame frame;
  for (int index = 0; index < slot->card->ports; index++)
    for (int n = 0; n < MOST_A_TICK && slot->card->take_frame(slot->card, index, &frame); n++)
      tell_frame(plane, slot->first + (uint32_t)index, &frame);
}

void plane_send_frame(struct plane *plane, const struct plane_command *command) {
  struct plane_counters *counters = &plane->arena->header->counters;
  uint8_t octets[PLANE_FRAME_OCTETS];
  int count = arena_frame_take(plane->arena, command, octets);
  struct plane_port *port = command->port < plane->ports_used ? &plane->ports[command->port] : 0;
  if (!count || !port || !port->card->give_frame || link_ports_lane(&plane->links, command->port) != LINK_NO_LANE)
    counters->rejected_commands++;
  else if (port->card->give_frame(port->card, (int)port->index, octets, count))
    counters->refused_frames++;
  else
    counters->executed_commands++;
}
