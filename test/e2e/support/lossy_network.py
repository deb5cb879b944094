"""Two network namespaces and a line between them that loses, delays and reorders packets; for tests that run as root.

lossy_network.py NAME '{"seed": 1, "lossPercent": 2, "delayMs": 25, "jitterMs": 20, "outages": [[3, 6]]}'

Makes the namespaces NAME-a (10.9.0.1) and NAME-b (10.9.0.2) and says "ready". Jitter is to both sides of the delay, and
packets overtake each other. Outages are in seconds after the first RTP packet; all the time before, nothing is lost, so
that the two sides find each other. Ends with its standard input, removes the namespaces, and prints as JSON, for each SSRC, the
RTP timestamps that a side sent and the other never got (lost), or got only half a second after they were sent first (late).
"""
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
DEVICE = 'line'
LATE_SECONDS = 0.5
ADDRESSES = {'a': '10.9.0.1', 'b': '10.9.0.2'}
HOME = f'/proc/{os.getppid()}/ns/net'
libc = ctypes.CDLL(None, use_errno=True)


def ip(*arguments, check=True):
    subprocess.run(['ip', *arguments], check=check, stdout=subprocess.DEVNULL)


def enter(path):
    with open(path) as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), 'setns ' + path)


def open_side(name, side):
    """A namespace with one device, which this process is the other end of."""
    namespace = f'{name}-{side}'
    ip('netns', 'add', namespace)
    enter(f'/run/netns/{namespace}')
    device = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack('16sH', DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    enter(HOME)
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
    ip('-n', namespace, 'addr', 'add', ADDRESSES[side] + '/24', 'dev', DEVICE)
    ip('-n', namespace, 'link', 'set', DEVICE, 'up', 'txqueuelen', '5000')
    return device


def rtp_of(packet):
    """SSRC and timestamp of an RTP packet of audio; None for everything else."""
    if len(packet) < 40 or packet[0] != 0x45 or packet[9] != 17 or packet[28] >> 6 != 2:
        return None
    # 98 is what carries audio here; RTCP is 200 and more, with the highest bit set.
    if packet[29] & 0x7F != 98:
        return None
    timestamp, ssrc = struct.unpack_from('>II', packet, 32)
    return ssrc, timestamp


class Line:
    def __init__(self, settings):
        self.random = random.Random(settings['seed'])
        self.loss = settings['lossPercent'] / 100
        self.delay = settings['delayMs'] / 1000
        self.jitter = settings['jitterMs'] / 1000
        self.outages = settings.get('outages', [])
        self.began = None
        self.sent = {}
        self.passed = {}
        self.under_way = []
        self.number = 0

    def take(self, packet, to, now):
        rtp = rtp_of(packet)
        if rtp:
            self.began = now if self.began is None else self.began
            self.sent.setdefault(rtp[0], {}).setdefault(rtp[1], now)
        if self.is_lost(now):
            return
        if rtp:
            self.passed.setdefault(rtp[0], {}).setdefault(rtp[1], now)
        due = now + self.delay + self.random.uniform(-self.jitter, self.jitter)
        self.number += 1
        heapq.heappush(self.under_way, (due, self.number, to, packet))

    def is_lost(self, now):
        if self.began is None:
            return False
        since = now - self.began
        return any(start <= since < end for start, end in self.outages) or self.random.random() < self.loss

    def deliver(self, now):
        while self.under_way and self.under_way[0][0] <= now:
            _, _, to, packet = heapq.heappop(self.under_way)
            try:
                os.write(to, packet)
            except OSError:
                # The kernel drops nothing here but what its namespace is gone for.
                pass

    def account(self):
        return {ssrc: self.account_of(sent, self.passed.get(ssrc, {})) for ssrc, sent in self.sent.items()}

    @staticmethod
    def account_of(sent, passed):
        late = [timestamp for timestamp, at in passed.items() if at - sent[timestamp] >= LATE_SECONDS]
        return {'lost': [timestamp for timestamp in sent if timestamp not in passed], 'late': late}


def carry(line, sides):
    other = {sides[0]: sides[1], sides[1]: sides[0]}
    while True:
        now = time.monotonic()
        line.deliver(now)
        wait = max(0, line.under_way[0][0] - now) if line.under_way else 1
        for ready in select.select([*sides, sys.stdin], [], [], wait)[0]:
            if ready is sys.stdin:
                if not os.read(sys.stdin.fileno(), 4096):
                    return
                continue
            now = time.monotonic()
            try:
                for _ in range(64):
                    line.take(os.read(ready, 65536), other[ready], now)
            except BlockingIOError:
                pass


def main():
    name, settings = sys.argv[1], json.loads(sys.argv[2])
    line = Line(settings)
    try:
        sides = [open_side(name, side) for side in 'ab']
        print('ready', flush=True)
        carry(line, sides)
        print(json.dumps(line.account()), flush=True)
    finally:
        for side in 'ab':
            ip('netns', 'del', f'{name}-{side}', check=False)


main()
