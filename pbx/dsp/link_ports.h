/* Signalling links of No. 7 that the plane works: a port that is one occupies a lane of level 2 (mtp2.h).
 *
 * Must meet: Q.703 clause 5: a unit is answered within the tick, whatever control does; nothing that a message owes is lost on the way up.
 * Therefore level 2 itself is busy (SIB, section 9) while the rings upwards have too little room: under a half it confirms nothing, under
 * a quarter, or where the next message would not fit, it takes nothing, until three quarters are free again. What is told besides messages
 * waits in its lane. Retrieved messages are told as there is room for them.
 *
 * Units are given to the card as its line can send them, two ticks ahead, and short ones when they have changed: every card of signalling
 * channels repeats the last one. How many octets a tick has is what the card says. Those of a card that hides equal units are counted by
 * time, but under an alarm, which is octets without units. A sign of life of control is a look at its events (arena_drain) and every order.
 *
 * The number of lanes is fixed at creation, where all memory is taken: 138 KiB each for 512 messages, 1.1 MiB for 4096. A port keeps its
 * lane and all that is in it when control dies. Leaves out link state control.
 */
#pragma once
#include <stdint.h>

#include "link_api.h"

#define LINK_NO_LANE 0xffffffffu
#define LINK_OWED 32             /* more than a link tells without an order; to a control that orders and never looks some are lost */
#define LINK_AHEAD_TICKS 2
/* Of a thousand parts of the rings upwards, free: */
#define LINK_ACCEPT_BELOW 500
#define LINK_DISCARD_BELOW 250
#define LINK_FREE_FROM 750
#define LINK_AGAIN_TICKS 100     /* so often a short unit is given again: a card that was away has forgotten it */

/* What could not be told yet. */
struct link_owed {
  uint64_t sample;
  uint8_t told;
  uint16_t value;
};

struct link_lane {
  uint32_t port; /* LINK_NO_LANE = free */
  uint8_t ready; /* has figures */
  uint8_t busy;  /* MTP2_FREE ..., by the rings upwards */
  uint8_t retrieving;
  uint8_t owed_count;
  uint8_t short_unit;    /* octets of the longest status unit */
  uint16_t given_ticks;  /* since a unit was given */
  uint32_t tick_bits;    /* of the line */
  uint32_t backlog_bits; /* given and not sent yet */
  uint32_t counting_octets; /* N of SUERM */
  uint32_t silent_octets;   /* without units and not yet counted */
  struct link_owed owed[LINK_OWED];
};

struct link_ports {
  uint32_t lanes, working;
  uint8_t busy; /* as all lanes have it that owe nothing */
  uint64_t alive; /* the last sign of life seen */
  void *memory;
  struct mtp2_links *mtp2;
  struct link_lane *lane;
  uint32_t *lane_of; /* [ports] LINK_NO_LANE = none */
};

int link_ports_create(struct link_ports *links, uint32_t lanes, uint32_t messages, uint32_t ports);
void link_ports_close(struct link_ports *links);
/* LINK_NO_LANE = the port is no link. */
uint32_t link_ports_lane(const struct link_ports *links, uint32_t port);
