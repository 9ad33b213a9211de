/* The sine of the senders: a polynomial, which needs no table and goes over many samples at a time.
 *
 * sin(pi x) for x in -1..1, by folding to -1/2..1/2 and Taylor's polynomial to the eleventh power, wrong by less than 6e-8 there.
 */
#pragma once

static inline float sine_of_half_turns(float x) {
  float folded = x > 0.5f ? 1.0f - x : (x < -0.5f ? -1.0f - x : x);
  float y = folded * folded;
  return folded *
         (3.14159265f + y * (-5.16771278f + y * (2.55016404f + y * (-0.59926453f + y * (0.08214589f - y * 0.00737043f)))));
}
