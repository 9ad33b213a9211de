/* SCTP for a program that knows no other carrier: its associations become TCP connections by the convention of
 * docs/integrator/sigtran.md.
 *
 * Loaded before the C library by LD_PRELOAD. Sockets of protocol 132 are opened as TCP, options of that level are taken and
 * forgotten, sctp_recvmsg gives one whole message by the length in its header, as if it had come on stream 1 with the
 * payload protocol identifier of M3UA. The port of the program's own terminal is left to the system, so that several may run.
 *
 * Limits: what osmo-stp 1.6 with libosmo-sigtran 7, libosmocore 19 and libosmonetif 8 calls; IPv4; no notifications. Types
 * and numbers are those of lksctp 1.0.19 (netinet/sctp.h).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define SCTP 132
#define SCTP_BINDX_ADD_ADDR 1
#define M3UA_IDENTIFIER 3
#define USER_STREAM 1
#define HEADER_OCTETS 8
#define TERMINAL_PORT 4239
#define PATIENCE_MS 1000

struct sndrcvinfo {
  uint16_t stream, ssn, flags;
  uint32_t ppid, context, timetolive, tsn, cumtsn;
  int32_t assoc_id;
};

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int socket(int domain, int type, int protocol) { return REAL(socket)(domain, type, protocol == SCTP ? 0 : protocol); }

int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
  return level == SCTP ? 0 : REAL(setsockopt)(fd, level, name, value, length);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *length) {
  if (level != SCTP) return REAL(getsockopt)(fd, level, name, value, length);
  memset(value, 0, *length);
  return 0;
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  struct sockaddr_in mine;
  if (address->sa_family == AF_INET && length >= sizeof mine) {
    memcpy(&mine, address, sizeof mine);
    if (ntohs(mine.sin_port) == TERMINAL_PORT) {
      mine.sin_port = 0;
      return REAL(bind)(fd, (struct sockaddr *)&mine, sizeof mine);
    }
  }
  return REAL(bind)(fd, address, length);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  struct addrinfo mine;
  if (hints && hints->ai_protocol == SCTP) {
    mine = *hints;
    mine.ai_protocol = IPPROTO_TCP;
    hints = &mine;
  }
  return REAL(getaddrinfo)(node, service, hints, found);
}

int sctp_bindx(int fd, struct sockaddr *addresses, int count, int flags) {
  return flags == SCTP_BINDX_ADD_ADDR && count > 0 ? bind(fd, addresses, sizeof(struct sockaddr_in)) : 0;
}

int sctp_connectx(int fd, struct sockaddr *addresses, int count, int32_t *id) {
  (void)count;
  if (id) *id = 0;
  return connect(fd, addresses, sizeof(struct sockaddr_in));
}

int sctp_send(int fd, const void *octets, size_t length, const struct sndrcvinfo *information, int flags) {
  (void)information;
  return (int)send(fd, octets, length, flags | MSG_NOSIGNAL);
}

int sctp_recvmsg(int fd, void *octets, size_t room, struct sockaddr *from, socklen_t *from_length, struct sndrcvinfo *information, int *flags) {
  uint8_t *to = octets;
  size_t wanted = HEADER_OCTETS, got = 0;
  (void)from;
  (void)from_length;
  memset(information, 0, sizeof *information);
  information->ppid = htonl(M3UA_IDENTIFIER);
  information->stream = USER_STREAM;
  *flags = MSG_EOR;
  while (got < wanted) {
    ssize_t count = recv(fd, to + got, wanted - got, MSG_DONTWAIT);
    if (count == 0) return 0;
    if (count < 0) {
      struct pollfd ready = {fd, POLLIN, 0};
      if (errno != EAGAIN || !got) return -1;
      poll(&ready, 1, PATIENCE_MS);
      continue;
    }
    got += (size_t)count;
    if (got == HEADER_OCTETS && wanted == HEADER_OCTETS) {
      wanted = (size_t)to[4] << 24 | (size_t)to[5] << 16 | (size_t)to[6] << 8 | to[7];
      if (wanted < HEADER_OCTETS || wanted > room) {
        errno = EPROTO;
        return -1;
      }
    }
  }
  return (int)got;
}
