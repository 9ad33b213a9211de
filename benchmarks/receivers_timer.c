/* Times receivers for benchmarks/receivers.py: our banks over lanes, and libspandsp's receivers one by one, on the same sound.
 *
 * Built when the benchmark runs, with SPANDSP where its headers are installed. Times are by the clock in ns, because a tick is too short
 * for the clock of the thread, which is a call of the system: run it on a quiet machine. A channel's sound is `ticks` blocks of 80 samples;
 * spandsp is given two blocks (20 ms) a call, which suits it better than one.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef SPANDSP
#include <spandsp.h>
#endif

#define BLOCK 80
#define KIND_DTMF 0
#define KIND_MFC_FORWARD 1
#define KIND_MFC_BACKWARD 2
#define KIND_PROGRESS 3
#define KIND_CNG 4
#define KIND_ANSWER 5

typedef int run_bank(void *bank, const int16_t *const *samples, void *reports);

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* `sound` holds tick after tick the blocks of all lanes; they are put where a plane's decoder would just have left them, and only what
 * follows is timed, here and with spandsp; `reports` has room for a block's reports;
 * `heard` counts them. */
double time_bank(run_bank *run, void *bank, const int16_t *sound, int lanes, int ticks, void *reports, int *heard) {
  const int16_t **ears = malloc((size_t)lanes * sizeof *ears);
  size_t octets = (size_t)lanes * BLOCK * sizeof **ears;
  int16_t *decoded = malloc(octets);
  double spent = ears && decoded ? 0 : -1;
  *heard = 0;
  for (int lane = 0; lane < lanes && !spent; lane++) ears[lane] = decoded + lane * BLOCK;
  for (int tick = 0; tick < ticks && spent >= 0; tick++) {
    memcpy(decoded, sound + (size_t)tick * (size_t)lanes * BLOCK, octets);
    double begun = now_ns();
    *heard += run(bank, ears, reports);
    spent += now_ns() - begun;
  }
  free(decoded);
  free(ears);
  return spent;
}

#ifdef SPANDSP
/* super_tone_rx is not made without somebody to tell. */
static void told(void *user, int code, int level, int delay) { (void)user, (void)code, (void)level, (void)delay; }

static void *create(int kind) {
  if (kind == KIND_DTMF) return dtmf_rx_init(0, 0, 0);
  if (kind == KIND_CNG) return modem_connect_tones_rx_init(0, MODEM_CONNECT_TONES_FAX_CNG, 0, 0);
  if (kind == KIND_ANSWER) return modem_connect_tones_rx_init(0, MODEM_CONNECT_TONES_ANS_PR, 0, 0);
  if (kind == KIND_MFC_FORWARD || kind == KIND_MFC_BACKWARD) return r2_mf_rx_init(0, kind == KIND_MFC_FORWARD, 0, 0);
  super_tone_rx_descriptor_t *tones = super_tone_rx_make_descriptor(0);
  int busy = super_tone_rx_add_tone(tones), dial = super_tone_rx_add_tone(tones);
  super_tone_rx_add_element(tones, busy, 450, 0, 330, 370);
  super_tone_rx_add_element(tones, busy, 0, 0, 330, 370);
  super_tone_rx_add_element(tones, dial, 450, 0, 700, 0);
  return super_tone_rx_init(0, tones, told, 0);
}

static void destroy(int kind, void *receiver) {
  if (kind == KIND_DTMF) dtmf_rx_free(receiver);
  else if (kind == KIND_PROGRESS) super_tone_rx_free(receiver);
  else if (kind == KIND_CNG || kind == KIND_ANSWER) modem_connect_tones_rx_free(receiver);
  else r2_mf_rx_free(receiver);
}

static void run_one(int kind, void *receiver, const int16_t *samples) {
  char digits[32];
  if (kind == KIND_DTMF) {
    dtmf_rx(receiver, samples, 2 * BLOCK);
    dtmf_rx_get(receiver, digits, 31);
  } else if (kind == KIND_PROGRESS) {
    super_tone_rx(receiver, samples, 2 * BLOCK);
  } else if (kind == KIND_CNG || kind == KIND_ANSWER) {
    modem_connect_tones_rx(receiver, samples, 2 * BLOCK);
  } else {
    r2_mf_rx(receiver, samples, 2 * BLOCK);
  }
}
#endif

/* -1 where spandsp is not there. */
double time_spandsp(int kind, const int16_t *const *sound, int lanes, int ticks) {
#ifdef SPANDSP
  void **receivers = malloc((size_t)lanes * sizeof *receivers);
  if (!receivers) return -1;
  for (int lane = 0; lane < lanes; lane++) receivers[lane] = create(kind);
  int16_t *decoded = malloc((size_t)lanes * 2 * BLOCK * sizeof *decoded);
  double spent = 0;
  for (int tick = 0; decoded && tick + 1 < ticks; tick += 2) {
    for (int lane = 0; lane < lanes; lane++)
      memcpy(decoded + lane * 2 * BLOCK, sound[lane] + tick * BLOCK, 2 * BLOCK * sizeof *decoded);
    double begun = now_ns();
    for (int lane = 0; lane < lanes; lane++) run_one(kind, receivers[lane], decoded + lane * 2 * BLOCK);
    spent += now_ns() - begun;
  }
  free(decoded);
  for (int lane = 0; lane < lanes; lane++) destroy(kind, receivers[lane]);
  free(receivers);
  return spent;
#else
  (void)kind, (void)sound, (void)lanes, (void)ticks;
  return -1;
#endif
}
