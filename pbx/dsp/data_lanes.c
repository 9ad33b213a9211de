/* Data receivers and line tests of the plane: see data_lanes.h. */
#include "data_lanes.h"

#include <stdlib.h>
#include <string.h>

int data_lanes_create(struct data_lanes *lanes, int count) {
  size_t octets = (fsk_bank_size(count) + 63) & ~(size_t)63;
  *lanes = (struct data_lanes){.lanes = count};
  lanes->memory = aligned_alloc(64, octets);
  lanes->ears = calloc((size_t)count, sizeof *lanes->ears);
  lanes->port_of = calloc((size_t)count, sizeof *lanes->port_of);
  lanes->lane_of = malloc((size_t)count * sizeof *lanes->lane_of);
  lanes->reports = calloc((size_t)count * KERNEL_REPORTS_PER_LANE, sizeof *lanes->reports);
  lanes->tests = calloc((size_t)count, sizeof *lanes->tests);
  if (!lanes->memory || !lanes->ears || !lanes->port_of || !lanes->lane_of || !lanes->reports || !lanes->tests)
    return -1;
  memset(lanes->lane_of, 0xff, (size_t)count * sizeof *lanes->lane_of);
  lanes->fsk = fsk_bank_init(lanes->memory, count, FSK_CALLER_IDENTITY);
  return 0;
}

void data_lanes_close(struct data_lanes *lanes) {
  free(lanes->memory);
  free(lanes->ears);
  free(lanes->port_of);
  free(lanes->lane_of);
  free(lanes->reports);
  free(lanes->tests);
}

void data_lanes_listen(struct data_lanes *lanes, uint32_t port, int wanted, const int16_t *ear) {
  uint32_t lane = lanes->lane_of[port];
  if (wanted && lane == DATA_NO_LANE) {
    for (lane = 0; lanes->ears[lane];)
      lane++;
    lanes->ears[lane] = ear;
    lanes->port_of[lane] = port;
    lanes->lane_of[port] = lane;
    lanes->listening++;
    fsk_lane_reset(lanes->fsk, (int)lane, FSK_CALLER_IDENTITY);
  } else if (!wanted && lane != DATA_NO_LANE) {
    lanes->ears[lane] = 0;
    lanes->lane_of[port] = DATA_NO_LANE;
    lanes->listening--;
  }
}

int data_lanes_run(struct data_lanes *lanes) {
  return lanes->listening ? fsk_bank_run(lanes->fsk, lanes->ears, lanes->reports) : 0;
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
