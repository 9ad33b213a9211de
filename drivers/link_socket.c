/* The outside socket: SOCK_SEQPACKET, hello both ways, then a block a message (docs/integrator/outside-socket.md). */
#include "link.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MAGIC "ZJE1"

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void let_go(struct link_socket *socket) {
  if (socket->fd >= 0) close(socket->fd);
  if (socket->up) socket->counters->disconnections++;
  socket->fd = -1;
  socket->up = 0;
}

static void refuse(struct link_socket *socket) {
  socket->counters->refused++;
  let_go(socket);
}

static int send_message(struct link_socket *socket, const void *message, size_t octets) {
  ssize_t sent = send(socket->fd, message, octets, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent == (ssize_t)octets ? 0 : -1;
}

/* magic, version (2 octets), mode (0 lockstep, 1 free-running), 0, name padded by zeros. */
static void take_peer(struct link_socket *socket, int fd) {
  uint8_t hello[LINK_HELLO_OCTETS] = MAGIC;
  hello[5] = LINK_VERSION;
  hello[6] = !socket->lockstep;
  memcpy(hello + 8, socket->name, sizeof socket->name);
  socket->fd = fd;
  socket->up = 0;
  socket->hello_by_ms = now_ms() + socket->patience_ms;
  if (send_message(socket, hello, sizeof hello)) let_go(socket);
}

/* Octets of the next message, at most `room` kept; 0 = the peer is gone, -1 = nothing there now. */
static ssize_t receive_message(struct link_socket *socket, uint8_t *message, size_t room) {
  ssize_t got = recv(socket->fd, message, room, MSG_DONTWAIT | MSG_TRUNC);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return -1;
  return got < 0 ? 0 : got;
}

static int hello_is_good(const struct link_socket *socket, const uint8_t *hello) {
  const char *name = (const char *)hello + 8;
  if (memcmp(hello, MAGIC, 4) || hello[4] || hello[5] != LINK_VERSION || hello[6] != !socket->lockstep) return 0;
  /* A peer may leave the name empty; if it says one it must mean this span. */
  return name[0] == 0 || socket->name[0] == 0 || memcmp(name, socket->name, sizeof socket->name) == 0;
}

static void await_hello(struct link_socket *socket) {
  uint8_t hello[LINK_HELLO_OCTETS];
  ssize_t got = receive_message(socket, hello, sizeof hello);
  if (got == -1) {
    if (now_ms() > socket->hello_by_ms) refuse(socket);
    return;
  }
  if (got != LINK_HELLO_OCTETS || !hello_is_good(socket, hello)) {
    refuse(socket);
    return;
  }
  socket->up = 1;
  socket->sent = socket->received = 0;
  socket->fill = 0;
  socket->giving = socket->begun = socket->silent = 0;
  socket->counters->connections++;
}

/* One peer at a time: another one is refused while there is one. */
static void accept_peer(struct link_socket *socket) {
  if (socket->listener < 0) return;
  int fd = accept4(socket->listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  if (socket->fd < 0) {
    take_peer(socket, fd);
    return;
  }
  socket->counters->refused++;
  close(fd);
}

/* The next good block into `block`: 1; 0 = nothing now (or no peer any more). A bad message is counted and passed over. */
static int receive_block(struct link_socket *socket, struct link_block *block) {
  uint8_t message[LINK_MESSAGE_OCTETS];
  for (int n = 0; n < LINK_MESSAGES_PER_READ; n++) {
    ssize_t got = receive_message(socket, message, sizeof message);
    if (got == -1) return 0;
    if (got == 0) {
      let_go(socket);
      return 0;
    }
    uint64_t number = 0;
    for (int k = 0; k < 8; k++) number = number << 8 | message[k];
    int wanted = socket->lockstep ? number == socket->received : number >= socket->received && number < UINT64_MAX;
    if (got == LINK_MESSAGE_OCTETS && wanted) {
      memcpy(block->octets, message + 8, E1_OCTETS);
      socket->received = number + 1;
      return 1;
    }
    socket->counters->refused++;
  }
  return 0;
}

static const struct link_block *receive_lockstep(struct link_socket *socket) {
  struct link_block *block = &socket->store[0];
  if (socket->sent <= socket->received) return 0; /* nothing was sent yet, so nothing is owed */
  int64_t until = now_ms() + socket->patience_ms;
  while (socket->up) {
    if (receive_block(socket, block)) return block;
    if (!socket->up) break;
    int64_t left = until - now_ms();
    struct pollfd wait = {.fd = socket->fd, .events = POLLIN};
    if (left <= 0 || (poll(&wait, 1, (int)left) == 0)) {
      socket->counters->silences++;
      let_go(socket);
    }
  }
  return 0;
}

static const struct link_block *receive_free_running(struct link_socket *socket) {
  for (int n = 0; n < LINK_MESSAGES_PER_READ && socket->up; n++) {
    struct link_block *block = &socket->store[(socket->head + socket->fill) % (LINK_STORE + 1)];
    if (socket->fill == LINK_STORE) {
      struct link_block late;
      if (!receive_block(socket, &late)) break;
      socket->head = (socket->head + 1) % (LINK_STORE + 1);
      socket->slipped = -1;
      *block = late;
      continue;
    }
    if (!receive_block(socket, block)) break;
    socket->fill++;
    socket->silent = 0;
  }
  if (!socket->up) return 0;
  if (socket->fill >= LINK_STORE_READY) socket->giving = 1;
  if (socket->giving && socket->fill > 0) {
    const struct link_block *block = &socket->store[socket->head];
    socket->head = (socket->head + 1) % (LINK_STORE + 1);
    socket->fill--;
    socket->begun = 1;
    return block;
  }
  if (!socket->begun) return 0;
  /* Empty: the last block again, until the store is filled anew or the peer counts as silent. */
  socket->giving = 0;
  int reads = socket->patience_ms / LINK_READ_MS;
  if (socket->silent > reads) return 0;
  if (++socket->silent > reads) {
    socket->counters->silences++;
    return 0;
  }
  socket->slipped = 1;
  return &socket->store[(socket->head + LINK_STORE) % (LINK_STORE + 1)];
}

const struct link_block *link_socket_receive(struct link_socket *socket) {
  const struct link_block *block = 0;
  socket->slipped = 0;
  if (socket->up)
    block = socket->lockstep ? receive_lockstep(socket) : receive_free_running(socket);
  else if (socket->fd >= 0)
    await_hello(socket);
  accept_peer(socket);
  return block;
}

void link_socket_send(struct link_socket *socket) {
  uint8_t message[LINK_MESSAGE_OCTETS];
  for (int k = 0; k < 8; k++) message[k] = (uint8_t)(socket->sent >> (56 - 8 * k));
  memcpy(message + 8, socket->outgoing.octets, E1_OCTETS);
  socket->sent++;
  if (send_message(socket, message, sizeof message) == 0) return;
  /* A free-running peer that reads too slowly loses the block; in lockstep there is never more than one under way. */
  if (socket->lockstep || (errno != EAGAIN && errno != EWOULDBLOCK)) let_go(socket);
}

static struct link_socket *make(struct link *link, const char *path, const char *name, int lockstep, struct wire_counters *counters) {
  struct link_socket *made = calloc(1, sizeof *made);
  if (!made) return 0;
  made->listener = made->fd = -1;
  made->patience_ms = LINK_PATIENCE_MS;
  made->lockstep = lockstep;
  made->counters = counters;
  if (strlen(path) >= sizeof made->path || strlen(name) > sizeof made->name) {
    free(made);
    errno = ENAMETOOLONG;
    return 0;
  }
  memcpy(made->path, path, strlen(path));
  memcpy(made->name, name, strlen(name));
  link->socket = made;
  link->kind = LINK_SOCKET;
  return made;
}

static int fail(struct link *link) {
  int why = errno;
  link_close(link);
  errno = why;
  return -1;
}

static struct sockaddr_un address_of(const struct link_socket *socket) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, socket->path, sizeof address.sun_path);
  return address;
}

