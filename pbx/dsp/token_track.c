#include "token_track.h"

int token_track_set(struct token_track *track, uint64_t tick, uint32_t offset, uint16_t code, int level_tenth_dbm0) {
  int gave_way = 0;
  if (track->tick != tick || !track->count) {
    track->tick = tick;
    track->count = 0;
    track->before_code = track->code;
    track->before_level = track->level_tenth_dbm0;
  }
  if (track->count && track->change[track->count - 1].offset >= offset)
    track->count--;
  else if (track->count == CARD_TOKEN_CHANGES) {
    track->count--;
    gave_way = 1;
  }
  track->change[track->count++] = (struct card_token_change){
      .offset = (uint16_t)offset, .code = code, .level_tenths_dbm0 = (int16_t)level_tenth_dbm0};
  track->code = code;
  track->level_tenth_dbm0 = (int16_t)level_tenth_dbm0;
  return gave_way;
}

uint16_t token_track_at(const struct token_track *track, uint64_t tick, uint32_t offset, int *level_tenth_dbm0) {
  if (track->tick != tick || !track->count) {
    *level_tenth_dbm0 = track->level_tenth_dbm0;
    return track->code;
  }
  *level_tenth_dbm0 = track->before_level;
  uint16_t code = track->before_code;
  for (int n = 0; n < track->count && track->change[n].offset <= offset; n++) {
    code = track->change[n].code;
    *level_tenth_dbm0 = track->change[n].level_tenths_dbm0;
  }
  return code;
}
