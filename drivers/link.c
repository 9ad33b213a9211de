#include "link.h"
#include <stdlib.h>

int link_join(struct link *a, struct link *b) {
  struct memory_link *memory = calloc(1, sizeof *memory);
  if (!memory) return -1;
  memory->users = 2;
  a->kind = b->kind = LINK_MEMORY;
  a->memory = b->memory = memory;
  a->side = 0;
  b->side = 1;
  a->peer = b;
  b->peer = a;
  return 0;
}

void link_close(struct link *link) {
  if (link->kind == LINK_MEMORY) {
    if (link->peer) link->peer->peer = 0;
    if (--link->memory->users == 0) free(link->memory);
  }
  if (link->kind == LINK_SOCKET) link_socket_close(link->socket);
  *link = (struct link){.tokens = link->tokens, .owner = link->owner};
}

static struct link_block *slot(struct link_queue *queue, unsigned n) { return &queue->block[(queue->head + n) % LINK_BLOCKS]; }

static void take(struct link_queue *queue) {
  queue->head = (queue->head + 1) % LINK_BLOCKS;
  queue->count--;
}

static void drop(struct link_queue *queue) {
  take(queue);
  queue->lost = 1;
}

struct link_block *link_outgoing(struct link *link) {
  if (link->kind == LINK_SOCKET) return link->socket->up ? &link->socket->outgoing : 0;
  if (link->kind != LINK_MEMORY || !link->peer) return 0;
  struct link_queue *queue = &link->memory->way[link->side];
  if (queue->count >= LINK_BLOCKS - 1) drop(queue); /* one slot stays free: the block being read may be heard again */
  return slot(queue, queue->count);
}

void link_send(struct link *link, uint64_t tick) {
  if (link->kind == LINK_SOCKET) {
    link_socket_send(link->socket);
    return;
  }
  struct link_queue *queue = &link->memory->way[link->side];
  struct link_block *block = slot(queue, queue->count);
  block->tick = tick;
  block->primed = 0;
  queue->count++;
}

void link_prime(struct link *link) {
  link_send(link, 0);
  struct link_queue *queue = &link->memory->way[link->side];
  slot(queue, queue->count - 1)->primed = 1;
}

static unsigned blocks_due(struct link_queue *queue, uint64_t tick) {
  unsigned due = 0;
  for (; due < queue->count; due++) {
    const struct link_block *block = slot(queue, due);
    if (!block->primed && block->tick + 1 + (uint64_t)queue->delay > tick) break;
  }
  return due;
}

const struct link_block *link_receive(struct link *link, uint64_t tick) {
  if (link->kind == LINK_SOCKET) return link_socket_receive(link->socket);
  if (link->kind != LINK_MEMORY || !link->peer) return 0;
  struct link_queue *queue = &link->memory->way[1 - link->side];
  if (queue->hold > 0) {
    static const struct link_block nothing_changes;
    queue->hold--;
    if (link->tokens) return &nothing_changes;
    return slot(queue, queue->begun ? LINK_BLOCKS - 1 : 0);
  }
  for (; queue->skip > 0 && queue->count > 0; queue->skip--) drop(queue);
  unsigned due = blocks_due(queue, tick);
  /* More than a jump of the clock can leave behind: this end was not read for a while, what is old is lost. */
  for (; due > 1 + (unsigned)queue->delay; due--) drop(queue);
  if (due == 0) return 0;
  const struct link_block *block = slot(queue, 0);
  take(queue);
  queue->begun = 1;
  return block;
}

int link_lost(struct link *link) {
  if (link->kind != LINK_MEMORY) return 0;
  struct link_queue *queue = &link->memory->way[1 - link->side];
  int lost = queue->lost;
  queue->lost = 0;
  return lost;
}

int link_set_delay(struct link *link, int delay) {
  if (link->kind != LINK_MEMORY || delay < 0 || delay > LINK_DELAY_MAX) return -1;
  struct link_queue *queue = &link->memory->way[1 - link->side];
  int more = delay - queue->delay - queue->skip + queue->hold;
  queue->hold = more > 0 ? more : 0;
  queue->skip = more < 0 ? -more : 0;
  queue->delay = delay;
  return 0;
}

int link_delay(const struct link *link) { return link->kind == LINK_MEMORY ? link->memory->way[1 - link->side].delay : 0; }
