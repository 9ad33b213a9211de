#include "cas.h"

#include "api.h"

#define NOTHING_TOLD 0xff

void cas_configure(struct cas *cas, const struct cas *wanted, uint8_t level, uint64_t now) {
  if (cas->kind == wanted->kind && cas->recognition == wanted->recognition && cas->flash_min == wanted->flash_min &&
      cas->flash_max == wanted->flash_max && cas->hook_on == wanted->hook_on)
    return;
  *cas = *wanted;
  cas->raw = level;
  cas->since = now;
  cas->open_since = CAS_NEVER;
  cas->told = wanted->kind == PLANE_PORT_FXS ? 0 : NOTHING_TOLD;
  cas->due = wanted->kind == PLANE_PORT_CAS || (wanted->kind == PLANE_PORT_FXS && level) ? now + wanted->recognition
                                                                                        : CAS_NEVER;
}

static void loop_changed(struct cas *cas) {
  if (cas->told && !cas->raw) {
    if (cas->open_since == CAS_NEVER)
      cas->open_since = cas->since;
    cas->due = cas->open_since + cas->hook_on;
  } else {
    cas->due = cas->raw ? cas->since + cas->recognition : CAS_NEVER;
  }
}

int cas_change(struct cas *cas, int hook, uint8_t value, uint64_t sample, struct cas_report *report) {
  if (cas->kind == PLANE_PORT_RAW) {
    *report = (struct cas_report){
        .sample = sample,
        .value = hook ? 0 : value,
        .kind = !hook ? PLANE_EVENT_BITS : value ? PLANE_EVENT_HOOK_OFF : PLANE_EVENT_HOOK_ON};
    return 1;
  }
  if (hook != (cas->kind == PLANE_PORT_FXS) || value == cas->raw)
    return 0;
  cas->raw = value;
  cas->since = sample;
  if (hook)
    loop_changed(cas);
  else
    cas->due = value == cas->told ? CAS_NEVER : sample + cas->recognition;
  return 0;
}

int cas_expire(struct cas *cas, struct cas_report *report) {
  cas->due = CAS_NEVER;
  *report = (struct cas_report){.sample = cas->since};
  if (cas->kind == PLANE_PORT_CAS) {
    cas->told = cas->raw;
    report->kind = PLANE_EVENT_BITS;
    report->value = cas->raw;
    return 1;
  }
  if (!cas->told) {
    cas->told = 1;
    report->kind = PLANE_EVENT_HOOK_OFF;
    return 1;
  }
  uint64_t open_since = cas->open_since;
  cas->open_since = CAS_NEVER;
  if (!cas->raw) {
    cas->told = 0;
    report->kind = PLANE_EVENT_HOOK_ON;
    report->sample = open_since;
    return 1;
  }
  uint64_t open = cas->since - open_since;
  report->kind = PLANE_EVENT_FLASH;
  return open >= cas->flash_min && open <= cas->flash_max;
}
