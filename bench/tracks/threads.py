"""The thread-per-file method: a thread for each flow, all from one reading of the clock, each sleeping until its next
packet is due. Usage: threads.py PORT FLOWS PTIME_US SECONDS CHANNELS"""
import socket
import struct
import sys
import threading
import time

port, flows, ptime_us, seconds, channels = map(int, sys.argv[1:6])
frames = 48000 * ptime_us // 1_000_000
payload = bytes(frames * channels * 3)


def send(flow, start):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i in range(seconds * 1_000_000 // ptime_us):
        pause = start + i * ptime_us / 1e6 - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        head = struct.pack('!BBHII', 0x80, 97, i & 0xFFFF, i * frames & 0xFFFFFFFF, flow + 1)
        out.sendto(head + payload, ('127.0.0.1', port))


begin = time.monotonic() + 0.5
threads = [threading.Thread(target=send, args=(flow, begin)) for flow in range(flows)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
