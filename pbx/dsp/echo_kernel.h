/* The echo canceller's arithmetic over vectors of 16 lanes, compiled once for each processor.
 *
 * The including file gives `vector`, load, store, all, add, subtract, multiply, divide, from_samples, put_samples and
 * SWAPPED, each lane by lane and rounded once, so that all versions give the same bits. No product is fused with a sum.
 *
 * A transform of 160 points, sample 16 j + l in lane l of vector j, is one of 10 points over the vectors for the
 * frequencies q = 0..5 (the others are their mirror images), a turn, and one of 16 points within the lanes by four
 * butterflies, whose results stay in reversed order. Filters are applied and corrected by overlap and save: a block of
 * 80 samples is the second half of 160, so only half of the points go in or come out.
 */
#include "echo_state.h"
#include "generated_tables.h"

#ifndef PROCESSOR_TARGET
#define PROCESSOR_TARGET
#endif

#define HALF 5 /* vectors of a block */

typedef struct {
  vector re, im;
} complex_vector;

INLINE complex_vector turned(complex_vector a, const float *re, const float *im) {
  vector by_re = load(re), by_im = load(im);
  return (complex_vector){subtract(multiply(a.re, by_re), multiply(a.im, by_im)),
                          add(multiply(a.re, by_im), multiply(a.im, by_re))};
}

INLINE complex_vector turned_back(complex_vector a, const float *re, const float *im) {
  vector by_re = load(re), by_im = load(im);
  return (complex_vector){add(multiply(a.re, by_re), multiply(a.im, by_im)),
                          subtract(multiply(a.im, by_re), multiply(a.re, by_im))};
}

#define BUTTERFLY(a, apart, sign)                                                                                      \
  ((complex_vector){add(SWAPPED((a).re, apart), multiply((a).re, sign)),                                               \
                    add(SWAPPED((a).im, apart), multiply((a).im, sign))})

INLINE complex_vector lanes_forward(complex_vector a) {
  a = turned(BUTTERFLY(a, 8, load(echo_sign[0])), echo_stage_re[0], echo_stage_im[0]);
  a = turned(BUTTERFLY(a, 4, load(echo_sign[1])), echo_stage_re[1], echo_stage_im[1]);
  a = turned(BUTTERFLY(a, 2, load(echo_sign[2])), echo_stage_re[2], echo_stage_im[2]);
  return BUTTERFLY(a, 1, load(echo_sign[3]));
}

INLINE complex_vector lanes_back(complex_vector a) {
  a = turned_back(BUTTERFLY(a, 1, load(echo_sign[3])), echo_stage_re[2], echo_stage_im[2]);
  a = turned_back(BUTTERFLY(a, 2, load(echo_sign[2])), echo_stage_re[1], echo_stage_im[1]);
  a = turned_back(BUTTERFLY(a, 4, load(echo_sign[1])), echo_stage_re[0], echo_stage_im[0]);
  return BUTTERFLY(a, 8, load(echo_sign[0]));
}

/* The transform over five vectors, for the even frequencies or the odd ones: a[j] and a[5 - j] go together. */
INLINE void vectors_forward(const vector *a, int odd, complex_vector *out) {
  vector sum1 = add(a[1], a[4]), sum2 = add(a[2], a[3]);
  vector difference1 = subtract(a[1], a[4]), difference2 = subtract(a[2], a[3]);
  vector real1 = odd ? difference1 : sum1, real2 = odd ? difference2 : sum2;
  vector imaginary1 = odd ? sum1 : difference1, imaginary2 = odd ? sum2 : difference2;
  for (int q = odd; q < ECHO_VECTORS; q += 2) {
    if (q == 0 || q == 5) {
      out[q].re = q ? add(subtract(a[0], difference1), difference2) : add(add(a[0], sum1), sum2);
      out[q].im = all(0.0f);
      continue;
    }
    out[q].re = add(add(a[0], multiply(real1, all(echo_cosine[q][0]))), multiply(real2, all(echo_cosine[q][1])));
    out[q].im = subtract(multiply(imaginary1, all(-echo_sine[q][0])), multiply(imaginary2, all(echo_sine[q][1])));
  }
}

