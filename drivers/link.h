/* What carries the blocks of one span to its far end: a pair of queues in memory, or a Unix socket (SOCK_SEQPACKET).
 *
 * A block written in tick k is read by the other side in tick k + 1 (+ `delay`). When the clock jumps over idle ticks both
 * ends jump, and the blocks in flight stay in their order: one read takes one block.
 */
#pragma once
#include "api.h"
#include "e1.h"
#include <stdint.h>

#define LINK_BLOCKS 64
#define LINK_DELAY_MAX 60

#define LINK_NONE 0
#define LINK_MEMORY 1
#define LINK_SOCKET 2

/* A block of a token span: only what changed. */
struct link_changes {
  uint16_t tokens, bits;
  uint16_t alarms; /* CARD_ALARM_ bits that the far end is to see: faults put on the line, and RAI */
  struct {
    uint16_t port;
    struct card_tokens tokens;
  } token[E1_PORTS];
  struct e1_change bit[E1_CHANGES];
};

struct link_block {
  uint64_t tick;
  int primed; /* may be read in any tick: it was on the line before the first one */
  union {
    uint8_t octets[E1_OCTETS];
    struct link_changes changes;
  };
};

struct link_queue {
  struct link_block block[LINK_BLOCKS];
  unsigned head, count;
  int delay;
  int hold, skip; /* the delay was changed: blocks to hear twice, blocks to leave out */
  int begun;      /* a block was read */
  int lost;       /* blocks were dropped unread: the reader of changes must look at the levels */
};

struct memory_link {
  struct link_queue way[2];
  int users;
};

#define LINK_HELLO_OCTETS 40
#define LINK_MESSAGE_OCTETS (8 + E1_OCTETS)
#define LINK_VERSION 1
#define LINK_PATIENCE_MS 5000   /* unless link_set_patience says otherwise */
#define LINK_STORE 3            /* blocks of the elastic store of a free-running socket */
#define LINK_STORE_READY 2      /* blocks it holds before it begins to give */
#define LINK_READ_MS 10         /* a read is a tick */
#define LINK_MESSAGES_PER_READ 16

/* One end of the outside socket (docs/integrator/outside-socket.md). */
struct link_socket {
  int listener, fd; /* -1 = none */
  int lockstep;
  int up;           /* both hellos are exchanged */
  int64_t hello_by_ms; /* a peer that has not said hello by then is let go */
  char path[108], name[32];
  uint64_t sent, received; /* blocks since the hello; `received` is the number wanted next */
  struct link_block outgoing;
  struct link_block store[LINK_STORE + 1]; /* the last one given keeps its place */
  unsigned head, fill;
  int giving, begun, silent;
  int patience_ms;  /* how long a peer may be silent */
  int slipped;      /* of this read: -1 a block was dropped, +1 none was there, 0 neither */
  struct wire_counters *counters;
};

struct link {
  int kind;
  int tokens;
  void *owner;         /* the span at this end */
  int side;            /* writes way[side], reads way[1 - side] */
  struct link *peer;   /* the other end in this process */
  struct memory_link *memory;
  struct link_socket *socket;
};

/* Joins two free ends; 0, or -1 without memory. One block each way must then be put on the line by link_outgoing and link_prime. */
int link_join(struct link *a, struct link *b);
/* 1 once when blocks were dropped unread since the last call. */
int link_lost(struct link *);
void link_close(struct link *);
/* The block to fill now; null when nothing is joined. link_send sends it, link_prime puts it on the line beforehand. */
struct link_block *link_outgoing(struct link *);
void link_send(struct link *, uint64_t tick);
void link_prime(struct link *);
/* The block due in this tick, valid until the next call; null = no signal. */
const struct link_block *link_receive(struct link *, uint64_t tick);
/* Listens at `path`, mode 0600, or connects to it; 0, or -1 and errno. */
int link_listen(struct link *, const char *path, const char *name, int lockstep, struct wire_counters *);
int link_connect(struct link *, const char *path, const char *name, int lockstep, struct wire_counters *);
/* Waits for a peer and its hello; 0, or -1 when there is none after `timeout_ms`. */
int link_wait(struct link *, int timeout_ms);
int link_is_up(const struct link *);
/* How long the socket's peer may be silent before it counts as gone; 0, or -1 when there is no socket. */
int link_set_patience(struct link *, int patience_ms);
/* The socket's part of the calls above; used by link.c. */
void link_socket_close(struct link_socket *);
void link_socket_send(struct link_socket *);
const struct link_block *link_socket_receive(struct link_socket *);

/* Delay of what this end receives, in ticks beyond the first; 0, or -1 when it cannot be. */
int link_set_delay(struct link *, int delay);
int link_delay(const struct link *);
