/* Recognition of line signals (cas.h, loop.h) as Python sees it. A bare header: declarations only. */
#pragma once
#include <stdint.h>

#define LINE_NEVER 0xffffffffffffffffull

/* What was recognised. */
struct line_report {
  uint64_t sample;
  uint32_t value;
  uint16_t kind; /* PLANE_EVENT_ */
};

struct cas {
  uint8_t kind; /* PLANE_PORT_ */
  uint8_t told; /* state last told; 0xff = none yet */
  uint8_t raw;
  uint8_t pulses; /* breaks of the dialled digit under way */
  uint32_t recognition;
  uint32_t flash_min;
  uint32_t flash_max;
  uint32_t hook_on;
  uint32_t pulse_min; /* break of a dial pulse; pulse_max 0 = no pulse dialling */
  uint32_t pulse_max;
  uint32_t train_max;   /* the same within a train, from its second break on */
  uint32_t make_min;    /* a shorter make does not divide a break */
  uint32_t digit_pause; /* a make of this length ends the digit */
  uint64_t since;       /* first sample of the raw state */
  uint64_t open_since;  /* first sample of the break under way, LINE_NEVER = none */
  uint64_t made_since;  /* first sample behind the last dial pulse */
  uint64_t due;         /* when cas_expire is wanted */
};

/* Sets kind and times (samples) and begins with the level that stands now: it is told after its recognition time,
 * unless it is an open loop. Setting what is already set changes nothing. */
void cas_configure(struct cas *cas, const struct cas *wanted, uint8_t level, uint64_t now);
/* What stands on the line as it has been told; `raw`, as the card has it now, where nothing is told yet. */
uint8_t cas_level(const struct cas *cas, uint8_t raw);
/* The raw state changed; the caller has expired what was due until then. Returns 1 and fills the report on a port of
 * kind raw. */
int cas_change(struct cas *cas, int hook, uint8_t value, uint64_t sample, struct line_report *report);
/* `due` has come: returns 1 and fills the report, or 0 when it was nothing. It may be due again at once. */
int cas_expire(struct cas *cas, struct line_report *report);

/* One of the signals that stand: a state is told when it has stood for the recognition time. */
struct loop_signal {
  uint8_t raw;
  uint8_t told;
  uint32_t recognition;
  uint64_t since;
};

#define LOOP_RINGING 0
#define LOOP_POLARITY 1
#define LOOP_BATTERY 2
#define LOOP_GROUND 3
#define LOOP_SIGNALS 4

struct loop {
  uint8_t kind; /* PLANE_PORT_ */
  struct loop_signal signal[LOOP_SIGNALS];
  uint8_t metering;
  uint32_t meter_min;
  uint32_t meter_max;
  uint64_t metering_since;
  uint64_t due;
};

/* Sets kind and times (samples). Recognition times are those of `wanted->signal`, and its raw states are what stands now:
 * what is no normal state of rest (no ringing, normal polarity, fed, no ground) is told after its recognition time.
 * Setting what is already set changes nothing. */
void loop_configure(struct loop *loop, const struct loop *wanted, uint64_t now);
/* A signal of the card (CARD_EVENT_RINGING, POLARITY, BATTERY, GROUND, METERING) changed; what was due until then has been
 * expired. Returns 1 and fills the report when there is something to tell at once. */
int loop_change(struct loop *loop, int card_event, uint8_t value, uint64_t sample, struct line_report *report);
/* A signal (LOOP_) as it has been told, on a port whose kind has it: before anything is told, as on a line at rest. Else `raw`. */
uint8_t loop_level(const struct loop *loop, int signal, uint8_t raw);
/* `due` has come: fills the report and returns 1. It may be due again at once. */
int loop_expire(struct loop *loop, struct line_report *report);
