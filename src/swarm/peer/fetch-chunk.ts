import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { rangeLength } from '../../protocols/pdtp/byte-range.ts';
import type { TransferMessage } from '../../protocols/pdtp/messages.ts';
import { encodePeerRequest } from '../../protocols/pdtp/peer-request.ts';
import { PeerResponseReader } from '../../protocols/pdtp/peer-response.ts';
import { MAX_CHUNK_BYTES } from './giver.ts';
import type { PeerDialer } from './peer-dialer.ts';

/** Without a byte for so long, and in all before the length counts. */
const IDLE_MS = 15_000;
const SLOWEST_BYTES_PER_SECOND = 1024;
/** Kept free at first: a chunk's room grows with what comes, not with what was announced. */
const FIRST_ROOM = 64 * 1024;

/** What a fetch needs beside its order. */
export interface FetchOptions {
  readonly clock: Clock;
  readonly dial: PeerDialer;
  /** This peer's own id. */
  readonly peerId: string;
  readonly signal: AbortSignal;
}

/** Carries out an order: gets the bytes of a range from a peer. Rejects when it does not give exactly these. */
export async function fetchChunk(order: TransferMessage, options: FetchOptions): Promise<Buffer> {
  const { url, range, method } = order;
  const length = rangeLength(range);
  if (method !== 'get') throw new ProtocolViolation('only get orders are carried out');
  if (length > MAX_CHUNK_BYTES) throw new ProtocolViolation('the range is too long');
  const request = encodePeerRequest({ method: 'GET', url, range, peerId: options.peerId });
  if (!request) throw new ProtocolViolation('the URL of the order cannot be asked for');
  const socket = await options.dial(order, options.signal);
  const limitMs = IDLE_MS + (length / SLOWEST_BYTES_PER_SECOND) * 1000;
  const timer = options.clock.after(limitMs, () => socket.destroy());
  const abort = () => socket.destroy();
  options.signal.addEventListener('abort', abort);
  try {
    return await take(socket, request, order);
  } finally {
    timer.cancel();
    options.signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

function take(socket: Socket, request: Buffer, { range }: TransferMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const length = rangeLength(range);
    let room = Buffer.alloc(Math.min(length, FIRST_ROOM));
    let filled = 0;
    const reader = new PeerResponseReader(range, (bytes) => {
      if (filled + bytes.length > room.length) {
        const larger = Buffer.alloc(Math.min(length, Math.max(room.length * 2, filled + bytes.length)));
        room.copy(larger, 0, 0, filled);
        room = larger;
      }
      bytes.copy(room, filled);
      filled += bytes.length;
    });
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('close', () => reject(new ProtocolViolation('the peer stopped in the middle')));
    socket.on('error', reject);
    socket.on('data', (bytes: Buffer) => {
      try {
        if (reader.push(bytes)) resolve(room.subarray(0, filled));
      } catch (error) {
        reject(error);
      }
    });
    socket.write(request);
  });
}
