import { readSync } from 'node:fs';
import type { Socket } from 'node:net';

/** One buffer for all: what is read is copied out at its own length. */
const space = Buffer.alloc(64 * 1024);

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
    const bytes = readSync(fd, space, 0, space.length, null);
    return bytes > 0 ? Buffer.from(space.subarray(0, bytes)) : undefined;
  } catch {
    return undefined; // EAGAIN, or what the next read of the socket tells
  }
}
