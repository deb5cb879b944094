#!/usr/bin/env python3
"""A station of numbered MP3 frames, and a listener that judges what arrives of it.

live_frames.py source                      frames of 24 ms (128 kbit/s, 48 kHz) in real time to standard output
live_frames.py sink OUT.json [SECONDS]     reads standard input, writes what a player would have heard

Each frame has its number and the time at which it was made (one monotonic clock for the whole machine). The player of
the sink begins with the first frame that it gets and has no buffer of its own but what came before it needed it: a frame
that is not there at its turn is a stall, a number that never comes is lost sound.
"""
import json
import os
import select
import sys
import time

FRAME = 384
TICK = 0.024
HEAD = bytes.fromhex('fffb9400') + bytes(32)
# Sound that is late by less than this is in any player's own buffer.
SLACK = 0.1
GRACE = 5.0


def frame(number, when):
    text = b'%012d %016d ' % (number, when)
    return HEAD + (text * (FRAME // len(text) + 1))[:FRAME - len(HEAD)]


def source():
    start = time.monotonic()
    number = 0
    while True:
        time.sleep(max(0, start + number * TICK - time.monotonic()))
        os.write(1, frame(number, int(time.monotonic() * 1e6)))
        number += 1


class Player:
    def __init__(self):
        self.joined = time.monotonic()
        self.rest = b''
        self.expected = self.deadline = self.first = None
        self.frames = self.lost = self.broken = self.stalls = 0
        self.stall = 0.0
        self.late = []              # when stalls and losses were, after the join
        self.arrival = []
        self.delay = []             # of what is played, behind the source

    def feed(self, data, now):
        data = self.rest + data
        while len(data) >= FRAME:
            self.take(data[:FRAME], now)
            data = data[FRAME:]
        self.rest = data

    def take(self, block, now):
        try:
            number, when = int(block[36:48]), int(block[49:65])
        except ValueError:
            number = when = -1
        if number < 0 or frame(number, when) != block:
            self.broken += 1
            return
        if self.first is None:
            self.first = now
            self.deadline = now + SLACK
        elif number != self.expected:
            gap = max(0, number - self.expected)
            self.lost += gap
            self.deadline += gap * TICK
            self.late.append((round(now - self.joined, 2), f'lost {gap * TICK:.2f} s'))
        self.expected = number + 1
        self.frames += 1
        if now - self.joined > GRACE:
            self.arrival.append(now - when / 1e6)
        if now > self.deadline:
            self.stall += now - self.deadline
            self.stalls += 1
            self.late.append((round(now - self.joined, 2), f'stall {now - self.deadline:.2f} s'))
            self.deadline = now
        self.delay.append(self.deadline - when / 1e6)
        self.deadline += TICK

    def result(self, end):
        waits = 0 if self.deadline is None else max(0.0, end - self.deadline)
        after = [what for when, what in self.late if when > GRACE]
        return {'seconds': round(end - self.joined, 2), 'frames': self.frames,
                'start_s': None if self.first is None else round(self.first - self.joined, 2),
                'lost': self.lost, 'broken': self.broken, 'stalls': self.stalls, 'stall_s': round(self.stall, 2),
                'waits_at_end_s': round(waits, 2), 'arrival_s': quantiles(self.arrival), 'delay_s': quantiles(self.delay),
                'late': self.late[:20],
                'continuous': self.first is not None and self.first - self.joined < GRACE and not after
                and self.broken == 0 and waits < 1}


def quantiles(values):
    ordered = sorted(values)
    return [round(ordered[int(q * (len(ordered) - 1))], 3) for q in (0.5, 0.95, 0.99, 1)] if ordered else None


def sink(out, seconds):
    player = Player()
    end = player.joined + seconds
    left = seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([0], [], [], min(left, 1))[0]:
            data = os.read(0, 65536)
            if not data:
                break
            player.feed(data, time.monotonic())
    save(out, player)


def save(out, player):
    with open(out + '.new', 'w', encoding='utf-8') as file:
        json.dump(player.result(time.monotonic()), file)
    os.replace(out + '.new', out)


if __name__ == '__main__':
    if sys.argv[1] == 'source':
        try:
            source()
        except BrokenPipeError:
            pass
    else:
        sink(sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 1e9)
