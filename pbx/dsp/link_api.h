/* Signalling links that the plane works, as control sees them; what they must meet stands in link_ports.h. A bare header: declarations
 * only.
 *
 * Orders and what is told are those of mtp2_api.h by their numbers, and those below, which that has functions for.
 */
#pragma once
#include <stdint.h>

#include "api.h"
#include "mtp2_api.h"

#define PLANE_LINK_HEAD_OCTETS 3 /* of what is told: which, and its value, the lower octet first */

/* Orders. */
#define PLANE_LINK_MESSAGE 64 /* octets = a message to be sent behind all others */
#define PLANE_LINK_FIGURES 65 /* octets = a struct mtp2_figures; before all others */

/* Told. */
#define PLANE_LINK_RETRIEVED 64       /* octets = a message that the far end has not accepted */
#define PLANE_LINK_RETRIEVAL_ENDED 65 /* that was all */

#define PLANE_LINK_NONE 0 /* the port is no signalling link, or none that has figures */

/* An order to the link of a port, behind the commands given before it; of a message and of figures with octets. */
int arena_send_link(struct arena *arena, uint32_t epoch, uint32_t port, uint32_t order, uint32_t value, const uint8_t *octets,
                    uint32_t count);
/* PLANE_LINK_NONE, or MTP2_STAGE_ as it stood at the end of the last tick. */
int arena_link_status(struct arena *arena, uint32_t port);
/* Since the plane began; PLANE_EMPTY when the port has no link. */
int arena_link_counters(struct arena *arena, uint32_t port, struct mtp2_counters *counters);
