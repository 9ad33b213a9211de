#include "arena.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTION_ALIGNMENT 4096ull

static uint64_t section_octets(const struct plane_layout *layout, enum arena_section section) {
  switch (section) {
  case ARENA_COMMANDS:
    return ARENA_EPOCH_RINGS * (uint64_t)layout->commands * sizeof(struct plane_command);
  case ARENA_EVENTS:
    return (uint64_t)layout->events * sizeof(struct plane_event);
  case ARENA_PORTS:
    return (uint64_t)layout->ports * sizeof(struct arena_port);
  case ARENA_LEGS:
    return (uint64_t)layout->ports * sizeof(struct arena_leg);
  case ARENA_RECORDERS:
    return (uint64_t)layout->recorders * sizeof(struct arena_recorder);
  case ARENA_RECORDED:
    return (uint64_t)layout->recorders * layout->recorder_samples * 2;
  case ARENA_PROMPTS:
    return (uint64_t)layout->prompts * sizeof(struct arena_prompt);
  case ARENA_PROMPT_SOUND:
    return layout->prompt_octets;
  case ARENA_JOURNAL:
    return layout->journal_octets;
  case ARENA_FRAMES_UP:
    return layout->frame_octets;
  case ARENA_FRAMES_DOWN:
    return ARENA_EPOCH_RINGS * (uint64_t)layout->frame_octets;
  case ARENA_NOTICES:
    return (uint64_t)layout->spans * PLANE_NOTICES * sizeof(struct arena_notice);
  case ARENA_LINKS:
    return (uint64_t)layout->signalling_links * sizeof(struct arena_link);
  default:
    return 0;
  }
}

static uint64_t align(uint64_t octets) { return (octets + SECTION_ALIGNMENT - 1) & ~(SECTION_ALIGNMENT - 1); }

static int power_of_two(uint64_t number) { return number && !(number & (number - 1)); }

static int sensible(const struct plane_layout *layout) {
  return layout->ports && layout->ports < 0x10000 && layout->mixes < 0x10000 && layout->players < 0x10000 &&
         layout->echo_cancellers < 0x10000 &&
         power_of_two(layout->events) && power_of_two(layout->commands) && power_of_two(layout->recorder_samples) &&
         power_of_two(layout->frame_octets) && layout->frame_octets >= ARENA_FRAME_OCTETS_LEAST && layout->spans < 0x10000 &&
         layout->signalling_links < 0x10000 &&
         power_of_two(layout->signalling_messages) && layout->signalling_messages <= MTP2_MESSAGES_MOST &&
         power_of_two(layout->journal_octets) && layout->journal_octets >= 2 * PLANE_JOURNAL_RECORD_OCTETS;
}

static struct arena *view(struct arena_header *header, uint64_t octets) {
  struct arena *arena = calloc(1, sizeof *arena);
  if (!arena)
    return 0;
  uint8_t *base = (uint8_t *)header;
  arena->header = header;
  arena->octets = octets;
  arena->commands = (void *)(base + header->offset[ARENA_COMMANDS]);
  arena->events = (void *)(base + header->offset[ARENA_EVENTS]);
  arena->ports = (void *)(base + header->offset[ARENA_PORTS]);
  arena->legs = (void *)(base + header->offset[ARENA_LEGS]);
  arena->recorders = (void *)(base + header->offset[ARENA_RECORDERS]);
  arena->recorded = base + header->offset[ARENA_RECORDED];
  arena->prompts = (void *)(base + header->offset[ARENA_PROMPTS]);
  arena->prompt_sound = base + header->offset[ARENA_PROMPT_SOUND];
  arena->journal = base + header->offset[ARENA_JOURNAL];
  arena->frames_up = base + header->offset[ARENA_FRAMES_UP];
  arena->frames_down = base + header->offset[ARENA_FRAMES_DOWN];
  arena->notices = (void *)(base + header->offset[ARENA_NOTICES]);
  arena->links = (void *)(base + header->offset[ARENA_LINKS]);
  return arena;
}

static void lay_out(struct arena_header *header, const struct plane_layout *layout) {
  header->version = PLANE_LAYOUT_VERSION;
  header->header_octets = sizeof *header;
  header->layout = *layout;
  uint64_t next = align(sizeof *header);
  for (int section = 0; section < ARENA_SECTIONS; section++) {
    header->offset[section] = next;
    next += align(section_octets(layout, (enum arena_section)section));
  }
  header->total_octets = next;
}

