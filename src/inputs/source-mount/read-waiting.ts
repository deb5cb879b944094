import { readSync } from 'node:fs';
import type { Socket } from 'node:net';

const MAX_READ_BYTES = 64 * 1024;
const SLAB_BYTES = 8 * MAX_READ_BYTES;

/** What is read for all sockets, one behind the other; fragments copy it out within a second. */
let slab = Buffer.alloc(SLAB_BYTES);
let used = 0;

/**
 * Reads what waits in the kernel for a socket that was stopped with `stopReading`, without waiting. A pass through the
 * event loop costs four system calls and the streams' machinery instead of this one read.
 * @returns undefined where nothing waits, at an end or error (Node tells them once the socket is read again), and where
 * the socket offers no such way: TLS, other systems, bytes that the stream itself still holds
 */
export function readWaiting(socket: Socket): Buffer | undefined {
  const { _handle: handle, encrypted } = socket as unknown as { _handle?: { fd?: number } | null; encrypted?: boolean };
  const fd = handle?.fd;
  if (encrypted || fd === undefined || fd < 0 || socket.readableLength > 0) return undefined;
  try {
    const bytes = readSync(fd, slab, used, MAX_READ_BYTES, null);
    return bytes > 0 ? taken(bytes) : undefined;
  } catch {
    return undefined; // EAGAIN, or what the next read of the socket tells
  }
}

function taken(bytes: number): Buffer {
  const data = slab.subarray(used, used + bytes);
  used += bytes;
  if (used > SLAB_BYTES - MAX_READ_BYTES) {
    slab = Buffer.alloc(SLAB_BYTES);
    used = 0;
  }
  return data;
}
