#include "api.h"
#include "dahdi_channel.h"
#include "g711.h"
#include <dahdi/user.h>
#include <errno.h>
#include <math.h>
#include <string.h>

/* One node that is always there, whatever made the others; then the channel's number. */
#define CHANNEL_NODE "/dev/dahdi/channel"
#define FRAME_BUFFERS 16
#define FRAME_OCTETS 512
/* After a debounce the kernel watches anew a telephone that is on-hook, if this is above 2; on a tie line that would be told as a
 * seizure of the far end, which it is not. */
#define RAW_FLASH_MS 3
#define NO_FLASH_MS 1
#define RAW_DEBOUNCE_MS 1
#define RAW_WINK_MS 1
#define ENDLESS_MS 3600000 /* the kernel's ringing cadence: ours ends it */

static int sort_of(int signalling) {
  switch (signalling) {
  case DAHDI_SIG_CAS:
    return CHANNEL_BITS;
  case DAHDI_SIG_CLEAR:
    return CHANNEL_CLEAR;
  case DAHDI_SIG_FXOLS:
  case DAHDI_SIG_FXOGS:
  case DAHDI_SIG_FXOKS:
    return CHANNEL_TELEPHONE;
  case DAHDI_SIG_FXSLS:
  case DAHDI_SIG_FXSGS:
  case DAHDI_SIG_FXSKS:
    return CHANNEL_OFFICE;
  case DAHDI_SIG_EM:
  case DAHDI_SIG_EM_E1:
    return CHANNEL_TIE;
  case DAHDI_SIG_HDLCFCS:
  case DAHDI_SIG_HARDHDLC:
  case DAHDI_SIG_MTP2:
    return CHANNEL_FRAMES;
  default:
    return CHANNEL_NOTHING;
  }
}

static int suits(int sort, int kind, int frames) {
  if (frames) return sort == CHANNEL_FRAMES;
  if (kind == WIRE_SUBSCRIBERS) return sort == CHANNEL_TELEPHONE;
  if (kind == WIRE_OFFICES) return sort == CHANNEL_OFFICE;
  return sort == CHANNEL_BITS || sort == CHANNEL_CLEAR || sort == CHANNEL_TIE;
}

int dahdi_channel_sort(struct dahdi_opened *opened, int signalling, int span, int frames, const struct dahdi_settings *settings) {
  opened->signalling = signalling;
  opened->span = span;
  opened->sort = sort_of(signalling);
  if (suits(opened->sort, settings->kind, frames)) return 0;
  opened->state = SPAN_CARD_OTHER_SORT;
  return -1;
}

static int set_buffers(struct dahdi_calls *calls, int fd, int frames) {
  struct dahdi_bufferinfo wanted = {.txbufpolicy = frames ? DAHDI_POLICY_IMMEDIATE : DAHDI_POLICY_HALF_FULL,
                                    .rxbufpolicy = DAHDI_POLICY_IMMEDIATE,
                                    .numbufs = frames ? FRAME_BUFFERS : CHANNEL_BUFFERS,
                                    .bufsize = frames ? FRAME_OCTETS : CARD_TICK_SAMPLES};
  return dahdi_call(calls, fd, DAHDI_SET_BUFINFO, &wanted);
}

/* A board's codecs may speak mu-law: the circuits of an E1 never do, whatever the kernel thinks. */
static int speaks_ulaw(struct dahdi_calls *calls, int fd, const struct dahdi_params *found) {
  struct dahdi_spaninfo span = {0};
  return found->curlaw == DAHDI_LAW_MULAW && !dahdi_call(calls, fd, DAHDI_SPANSTAT, &span) && span.linecompat == 0;
}

static void gain_table(uint8_t *table, int tenth_db) { g711_alaw_gain(table, (int32_t)lrint(4096.0 * pow(10.0, tenth_db / 200.0))); }

/* Gains, and the other law, are put on by the kernel's own tables: they cost the tick nothing. */
static int set_gains(struct dahdi_calls *calls, int fd, const struct dahdi_settings *settings, int translated) {
  if (!settings->receive_gain_tenth_db && !settings->send_gain_tenth_db && !translated) return 0;
  struct dahdi_gains gains = {0};
  uint8_t every[256], received[256], sent[256];
  gain_table(received, settings->receive_gain_tenth_db);
  gain_table(sent, settings->send_gain_tenth_db);
  for (int code = 0; code < 256; code++) every[code] = (uint8_t)code;
  if (translated) {
    g711_ulaw_to_alaw(every, gains.rxgain, 256);
    g711_translate(received, gains.rxgain, gains.rxgain, 256);
    g711_alaw_to_ulaw(sent, gains.txgain, 256);
  } else {
    memcpy(gains.rxgain, received, 256);
    memcpy(gains.txgain, sent, 256);
  }
  return dahdi_call(calls, fd, DAHDI_SETGAINS, &gains);
}

