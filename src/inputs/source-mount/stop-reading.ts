import type { Socket } from 'node:net';

/** What Node's sockets keep below them. */
interface Handle {
  reading?: boolean;
  readStop?(): number;
}

/**
 * Stops reading a socket until `resume`, so that what comes meanwhile waits in the kernel and is read at once.
 * `pause` alone goes on reading single portions up to the high-water mark; Node has no public call for more.
 * @returns false where the socket offers no such way; it then simply goes on
 */
export function stopReading(socket: Socket): boolean {
  const handle = (socket as unknown as { _handle?: Handle | null })._handle;
  if (!handle?.readStop || handle.reading !== true) return false;
  socket.pause();
  handle.reading = false;
  handle.readStop();
  return true;
}
