/* Speaker selection: see speaker_selection.h. All in integers, so every processor chooses alike. */
#include "speaker_selection.h"

#include "kernels_api.h"
#include "processor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BLOCK KERNEL_BLOCK_SAMPLES
#define AUDIBLE 1630   /* loudness of -50 dBm0 */
#define HOLD_BLOCKS 50 /* 500 ms */
#define FALL_SHIFT 5   /* a level falls by 1/32 in a block: 14 dB a second */
#define LOUDER_SHIFT 2 /* a quarter of the power: 6 dB */

/* Squares of pairs, a 128th each: eighty samples of full scale still fit into 32 bits. */
static uint32_t loudness_plain(const int16_t *said) {
  uint32_t sum = 0;
  for (int n = 0; n < BLOCK; n += 2)
    sum += ((uint32_t)(said[n] * said[n]) + (uint32_t)(said[n + 1] * said[n + 1])) >> 7;
  return sum;
}

#if defined(__x86_64__)
PROCESSOR_WIDE static void hear_wide(const int16_t *const *said, uint32_t *loudness, int parties) {
  for (int party = 0; party < parties; party++) {
    if (!said[party]) {
      loudness[party] = 0;
      continue;
    }
    __m512i first = _mm512_loadu_si512(said[party]), second = _mm512_loadu_si512(said[party] + 32);
    __m256i third = _mm256_loadu_si256((const __m256i *)(said[party] + 64));
    __m512i sum = _mm512_add_epi32(_mm512_srli_epi32(_mm512_madd_epi16(first, first), 7),
                                   _mm512_srli_epi32(_mm512_madd_epi16(second, second), 7));
    __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    half = _mm256_add_epi32(half, _mm256_srli_epi32(_mm256_madd_epi16(third, third), 7));
    __m128i quarter = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    quarter = _mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, 0x4e));
    quarter = _mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, 0xb1));
    loudness[party] = (uint32_t)_mm_cvtsi128_si32(quarter);
  }
}

PROCESSOR_NARROW static void hear_narrow(const int16_t *const *said, uint32_t *loudness, int parties) {
  for (int party = 0; party < parties; party++) {
    __m256i sum = _mm256_setzero_si256();
    for (int n = 0; said[party] && n < BLOCK; n += 16) {
      __m256i samples = _mm256_loadu_si256((const __m256i *)(said[party] + n));
      sum = _mm256_add_epi32(sum, _mm256_srli_epi32(_mm256_madd_epi16(samples, samples), 7));
    }
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    loudness[party] = (uint32_t)_mm_cvtsi128_si32(half);
  }
}
#endif

void speakers_hear(const int16_t *const *said, uint32_t *loudness, int parties) {
#if defined(__x86_64__)
  int level = processor_level();
  if (level == PROCESSOR_AVX512) {
    hear_wide(said, loudness, parties);
    return;
  }
  if (level == PROCESSOR_AVX2) {
    hear_narrow(said, loudness, parties);
    return;
  }
#endif
  for (int party = 0; party < parties; party++)
    loudness[party] = said[party] ? loudness_plain(said[party]) : 0;
}

static uint32_t followed(uint32_t level, uint32_t loudness) {
  /* Both are less than 2^31. Without branches, which speech makes unpredictable. */
  int32_t off = (int32_t)loudness - (int32_t)level;
  int32_t rise = (off + 1) >> 1, fall = -(-off >> FALL_SHIFT);
  return level + (uint32_t)(off > 0 ? rise : fall);
}

struct ranking {
  int selected;
  int weakest; /* of the selected, or -1 */
  int loudest; /* of the others, or -1 */
  uint32_t weakest_level;
  uint32_t loudest_level;
};

static struct ranking rank(struct speaker *const *speakers, int parties) {
  struct ranking found = {0, -1, -1, UINT32_MAX, AUDIBLE};
  for (int party = 0; party < parties; party++) {
    uint32_t level = speakers[party]->level;
    if (speakers[party]->selected) {
      found.selected++;
      if (level < found.weakest_level) {
        found.weakest = party;
        found.weakest_level = level;
      }
    } else if (level > found.loudest_level) {
      found.loudest = party;
      found.loudest_level = level;
    }
  }
  return found;
}

static void choose(struct speaker *speaker, int selected) {
  speaker->selected = (uint8_t)selected;
  speaker->hold = selected ? HOLD_BLOCKS : 0;
}

int speakers_select(struct speaker *const *speakers, const uint32_t *loudness, int parties, int wanted) {
  for (int party = 0; party < parties; party++) {
    struct speaker *speaker = speakers[party];
    speaker->level = followed(speaker->level, loudness[party]);
    speaker->hold -= speaker->hold > 0;
  }
  struct ranking found = rank(speakers, parties);
  while (found.selected > wanted) {
    choose(speakers[found.weakest], 0);
    found = rank(speakers, parties);
  }
  while (found.selected < wanted && found.loudest >= 0) {
    choose(speakers[found.loudest], 1);
    found = rank(speakers, parties);
  }
  if (found.weakest >= 0 && found.loudest >= 0) {
    struct speaker *weakest = speakers[found.weakest];
    int yields = !weakest->hold || weakest->level <= AUDIBLE;
    if (yields && found.loudest_level >> LOUDER_SHIFT > weakest->level) {
      choose(weakest, 0);
      choose(speakers[found.loudest], 1);
    }
  }
  return found.selected;
}
