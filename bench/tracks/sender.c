/* The same flows from C under SCHED_FIFO: sleep until 150 us before a slot, spin, send all. What this machine allows.
   Usage: sender PORT FLOWS PTIME_US SECONDS CHANNELS */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define SAMPLE_RATE 48000
#define SPIN_NS 150000
#define MAX_FLOWS 256

static int64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000ll + at.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  int flows = atoi(argv[2]), frames = SAMPLE_RATE / 1000 * atoi(argv[3]) / 1000, bytes = 12 + frames * atoi(argv[5]) * 3;
  int64_t period = atoi(argv[3]) * 1000ll, slots = atoi(argv[4]) * 1000000000ll / period;
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fds[MAX_FLOWS];
  static uint8_t packet[9000] = {0x80, 97};
  if (flows > MAX_FLOWS || bytes > (int)sizeof packet) return 2;
  for (int flow = 0; flow < flows; flow++) {
    fds[flow] = socket(AF_INET, SOCK_DGRAM, 0);
    if (connect(fds[flow], (struct sockaddr *)&there, sizeof there)) { perror("connect"); return 1; }
  }
  if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 50})) perror("no SCHED_FIFO");
  int64_t start = now() + 200000000;
  for (int64_t slot = 0; slot < slots; slot++) {
    int64_t due = start + slot * period, wake = due - SPIN_NS;
    struct timespec until = {wake / 1000000000, wake % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    while (now() < due) {}
    uint16_t sequence = htons((uint16_t)slot);
    uint32_t timestamp = htonl((uint32_t)(slot * frames));
    memcpy(packet + 2, &sequence, 2);
    memcpy(packet + 4, &timestamp, 4);
    for (int flow = 0; flow < flows; flow++) {
      uint32_t ssrc = htonl(flow + 1);
      memcpy(packet + 8, &ssrc, 4);
      send(fds[flow], packet, bytes, 0);
    }
  }
  return 0;
}
