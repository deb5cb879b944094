import type { Socket } from 'node:net';

const SLICE_BYTES = 64 * 1024;

/**
 * Writes bytes in slices, each after the socket took the one before, so that `onProgress` tells a slow line from a dead
 * one. Calls `onDone` after the last; nothing is called any more once the socket is destroyed.
 */
export function sendParts(
  socket: Socket,
  parts: readonly Buffer[],
  { onProgress, onDone }: { readonly onProgress: () => void; readonly onDone: () => void },
): void {
  const slices = parts.flatMap(slicesOf);
  const sendNext = (index: number) => {
    if (socket.destroyed) return;
    if (index === slices.length) return onDone();
    socket.write(slices[index]!, (error) => {
      if (error) return;
      onProgress();
      sendNext(index + 1);
    });
  };
  sendNext(0);
}

function slicesOf(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / SLICE_BYTES);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * SLICE_BYTES, (index + 1) * SLICE_BYTES));
}