/* What the kernel does for others is ours here. A driver that does not know an order has nothing to be turned off. */
static int prepare_sound(struct dahdi_calls *calls, int fd, const struct dahdi_settings *settings, const struct dahdi_params *found) {
  int translated = speaks_ulaw(calls, fd, found);
  dahdi_call_number(calls, fd, DAHDI_ECHOCANCEL, 0);
  dahdi_call_number(calls, fd, DAHDI_TONEDETECT, 0);
  struct dahdi_dialoperation none = {.op = DAHDI_DIAL_OP_CANCEL};
  dahdi_call(calls, fd, DAHDI_DIAL, &none);
  int failed = dahdi_call_number(calls, fd, DAHDI_SETLAW, DAHDI_LAW_ALAW);
  return failed ? failed : set_gains(calls, fd, settings, translated);
}

/* A driver that feeds no lamps refuses the order to light one, too, which is counted then. */
static void choose_lamp(struct dahdi_calls *calls, int fd, int lamp) {
  static const unsigned kinds[] = {[SPAN_CARD_LAMP_REVERSAL] = DAHDI_VMWI_LREV,
                                   [SPAN_CARD_LAMP_HIGH_VOLTAGE] = DAHDI_VMWI_HVDC,
                                   [SPAN_CARD_LAMP_NEON] = DAHDI_VMWI_HVAC};
  struct dahdi_vmwi_info wanted = {.vmwi_type = kinds[lamp]};
  if (lamp != SPAN_CARD_LAMP_NONE) dahdi_call(calls, fd, DAHDI_VMWI_CONFIG, &wanted);
}

static int prepare_signals(struct dahdi_calls *calls, struct dahdi_opened *opened, const struct dahdi_settings *settings,
                           struct dahdi_params *found) {
  int failed = 0;
  if (opened->sort == CHANNEL_BITS) failed = dahdi_call_number(calls, opened->fd, DAHDI_SETTXBITS, settings->idle_bits);
  if (opened->sort == CHANNEL_TELEPHONE || opened->sort == CHANNEL_TIE) {
    found->rxflashtime = opened->sort == CHANNEL_TIE ? NO_FLASH_MS : RAW_FLASH_MS;
    found->debouncetime = RAW_DEBOUNCE_MS;
    found->rxwinktime = RAW_WINK_MS;
    failed = dahdi_call(calls, opened->fd, DAHDI_SET_PARAMS, found);
  }
  if (!failed && opened->sort == CHANNEL_TELEPHONE) {
    struct dahdi_ring_cadence ours = {.ringcadence = {ENDLESS_MS, 1}};
    failed = dahdi_call(calls, opened->fd, DAHDI_SETCADENCE, &ours);
  }
  if (failed) return failed;
  if (opened->sort == CHANNEL_TELEPHONE) choose_lamp(calls, opened->fd, settings->message_lamp);
  return dahdi_channel_look(opened->fd, opened->sort, opened->signalling, &opened->levels, calls);
}

int dahdi_channel_prepare_sound(struct dahdi_opened *opened, const struct dahdi_settings *settings, struct dahdi_calls *calls,
                                const struct dahdi_params *found) {
  int frames = opened->sort == CHANNEL_FRAMES, failed = set_buffers(calls, opened->fd, frames);
  if (failed) return failed;
  return frames || opened->sort == CHANNEL_CLEAR ? 0 : prepare_sound(calls, opened->fd, settings, found);
}

static int prepare(struct dahdi_opened *opened, const struct dahdi_settings *settings, struct dahdi_calls *calls,
                   struct dahdi_params *found) {
  int failed = dahdi_channel_prepare_sound(opened, settings, calls, found);
  if (!failed) failed = prepare_signals(calls, opened, settings, found);
  /* What came before the levels were read is no news. */
  return failed ? failed : dahdi_call_number(calls, opened->fd, DAHDI_FLUSH, DAHDI_FLUSH_ALL);
}

void dahdi_channel_close(struct dahdi_opened *opened, struct dahdi_calls *calls) {
  if (opened->fd >= 0) dahdi_call_close(calls, opened->fd);
  opened->fd = -1;
}

void dahdi_channel_open(struct dahdi_opened *opened, int number, int frames, const struct dahdi_settings *settings,
                        struct dahdi_calls *calls) {
  struct dahdi_params found = {0};
  int fd = dahdi_call_open(calls, CHANNEL_NODE);
  *opened = (struct dahdi_opened){.fd = fd < 0 ? -1 : fd, .state = SPAN_CARD_NO_CHANNEL};
  opened->levels = (struct dahdi_signals){.bits = (uint8_t)settings->idle_bits, .battery = 1};
  if (fd < 0) return;
  int failed = dahdi_call_number(calls, fd, DAHDI_SPECIFY, number);
  if (failed) {
    opened->state = failed == -EBUSY ? SPAN_CARD_BUSY : SPAN_CARD_NO_CHANNEL;
    dahdi_channel_close(opened, calls);
    return;
  }
  opened->state = SPAN_CARD_FAILED;
  if (!dahdi_call(calls, fd, DAHDI_GET_PARAMS, &found)) {
    if (!dahdi_channel_sort(opened, found.sigtype, found.spanno, frames, settings) && !prepare(opened, settings, calls, &found))
      opened->state = SPAN_CARD_IN_USE;
  }
  if (opened->state != SPAN_CARD_IN_USE) dahdi_channel_close(opened, calls);
}
