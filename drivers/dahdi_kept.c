#include "dahdi_kept.h"
#include "api.h"
#include "dahdi_cross.h"
#include <dahdi/user.h>
#include <errno.h>

#define BOARD_OFF_HOOK 1 /* txhooksig of a channel whose board works the hook */

/* A channel over bits tells the bits it sends; one on a board, what the board was told. Off-hook is the bit A in all signalling of ours
 * that travels as bits, seen from the side that works the hook. */
static int hook_is_off(const struct dahdi_params *found) {
  return found->txbits >= 0 ? (found->txbits & DAHDI_ABIT) != 0 : found->txhooksig == BOARD_OFF_HOOK;
}

static void read_sent(struct dahdi_opened *opened, const struct dahdi_settings *settings, const struct dahdi_params *found) {
  int off = hook_is_off(found);
  opened->sent.bits = (uint8_t)settings->idle_bits;
  if (opened->sort == CHANNEL_BITS && found->txbits >= 0) opened->sent.bits = (uint8_t)(found->txbits & DAHDI_BITS_ABCD);
  if (opened->sort == CHANNEL_TIE && off) opened->sent.bits = (uint8_t)settings->busy_bits;
  if (opened->sort == CHANNEL_OFFICE) opened->sent.loop = (uint8_t)off;
}

void dahdi_channel_adopt(struct dahdi_opened *opened, const struct dahdi_kept *kept, int frames, const struct dahdi_settings *settings,
                         struct dahdi_calls *calls) {
  struct dahdi_params found = {0};
  *opened = (struct dahdi_opened){.fd = kept->fd, .state = SPAN_CARD_NO_CHANNEL, .adopted = 1};
  opened->levels = (struct dahdi_signals){.bits = (uint8_t)settings->idle_bits, .battery = 1, .reversed = (uint8_t)kept->reversed};
  if (!dahdi_call(calls, kept->fd, DAHDI_GET_PARAMS, &found) && found.channo == kept->channel &&
      !dahdi_channel_sort(opened, found.sigtype, found.spanno, frames, settings)) {
    int failed = frames || opened->sort == CHANNEL_CLEAR ? 0 : dahdi_cross_none(calls, opened->fd);
    if (!failed && !frames) dahdi_call_number(calls, opened->fd, DAHDI_LOOPBACK, 0);
    if (!failed) failed = dahdi_channel_prepare_sound(opened, settings, calls, &found);
    if (!failed) failed = dahdi_channel_look(opened->fd, opened->sort, opened->signalling, &opened->levels, calls);
    /* What came before the levels were read is no news. */
    if (!failed) failed = dahdi_call_number(calls, opened->fd, DAHDI_FLUSH, DAHDI_FLUSH_ALL);
    opened->state = failed ? SPAN_CARD_FAILED : SPAN_CARD_IN_USE;
    read_sent(opened, settings, &found);
  }
  if (opened->state != SPAN_CARD_IN_USE) dahdi_channel_close(opened, calls);
}

void dahdi_channel_go_on(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls) {
  channel->ordered_bits = channel->sent_bits = channel->opened.sent.bits;
  channel->loop = channel->opened.sent.loop;
  channel->ring = channel->reverse = channel->unfed = channel->ground = 0;
  /* Whether a board still rings nobody tells; a telephone on-hook notices nothing of being told to stop. */
  if (channel->sort == CHANNEL_TELEPHONE && !channel->now.hook)
    dahdi_channel_order(channel, settings, calls, CARD_ORDER_RING, 0);
}
