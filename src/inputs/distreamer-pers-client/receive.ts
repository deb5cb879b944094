import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { DistreamError, ProtocolViolation, reasonOf } from '../../core/errors.ts';
import { SilenceWatch } from '../../core/silence-watch.ts';
import { MessageDecoder } from '../../protocols/distreamer/message-codec.ts';
import type { WireReader } from '../../protocols/distreamer/wire-reader.ts';

/** One connection to a server. */
export interface ReceiveOptions {
  /** Connected; destroyed before the promise settles. */
  readonly socket: Socket;
  readonly request: Buffer;
  readonly reader: WireReader;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Silence that ends the connection. */
  readonly timeoutMs: number;
  /** For errors. */
  readonly peer: string;
}

/**
 * Asks and feeds the reader until the connection ends. Resolves when `signal` aborts; else rejects with REFUSED,
 * TIMED_OUT, CLOSED_BY_PEER, UNREACHABLE or PROTOCOL_VIOLATION.
 */
export function receive(options: ReceiveOptions): Promise<void> {
  const { socket, request, reader, signal, clock, timeoutMs, peer } = options;
  const decoder = new MessageDecoder();
  return new Promise((resolve, reject) => {
    const finish = (error?: DistreamError) => {
      watch.cancel();
      signal.removeEventListener('abort', stop);
      socket.off('data', onData);
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    const stop = () => finish();
    const onData = (chunk: Buffer) => {
      watch.heard();
      try {
        decoder.push(chunk, (message) => {
          if (message.action === 'err') throw new DistreamError('REFUSED', { url: peer, reason: message.text });
          reader.push(message);
        });
      } catch (error) {
        finish(asDistreamError(error, peer));
      }
    };
    const watch = new SilenceWatch(clock, timeoutMs, () =>
      finish(new DistreamError('TIMED_OUT', { url: peer, seconds: timeoutMs / 1000 })),
    );
    signal.addEventListener('abort', stop);
    socket.on('error', (error) => finish(new DistreamError('UNREACHABLE', { url: peer, reason: reasonOf(error) })));
    socket.on('close', () => finish(new DistreamError('CLOSED_BY_PEER', { url: peer })));
    socket.on('end', () => finish(new DistreamError('CLOSED_BY_PEER', { url: peer })));
    socket.on('data', onData);
    socket.setNoDelay(true);
    if (signal.aborted) stop();
    else socket.write(request);
  });
}

function asDistreamError(error: unknown, peer: string): DistreamError {
  if (error instanceof DistreamError) return error;
  if (!(error instanceof ProtocolViolation))
    return new DistreamError('INTERNAL', { reason: reasonOf(error) }, { cause: error });
  return new DistreamError('PROTOCOL_VIOLATION', { peer, reason: error.message }, { cause: error });
}