struct arena *arena_create(const struct plane_layout *layout, const char *path) {
  if (!sensible(layout))
    return 0;
  struct arena_header *plan = calloc(1, sizeof *plan);
  if (!plan)
    return 0;
  lay_out(plan, layout);
  uint64_t total = plan->total_octets;
  int file = -1;
  if (path) {
    /* A new file and not the old one cut short: a process that still maps the old one must not meet a bus error. */
    unlink(path);
    file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, (off_t)total)) {
      if (file >= 0)
        close(file);
      free(plan);
      return 0;
    }
  }
  void *memory = mmap(0, total, PROT_READ | PROT_WRITE, path ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, file, 0);
  if (file >= 0)
    close(file);
  if (memory == MAP_FAILED) {
    free(plan);
    return 0;
  }
  struct arena_header *header = memory;
  memcpy(header, plan, sizeof *plan);
  free(plan);
  arena_tone_levels(&(struct arena){.header = header}, -90, -70, -80, -80);
  header->tones.special = ARENA_SPECIAL_TENTH_DBM0;
  atomic_thread_fence(memory_order_release);
  header->magic = ARENA_MAGIC;
  return view(header, total);
}

struct arena *arena_attach(const char *path) {
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0)
    return 0;
  struct stat found;
  void *memory = MAP_FAILED;
  if (!fstat(file, &found) && (uint64_t)found.st_size >= sizeof(struct arena_header))
    memory = mmap(0, (size_t)found.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED)
    return 0;
  struct arena_header *header = memory;
  if (header->magic == ARENA_MAGIC && header->version == PLANE_LAYOUT_VERSION &&
      header->header_octets == sizeof *header && header->total_octets == (uint64_t)found.st_size)
    return view(header, header->total_octets);
  munmap(memory, (size_t)found.st_size);
  return 0;
}

void arena_close(struct arena *arena) {
  if (!arena)
    return;
  munmap(arena->header, arena->octets);
  free(arena);
}

void arena_layout(struct arena *arena, struct plane_layout *layout) { *layout = arena->header->layout; }

uint32_t arena_epoch(struct arena *arena) { return atomic_load(&arena->header->epoch); }

uint32_t arena_raise_epoch(struct arena *arena) {
  uint32_t epoch = atomic_fetch_add(&arena->header->epoch, 1) + 1;
  arena_leg_void(arena);
  arena_journal_leap(arena);
  return epoch;
}

void arena_continue(struct arena *arena, uint32_t epoch) { atomic_store(&arena->header->epoch, epoch); }

uint64_t arena_ticks(struct arena *arena) { return atomic_load(&arena->header->ticks); }

int64_t arena_clock_zero(struct arena *arena) { return atomic_load(&arena->header->clock_zero_ns); }

uint32_t arena_ports(struct arena *arena) { return atomic_load(&arena->header->ports); }

void arena_stop(struct arena *arena) { atomic_store(&arena->header->stop, 1); }

int arena_stopping(struct arena *arena) { return (int)atomic_load(&arena->header->stop); }

void arena_counters(struct arena *arena, struct plane_counters *counters) { *counters = arena->header->counters; }

/* The newest late ticks, oldest first. */
int arena_late_ticks(struct arena *arena, struct plane_late_tick *late, int room) {
  uint64_t written = atomic_load(&arena->header->late_written);
  uint64_t kept = written < ARENA_LATE_TICKS ? written : ARENA_LATE_TICKS;
  int count = (uint64_t)room < kept ? room : (int)kept;
  for (int n = 0; n < count; n++)
    late[n] = arena->header->late[(written - (uint64_t)count + (uint64_t)n) % ARENA_LATE_TICKS];
  return count;
}

int arena_levels(struct arena *arena, uint32_t port, struct plane_levels *levels) {
  if (port >= arena_ports(arena))
    return PLANE_INVALID;
  uint64_t word = atomic_load(&arena->ports[port].levels);
  memcpy(levels, &word, sizeof *levels);
  return PLANE_OK;
}

int arena_echo(struct arena *arena, uint32_t port, struct plane_echo *echo) {
  if (port >= arena_ports(arena))
    return PLANE_INVALID;
  uint64_t word = atomic_load(&arena->ports[port].echo);
  memcpy(echo, &word, sizeof *echo);
  return PLANE_OK;
}