/* A socket that nobody listens on any more may be replaced; anything else at the path is left alone. */
static int is_left_over(const struct sockaddr_un *address) {
  struct stat found;
  if (lstat(address->sun_path, &found) || !S_ISSOCK(found.st_mode)) return 0;
  int probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return 0;
  int dead = connect(probe, (const struct sockaddr *)address, sizeof *address) < 0 && errno == ECONNREFUSED;
  close(probe);
  return dead;
}

int link_listen(struct link *link, const char *path, const char *name, int lockstep, struct wire_counters *counters) {
  struct link_socket *made = make(link, path, name, lockstep, counters);
  if (!made) return -1;
  struct sockaddr_un address = address_of(made);
  made->path[0] = 0; /* not ours to remove before it is bound */
  made->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* The mode is that of the socket before it gets its name, so that the name never stands open to others. */
  if (made->listener < 0 || fchmod(made->listener, 0600)) return fail(link);
  int bound = bind(made->listener, (struct sockaddr *)&address, sizeof address);
  if (bound && errno == EADDRINUSE && is_left_over(&address) && unlink(address.sun_path) == 0)
    bound = bind(made->listener, (struct sockaddr *)&address, sizeof address);
  if (bound) return fail(link);
  memcpy(made->path, address.sun_path, sizeof made->path);
  return listen(made->listener, 4) ? fail(link) : 0;
}

int link_connect(struct link *link, const char *path, const char *name, int lockstep, struct wire_counters *counters) {
  struct link_socket *made = make(link, path, name, lockstep, counters);
  if (!made) return -1;
  struct sockaddr_un address = address_of(made);
  made->path[0] = 0;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(link);
  made->fd = fd;
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) return fail(link);
  take_peer(made, fd);
  return 0;
}

int link_wait(struct link *link, int timeout_ms) {
  if (link->kind != LINK_SOCKET) return link->kind == LINK_MEMORY ? 0 : -1;
  struct link_socket *it = link->socket;
  int64_t until = now_ms() + timeout_ms;
  while (!it->up) {
    int64_t left = until - now_ms();
    if (left <= 0 || (it->fd < 0 && it->listener < 0)) return -1;
    struct pollfd wait = {.fd = it->fd >= 0 ? it->fd : it->listener, .events = POLLIN};
    if (poll(&wait, 1, (int)(left < 100 ? left : 100)) < 0 && errno != EINTR) return -1;
    if (it->fd >= 0) await_hello(it);
    accept_peer(it);
  }
  return 0;
}

int link_is_up(const struct link *link) {
  return link->kind == LINK_SOCKET ? link->socket->up : link->kind == LINK_MEMORY && link->peer;
}

int link_set_patience(struct link *link, int patience_ms) {
  if (link->kind != LINK_SOCKET || patience_ms < LINK_READ_MS) return -1;
  link->socket->patience_ms = patience_ms;
  return 0;
}

void link_socket_close(struct link_socket *socket) {
  if (socket->fd >= 0) close(socket->fd);
  if (socket->listener >= 0) close(socket->listener);
  if (socket->path[0]) unlink(socket->path);
  free(socket);
}
