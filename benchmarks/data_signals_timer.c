/* Times FSK receivers for benchmarks/data_signals.py: our bank over lanes, and libspandsp's fsk_rx one by one, on the same sound.
 *
 * Built when the benchmark runs, with SPANDSP where its headers are installed. Times are CPU time of the calling thread in ns. spandsp is
 * given 20 ms a call, which suits it better than 10; its bits go to a function that counts them.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#ifdef SPANDSP
#include <spandsp.h>
#endif

#define BLOCK 80

typedef int run_bank(void *bank, const int16_t *const *samples, void *reports);

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double time_bank(run_bank *run, void *bank, const int16_t *const *sound, int lanes, int ticks, void *reports, int *heard) {
  const int16_t **blocks = malloc((size_t)lanes * (size_t)ticks * sizeof *blocks);
  if (!blocks) return -1;
  for (int tick = 0; tick < ticks; tick++)
    for (int lane = 0; lane < lanes; lane++) blocks[tick * lanes + lane] = sound[lane] + tick * BLOCK;
  double begun = now_ns();
  int count = 0;
  for (int tick = 0; tick < ticks; tick++) count += run(bank, blocks + tick * lanes, reports);
  double spent = now_ns() - begun;
  *heard = count;
  free(blocks);
  return spent;
}

#ifdef SPANDSP
static void count_bit(void *user, int bit) { if (bit >= 0) ++*(int *)user; }
#endif

/* -1 where spandsp is not there. `modem` is 0 for V.23, 1 for Bell 202, 2 for V.21 channel 2. */
double time_spandsp(int modem, const int16_t *const *sound, int lanes, int ticks, int *heard) {
  *heard = 0;
#ifdef SPANDSP
  static const int specs[] = {FSK_V23CH1, FSK_BELL202, FSK_V21CH2};
  void **receivers = malloc((size_t)lanes * sizeof *receivers);
  if (!receivers) return -1;
  for (int lane = 0; lane < lanes; lane++)
    receivers[lane] = fsk_rx_init(0, &preset_fsk_specs[specs[modem]], FSK_FRAME_MODE_ASYNC, count_bit, heard);
  double begun = now_ns();
  for (int tick = 0; tick + 1 < ticks; tick += 2)
    for (int lane = 0; lane < lanes; lane++) fsk_rx(receivers[lane], sound[lane] + tick * BLOCK, 2 * BLOCK);
  double spent = now_ns() - begun;
  for (int lane = 0; lane < lanes; lane++) fsk_rx_free(receivers[lane]);
  free(receivers);
  return spent;
#else
  (void)modem, (void)sound, (void)lanes, (void)ticks;
  return -1;
#endif
}
