import type { Socket } from 'node:net';

/** What Node's sockets keep below them. */
interface Handle {
  reading?: boolean;
  readStop?(): number;
  readStart?(): number;
}

const handleOf = (socket: Socket) => (socket as unknown as { _handle?: Handle | null })._handle;
const stopped = new WeakSet<Handle>();

/**
 * Stops reading a flowing socket, so that what comes meanwhile waits in the kernel and is then read at once. `pause`
 * would go on reading single portions up to the high-water mark; Node has no public call for more.
 * @returns what goes on reading (harmless when the socket is gone), or undefined where the socket offers no such way
 */
export function stopReading(socket: Socket): (() => void) | undefined {
  const handle = handleOf(socket);
  if (!handle?.readStop || !handle.readStart || handle.reading !== true || stopped.has(handle)) return undefined;
  // `reading` stays true: with false the stream would start the handle again at its next turn.
  stopped.add(handle);
  handle.readStop();
  return () => {
    if (!stopped.delete(handle) || handleOf(socket) !== handle) return;
    handle.readStart?.();
  };
}