INLINE void finish_forward(complex_vector *a, struct echo_spectrum *out) {
  for (int q = 0; q < ECHO_VECTORS; q++) {
    complex_vector done = lanes_forward(q ? turned(a[q], echo_turn_re[q], echo_turn_im[q]) : a[q]);
    store(out->re + 16 * q, done.re);
    store(out->im + 16 * q, done.im);
  }
}

/* Of 160 samples. */
INLINE void forward(const float *sound, struct echo_spectrum *out) {
  vector sum[HALF], difference[HALF];
  complex_vector a[ECHO_VECTORS];
  for (int j = 0; j < HALF; j++) {
    vector first = load(sound + 16 * j), second = load(sound + 16 * (j + HALF));
    sum[j] = add(first, second);
    difference[j] = subtract(first, second);
  }
  vectors_forward(sum, 0, a);
  vectors_forward(difference, 1, a);
  finish_forward(a, out);
}

/* Of 80 samples with 80 of silence before (`late`) or behind them. */
INLINE void forward_half(const vector *sound, int late, struct echo_spectrum *out) {
  vector negative[HALF];
  complex_vector a[ECHO_VECTORS];
  for (int j = 0; j < HALF; j++)
    negative[j] = late ? subtract(all(0.0f), sound[j]) : sound[j];
  vectors_forward(sound, 0, a);
  vectors_forward(negative, 1, a);
  finish_forward(a, out);
}

/* The first 80 of the 160 samples, or the last. */
INLINE void back_half(const struct echo_spectrum *in, int late, vector *sound) {
  complex_vector a[ECHO_VECTORS];
  for (int q = 0; q < ECHO_VECTORS; q++) {
    complex_vector place = {load(in->re + 16 * q), load(in->im + 16 * q)};
    a[q] = turned(lanes_back(place), echo_back_re[q], echo_back_im[q]);
    if (late && (q & 1))
      a[q] = (complex_vector){subtract(all(0.0f), a[q].re), subtract(all(0.0f), a[q].im)};
  }
  sound[0] = add(add(add(a[0].re, a[2].re), a[4].re), add(add(a[1].re, a[3].re), a[5].re));
  for (int j = 1; j <= 2; j++) {
    vector even = a[0].re, odd = all(0.0f), even_sine = all(0.0f), odd_sine = all(0.0f);
    for (int q = 1; q < 5; q++) {
      vector real = multiply(a[q].re, all(echo_cosine[q][j - 1])), imaginary = multiply(a[q].im, all(echo_sine[q][j - 1]));
      even = q & 1 ? even : add(even, real);
      odd = q & 1 ? add(odd, real) : odd;
      even_sine = q & 1 ? even_sine : add(even_sine, imaginary);
      odd_sine = q & 1 ? add(odd_sine, imaginary) : odd_sine;
    }
    odd = j & 1 ? subtract(odd, a[5].re) : add(odd, a[5].re);
    sound[j] = subtract(add(even, odd), add(even_sine, odd_sine));
    sound[HALF - j] = add(subtract(even, odd), subtract(even_sine, odd_sine));
  }
}

INLINE float sum_of(vector a) {
  _Alignas(64) float lane[16];
  a = add(a, SWAPPED(a, 8));
  a = add(a, SWAPPED(a, 4));
  a = add(a, SWAPPED(a, 2));
  a = add(a, SWAPPED(a, 1));
  store(lane, a);
  return lane[0];
}