int arena_tag(struct arena *arena, uint32_t port, uint32_t *tag) {
  if (port >= arena_ports(arena))
    return PLANE_INVALID;
  *tag = atomic_load(&arena->ports[port].tag);
  return PLANE_OK;
}

int arena_edges(struct arena *arena, uint32_t port, struct plane_edge *edges) {
  if (port >= arena_ports(arena))
    return PLANE_INVALID;
  uint32_t count = atomic_load(&arena->ports[port].edges);
  memcpy(edges, arena->ports[port].edge, count * sizeof *edges);
  return (int)count;
}

static const struct arena_link *link_of(const struct arena *arena, uint32_t port) {
  for (uint32_t lane = 0; lane < arena->header->layout.signalling_links; lane++)
    if (atomic_load(&arena->links[lane].port_and_one) == port + 1)
      return &arena->links[lane];
  return 0;
}

int arena_link_status(struct arena *arena, uint32_t port) {
  const struct arena_link *link = link_of(arena, port);
  if (port >= arena_ports(arena))
    return PLANE_INVALID;
  return link ? (int)atomic_load(&link->status) : PLANE_LINK_NONE;
}

int arena_link_counters(struct arena *arena, uint32_t port, struct mtp2_counters *counters) {
  const struct arena_link *link = link_of(arena, port);
  if (port >= arena_ports(arena))
    return PLANE_INVALID;
  if (!link)
    return PLANE_EMPTY;
  *counters = link->counters;
  return PLANE_OK;
}

int arena_prompt_load(struct arena *arena, const char *name, uint64_t hash, const uint8_t *alaw, uint32_t length) {
  struct arena_header *header = arena->header;
  uint32_t count = atomic_load(&header->prompts);
  for (uint32_t n = 0; n < count; n++) {
    const struct arena_prompt *known = &arena->prompts[n];
    if (known->hash == hash && known->length == length && !strncmp(known->name, name, PLANE_PROMPT_NAME_OCTETS))
      return (int)n;
  }
  uint64_t offset = atomic_load(&header->prompt_octets);
  if (strlen(name) >= PLANE_PROMPT_NAME_OCTETS)
    return PLANE_INVALID;
  if (count >= header->layout.prompts || length > header->layout.prompt_octets - offset)
    return PLANE_FULL;
  struct arena_prompt *prompt = &arena->prompts[count];
  memcpy(arena->prompt_sound + offset, alaw, length);
  *prompt = (struct arena_prompt){.hash = hash, .offset = offset, .length = length};
  strcpy(prompt->name, name);
  atomic_store(&header->prompt_octets, offset + length);
  atomic_store(&header->prompts, count + 1);
  return (int)count;
}

int arena_tone_load(struct arena *arena, uint32_t index, const struct tone_plan *plan) {
  if (index >= PLANE_PROGRESS_TONES || plan->segments > TONE_SEGMENTS_MAX)
    return PLANE_INVALID;
  arena->header->tones.plan[index] = *plan;
  return PLANE_OK;
}

void arena_tone_levels(struct arena *arena, int dtmf_low, int dtmf_high, int mfc_forward, int mfc_backward) {
  struct arena_tones *tones = &arena->header->tones;
  tones->dtmf_low = (int16_t)dtmf_low;
  tones->dtmf_high = (int16_t)dtmf_high;
  tones->mfc_forward = (int16_t)mfc_forward;
  tones->mfc_backward = (int16_t)mfc_backward;
}

int arena_progress_load(struct arena *arena, const struct progress_plan *recognised, const uint16_t *codes) {
  struct arena_tones *tones = &arena->header->tones;
  if (recognised->tones > PROGRESS_TONES_MAX || recognised->frequencies > PROGRESS_FREQUENCIES_MAX)
    return PLANE_INVALID;
  for (uint32_t n = 0; n < recognised->tones; n++)
    if (recognised->tone[n].segments > PROGRESS_SEGMENTS_MAX)
      return PLANE_INVALID;
  /* A control that starts again loads what is there already: the receivers at work must not notice. */
  if (!memcmp(&tones->recognised, recognised, sizeof *recognised) &&
      !memcmp(tones->recognised_code, codes, recognised->tones * sizeof *codes))
    return PLANE_OK;
  tones->recognised = *recognised;
  memcpy(tones->recognised_code, codes, recognised->tones * sizeof *codes);
  atomic_fetch_add(&tones->generation, 1);
  return PLANE_OK;
}
