/* Receives RTP on one port of 127.0.0.1 and writes, in arrival order, a record of 24 bytes for each packet:
   the kernel's receive time in ns (u64), SSRC (u32), RTP timestamp (u32), sequence (u32), bytes (u32), native order.
   On loopback the kernel takes the time inside the sender's own call. It also wakes who waits for the packet inside
   that call, which no network does: so nobody waits here, the socket is emptied every 5 ms, and the record tells of the
   sender alone. Ends after 2 s of silence. Usage: receiver PORT FILE; says "ready" on standard output, then "drops N". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define RESTS_PER_SECOND 200
#define MAX_RECORDS 20000000u

struct record { uint64_t ns; uint32_t ssrc, timestamp, sequence, bytes; };

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, room = 32 << 20;
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0) { perror("bind"); return 1; }
  static uint8_t packets[BATCH][2048];
  static char controls[BATCH][128];
  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH];
  size_t count = 0, room_records = 1 << 20;
  struct record *records = malloc(room_records * sizeof *records);
  uint32_t drops = 0;
  puts("ready");
  fflush(stdout);
  for (int rests = 0; rests < (count ? 2 : 60) * RESTS_PER_SECOND;) {
    for (int i = 0; i < BATCH; i++) {
      parts[i] = (struct iovec){packets[i], sizeof packets[i]};
      messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
    }
    int got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
    if (got <= 0) {
      usleep(1000000 / RESTS_PER_SECOND);
      rests++;
      continue;
    }
    rests = 0;
    if (count + BATCH > room_records) {
      room_records *= 2;
      if (room_records > MAX_RECORDS || !(records = realloc(records, room_records * sizeof *records))) return 1;
    }
    for (int i = 0; i < got; i++) {
      if (messages[i].msg_len < 12) continue;
      struct timespec at = {0};
      for (struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr); c; c = CMSG_NXTHDR(&messages[i].msg_hdr, c)) {
        if (c->cmsg_level != SOL_SOCKET) continue;
        if (c->cmsg_type == SCM_TIMESTAMPNS) memcpy(&at, CMSG_DATA(c), sizeof at);
        if (c->cmsg_type == SO_RXQ_OVFL) memcpy(&drops, CMSG_DATA(c), sizeof drops);
      }
      uint16_t sequence;
      uint32_t timestamp, ssrc;
      memcpy(&sequence, packets[i] + 2, 2);
      memcpy(&timestamp, packets[i] + 4, 4);
      memcpy(&ssrc, packets[i] + 8, 4);
      records[count++] = (struct record){at.tv_sec * 1000000000ull + at.tv_nsec, ntohl(ssrc), ntohl(timestamp), ntohs(sequence), messages[i].msg_len};
    }
  }
  FILE *file = fopen(argv[2], "wb");
  if (!file || fwrite(records, sizeof *records, count, file) != count || fclose(file)) return 1;
  printf("drops %u\n", drops);
  return 0;
}
