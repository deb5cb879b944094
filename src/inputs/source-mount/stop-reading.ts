import type { Socket } from 'node:net';

/** What Node's sockets keep below them. */
interface Handle {
  reading?: boolean;
  readStop?(): number;
  readStart?(): number;
}

/**
 * Stops reading a flowing socket, so that what comes meanwhile waits in the kernel and is then read at once. `pause`
 * would go on reading single portions up to the high-water mark; Node has no public call for more.
 * @returns what goes on reading (harmless when the socket is gone), or undefined where the socket offers no such way
 */
export function stopReading(socket: Socket): (() => void) | undefined {
  const of = (candidate: Socket) => (candidate as unknown as { _handle?: Handle | null })._handle;
  const handle = of(socket);
  if (!handle?.readStop || !handle.readStart || handle.reading !== true) return undefined;
  handle.reading = false;
  handle.readStop();
  return () => {
    if (of(socket) !== handle || handle.reading) return;
    handle.reading = true;
    handle.readStart?.();
  };
}
