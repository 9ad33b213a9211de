/* Data receivers and line tests of the plane: see data_lanes.h. */
#include "data_lanes.h"

#include <stdlib.h>

int data_lanes_create(struct data_lanes *lanes, int count) {
  *lanes = (struct data_lanes){.memory = aligned_alloc(64, (fsk_bank_size(count) + 63) & ~(size_t)63),
                               .reports = calloc((size_t)count * KERNEL_REPORTS_PER_LANE, sizeof *lanes->reports),
                               .modem = calloc((size_t)count, sizeof *lanes->modem),
                               .alert = calloc((size_t)count, sizeof *lanes->alert),
                               .tests = calloc((size_t)count, sizeof *lanes->tests)};
  if (port_lanes_create(&lanes->of_ports, count) || !lanes->memory || !lanes->reports || !lanes->modem || !lanes->alert ||
      !lanes->tests)
    return -1;
  lanes->fsk = fsk_bank_init(lanes->memory, count, FSK_CALLER_IDENTITY);
  return 0;
}

void data_lanes_close(struct data_lanes *lanes) {
  port_lanes_close(&lanes->of_ports);
  free(lanes->memory);
  free(lanes->reports);
  free(lanes->modem);
  free(lanes->alert);
  free(lanes->tests);
  *lanes = (struct data_lanes){0};
}

void data_lanes_listen(struct data_lanes *lanes, uint32_t port, int modem, const int16_t *ear) {
  uint32_t lane = lanes->of_ports.lane_of[port];
  if (modem == DATA_NO_MODEM) {
    port_lanes_release(&lanes->of_ports, port);
  } else if (lane == PORT_NO_LANE || lanes->modem[lane] != modem) {
    lane = lane == PORT_NO_LANE ? port_lanes_occupy(&lanes->of_ports, port, ear) : lane;
    lanes->modem[lane] = (int8_t)modem;
    fsk_lane_reset(lanes->fsk, (int)lane, modem);
    alert_tone_reset(&lanes->alert[lane]);
  }
}

int data_lanes_run(struct data_lanes *lanes) {
  return lanes->of_ports.listening ? fsk_bank_run(lanes->fsk, lanes->of_ports.ears, lanes->reports) : 0;
}

int data_lanes_alert(struct data_lanes *lanes, uint32_t lane, int *back) {
  const int16_t *ear = lanes->of_ports.ears[lane];
  return ear && lanes->modem[lane] == FSK_CALLER_IDENTITY ? alert_tone_hear(&lanes->alert[lane], ear, back) : ALERT_TONE_NOTHING;
}

int data_lanes_test(struct data_lanes *lanes, uint32_t port, int pattern, int sends, int receives) {
  struct data_test *test = &lanes->tests[port], wanted = {.sends = (uint8_t)sends, .receives = (uint8_t)receives};
  if (bert_send_start(&wanted.sender, pattern) || bert_receive_start(&wanted.receiver, pattern))
    return -1;
  lanes->testing += (uint32_t)(sends || receives);
  lanes->testing -= (uint32_t)(test->sends || test->receives);
  *test = wanted;
  return 0;
}

int data_lanes_tested(struct data_lanes *lanes, uint32_t port, const uint8_t *octets, uint32_t *result) {
  struct data_test *test = &lanes->tests[port];
  if (!test->receives)
    return 0;
  bert_receive(&test->receiver, octets, KERNEL_BLOCK_SAMPLES);
  if (++test->ticks < DATA_TEST_TICKS)
    return 0;
  uint64_t bits = test->receiver.bits - test->bits, errors = test->receiver.errors - test->errors;
  *result = (uint32_t)errors | (uint32_t)(bits / 8) << 16 | (uint32_t)test->receiver.synchronised << 31;
  test->ticks = 0;
  test->bits = test->receiver.bits;
  test->errors = test->receiver.errors;
  return 1;
}
