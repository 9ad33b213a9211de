/* Runs and times echo cancellers for benchmarks/echo.py: our bank over lanes, and libspandsp's and libspeexdsp's one by one, on the same
 * sound. Built when the benchmark runs, with SPANDSP and SPEEXDSP where their headers are installed.
 *
 * It is loaded before everything else (LD_PRELOAD) in a process of its own, because Debian's libspandsp 0.0.6 prints two lines a sample
 * from its canceller: that is taken away here, so that what is timed is the canceller. Times are CPU time of the calling thread in ns.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef SPANDSP
#include <spandsp.h>
int __printf_chk(int flag, const char *format, ...) {
  (void)flag, (void)format;
  return 0;
}
#endif
#ifdef SPEEXDSP
#include <speex/speex_echo.h>
#endif

#define BLOCK 80

typedef void run_bank(void *bank, const int16_t *const *far, const int16_t *const *near, int16_t *const *out);

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* All lanes hear the same; only the last one's output is kept. */
double time_bank(run_bank *run, void *bank, const int16_t *far, const int16_t *near, int16_t *out, int lanes, int ticks) {
  const int16_t **fars = malloc((size_t)lanes * sizeof *fars), **nears = malloc((size_t)lanes * sizeof *nears);
  int16_t **outs = malloc((size_t)lanes * sizeof *outs), *nobody = malloc((size_t)lanes * BLOCK * sizeof *nobody);
  double spent = -1;
  if (fars && nears && outs && nobody) {
    double begun = now_ns();
    for (int tick = 0; tick < ticks; tick++) {
      for (int lane = 0; lane < lanes; lane++) {
        fars[lane] = far + tick * BLOCK;
        nears[lane] = near + tick * BLOCK;
        outs[lane] = lane == lanes - 1 ? out + tick * BLOCK : nobody + lane * BLOCK;
      }
      run(bank, fars, nears, outs);
    }
    spent = now_ns() - begun;
  }
  free(fars), free(nears), free(outs), free(nobody);
  return spent;
}

/* -1 where spandsp is not there. */
double time_spandsp(int taps, const int16_t *far, const int16_t *near, int16_t *out, int ticks) {
#ifdef SPANDSP
  echo_can_state_t *canceller = echo_can_init(taps, ECHO_CAN_USE_ADAPTION);
  double begun = now_ns();
  for (int n = 0; n < ticks * BLOCK; n++) out[n] = echo_can_update(canceller, far[n], near[n]);
  double spent = now_ns() - begun;
  echo_can_free(canceller);
  return spent;
#else
  (void)taps, (void)far, (void)near, (void)out, (void)ticks;
  return -1;
#endif
}

/* -1 where speexdsp is not there. Blocks of 20 ms, as it is mostly used. */
double time_speexdsp(int taps, const int16_t *far, const int16_t *near, int16_t *out, int ticks) {
#ifdef SPEEXDSP
  int rate_hz = 8000;
  SpeexEchoState *canceller = speex_echo_state_init(2 * BLOCK, taps);
  speex_echo_ctl(canceller, SPEEX_ECHO_SET_SAMPLING_RATE, &rate_hz);
  double begun = now_ns();
  for (int n = 0; n + 2 * BLOCK <= ticks * BLOCK; n += 2 * BLOCK) speex_echo_cancellation(canceller, near + n, far + n, out + n);
  double spent = now_ns() - begun;
  speex_echo_state_destroy(canceller);
  return spent;
#else
  (void)taps, (void)far, (void)near, (void)out, (void)ticks;
  return -1;
#endif
}