/* Both filters' answers to what the far end has said, and the power that the trial filter is uncertain of. */
INLINE void apply(struct echo_filter *filter, struct echo_spectrum *trial, struct echo_spectrum *proven) {
  for (int v = 0; v < ECHO_PLACES; v += 16) {
    vector trial_re = all(0.0f), trial_im = trial_re, proven_re = trial_re, proven_im = trial_re, expected = trial_re;
    int place = filter->newest;
    for (int p = 0; p < filter->partitions; p++) {
      const struct echo_partition *taps = &filter->partition[p];
      const struct echo_spectrum *far = &filter->partition[place].far;
      place = place + 1 == filter->partitions ? 0 : place + 1;
      vector re = load(far->re + v), im = load(far->im + v);
      vector by_re = load(taps->trial.re + v), by_im = load(taps->trial.im + v);
      trial_re = add(trial_re, subtract(multiply(re, by_re), multiply(im, by_im)));
      trial_im = add(trial_im, add(multiply(re, by_im), multiply(im, by_re)));
      by_re = load(taps->proven.re + v), by_im = load(taps->proven.im + v);
      proven_re = add(proven_re, subtract(multiply(re, by_re), multiply(im, by_im)));
      proven_im = add(proven_im, add(multiply(re, by_im), multiply(im, by_re)));
      vector power = add(multiply(re, re), multiply(im, im));
      expected = add(expected, multiply(power, load(taps->uncertainty + v)));
    }
    store(trial->re + v, trial_re);
    store(trial->im + v, trial_im);
    store(proven->re + v, proven_re);
    store(proven->im + v, proven_im);
    store(filter->expected + v, expected);
  }
}

/* Less of the low frequencies, where speech is strongest: what leaks from them would drown the others. */
INLINE vector emphasised(const int16_t *samples) {
  return subtract(from_samples(samples + 1), multiply(all(ECHO_EMPHASIS), from_samples(samples)));
}

/* `far` and `near` begin with the last sample of the block before. */
PROCESSOR_TARGET static void run(struct echo_filter *filter, const int16_t *far, const int16_t *near) {
  struct echo_spectrum trial, proven;
  vector trial_echo[HALF], proven_echo[HALF];
  vector far_sum = all(0.0f), near_sum = far_sum, trial_sum = far_sum, proven_sum = far_sum, echo_sum = far_sum;
  vector trial_echo_sum = far_sum, product_sum = far_sum, power_sum = far_sum, squares_sum = far_sum;
  for (int n = 0; n < KERNEL_BLOCK_SAMPLES; n += 16) {
    vector sound = emphasised(far + n);
    store(filter->far_block + n, load(filter->far_block + KERNEL_BLOCK_SAMPLES + n));
    store(filter->far_block + KERNEL_BLOCK_SAMPLES + n, sound);
    far_sum = add(far_sum, multiply(sound, sound));
  }
  filter->newest = (filter->newest ? filter->newest : filter->partitions) - 1;
  struct echo_spectrum *newest = &filter->partition[filter->newest].far;
  forward(filter->far_block, newest);
  for (int v = 0; v < ECHO_PLACES; v += 16) {
    vector re = load(newest->re + v), im = load(newest->im + v), power = add(multiply(re, re), multiply(im, im));
    power_sum = add(power_sum, power);
    squares_sum = add(squares_sum, multiply(power, power));
  }
  apply(filter, &trial, &proven);
  back_half(&trial, 1, trial_echo);
  back_half(&proven, 1, proven_echo);
  for (int j = 0; j < HALF; j++) {
    vector sound = emphasised(near + 16 * j);
    vector trial_error = subtract(sound, trial_echo[j]), proven_error = subtract(sound, proven_echo[j]);
    store(filter->near_block + 16 * j, sound);
    store(filter->trial_error + 16 * j, trial_error);
    store(filter->proven_error + 16 * j, proven_error);
    near_sum = add(near_sum, multiply(sound, sound));
    trial_sum = add(trial_sum, multiply(trial_error, trial_error));
    proven_sum = add(proven_sum, multiply(proven_error, proven_error));
    echo_sum = add(echo_sum, multiply(proven_echo[j], proven_echo[j]));
    trial_echo_sum = add(trial_echo_sum, multiply(trial_echo[j], trial_echo[j]));
    product_sum = add(product_sum, multiply(trial_error, trial_echo[j]));
  }
  filter->sums = (struct echo_sums){.far = sum_of(far_sum),
                                    .near = sum_of(near_sum),
                                    .trial_error = sum_of(trial_sum),
                                    .proven_error = sum_of(proven_sum),
                                    .proven_echo = sum_of(echo_sum),
                                    .trial_echo = sum_of(trial_echo_sum),
                                    .trial_product = sum_of(product_sum),
                                    .far_power = sum_of(power_sum),
                                    .far_squares = sum_of(squares_sum)};
}

