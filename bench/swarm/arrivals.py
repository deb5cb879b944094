#!/usr/bin/env python3
"""What a player would have had to wait for a file that comes in order.

arrivals.py OUT.json FILE BYTES        writes standard input to FILE, and when each part of it came to OUT.json
"""
import json
import os
import sys
import time


def main():
    out, path, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    began, total, came = time.monotonic(), 0, []
    with open(path, 'wb') as file:
        while data := os.read(0, 1 << 16):
            file.write(data)
            file.flush()
            total += len(data)
            came.append((time.monotonic() - began, total))
            if total >= size:
                with open(out, 'w', encoding='utf-8') as report:
                    json.dump(came, report)


def waits(came, bytes_per_second, start_s=2.0):
    """A player that begins `start_s` after the first byte. Answers how often and for how many seconds it waits."""
    played_to, count, waited = came[0][0] + start_s, 0, 0.0
    before = 0
    for when, total in came:
        if when > played_to:
            count += 1
            waited += when - played_to
            played_to = when
        played_to += (total - before) / bytes_per_second
        before = total
    return count, round(waited, 2)


if __name__ == '__main__':
    main()
