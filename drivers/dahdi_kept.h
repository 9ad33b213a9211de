/* Channels that were open before this plane was: the line keeper (pbx/line_keeper.py) held their descriptors over its birth.
 *
 * Must meet: a call on such a channel notices nothing but a moment of silence. Nothing is ordered that the line could see: no bits, no
 * hook, no parameters of signals; the opening of a channel is a release to the kernel, so it is not opened anew. Buffers and A-law are
 * set as this program wants them, what waits in them is dropped, events too: levels are read as they stand, ours among them, which
 * the kernel alone knows for certain. A descriptor of another channel, of a sort that the span cannot have, or of a span that was
 * pulled is refused.
 *
 * Leaves out: a ringing current (no call that rings lives on; it is ended), and the poles of a line towards an exchange, of which the
 * kernel tells changes alone: whoever knew them says so (`reversed`).
 */
#pragma once
#include "dahdi_channel.h"

/* Makes `opened` out of a descriptor that was held; `state` says how that went, and what is not good is closed. Not in the tick. */
void dahdi_channel_adopt(struct dahdi_opened *opened, const struct dahdi_kept *kept, int frames, const struct dahdi_settings *settings,
                         struct dahdi_calls *calls);
/* Goes on as the channel stands instead of sending what is ordered. In the tick that takes it over. */
void dahdi_channel_go_on(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls);