/* What a filter holds beyond its 80 taps came from taking circular products for linear ones. */
INLINE void constrain(struct echo_spectrum *taps) {
  vector sound[HALF];
  back_half(taps, 0, sound);
  forward_half(sound, 0, taps);
}

PROCESSOR_TARGET static void adapt(struct echo_filter *filter, float wandering) {
  struct echo_spectrum error;
  vector sound[HALF];
  const vector forget = all(ECHO_DISTURBANCE_SHARE), least = all(ECHO_DISTURBANCE_LEAST), wander = all(wandering);
  for (int j = 0; j < HALF; j++)
    sound[j] = load(filter->trial_error + 16 * j);
  forward_half(sound, 1, &error);
  for (int v = 0; v < ECHO_PLACES; v += 16) {
    vector re = load(error.re + v), im = load(error.im + v), disturbance = load(filter->disturbance + v);
    vector power = add(multiply(re, re), multiply(im, im));
    disturbance = add(disturbance, multiply(forget, subtract(power, disturbance)));
    store(filter->disturbance + v, disturbance);
    vector whole = add(load(filter->expected + v), add(add(disturbance, disturbance), least));
    vector share = divide(all(1.0f), whole);
    re = multiply(re, share), im = multiply(im, share);
    int place = filter->newest;
    for (int p = 0; p < filter->partitions; p++) {
      struct echo_partition *taps = &filter->partition[p];
      const struct echo_spectrum *far = &filter->partition[place].far;
      place = place + 1 == filter->partitions ? 0 : place + 1;
      vector far_re = load(far->re + v), far_im = load(far->im + v), uncertainty = load(taps->uncertainty + v);
      vector taps_re = load(taps->trial.re + v), taps_im = load(taps->trial.im + v);
      vector step_re = add(multiply(far_re, re), multiply(far_im, im));
      vector step_im = subtract(multiply(far_re, im), multiply(far_im, re));
      taps_re = add(taps_re, multiply(uncertainty, step_re));
      taps_im = add(taps_im, multiply(uncertainty, step_im));
      store(taps->trial.re + v, taps_re);
      store(taps->trial.im + v, taps_im);
      vector far_power = add(multiply(far_re, far_re), multiply(far_im, far_im));
      vector gain = multiply(multiply(all(ECHO_LEARNED), uncertainty), multiply(far_power, share));
      vector taps_power = add(multiply(taps_re, taps_re), multiply(taps_im, taps_im));
      uncertainty = subtract(uncertainty, multiply(uncertainty, gain));
      store(taps->uncertainty + v, add(uncertainty, multiply(wander, taps_power)));
    }
  }
  constrain(&filter->partition[0].trial);
  if (filter->partitions > 1) {
    filter->constrained = filter->constrained + 1 >= filter->partitions ? 1 : filter->constrained + 1;
    constrain(&filter->partition[filter->constrained].trial);
  }
}

PROCESSOR_TARGET static void to_samples(const float *sound, int16_t *samples) {
  for (int n = 0; n < KERNEL_BLOCK_SAMPLES; n += 16)
    put_samples(samples + n, load(sound + n));
}

const struct echo_processor PROCESSOR = {run, adapt, to_samples};
