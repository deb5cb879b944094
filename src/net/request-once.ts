import type { Clock } from '../core/clock.ts';
import { DistreamError, ProtocolViolation, reasonOf } from '../core/errors.ts';
import { SilenceWatch } from '../core/silence-watch.ts';
import type { DialTarget, NetworkAccess } from '../modules/network.ts';
import { ResponseReader, type WholeResponse } from '../protocols/http/response-reader.ts';
import { sendParts } from './send-parts.ts';

/** One HTTP request on a connection of its own. */
export interface RequestOnceOptions {
  readonly network: Pick<NetworkAccess, 'dial'>;
  /** Its `timeoutMs` is also the silence that ends the request: nothing taken, nothing answered. */
  readonly target: DialTarget;
  readonly clock: Clock;
  /** Head and body. */
  readonly request: Buffer;
  /** The most that the body of the answer may have. */
  readonly maxBodyBytes: number;
}

/**
 * Connects, asks, reads the whole answer and closes. Rejects with UNREACHABLE, TIMED_OUT, CLOSED_BY_PEER or
 * PROTOCOL_VIOLATION, or with the signal's reason.
 */
export async function requestOnce(options: RequestOnceOptions): Promise<WholeResponse> {
  const { network, target, clock, request, maxBodyBytes } = options;
  const { signal, timeoutMs, displayUrl: url } = target;
  const socket = await network.dial(target);
  const reader = new ResponseReader(maxBodyBytes);
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      watch.cancel();
      signal.removeEventListener('abort', stop);
      socket.off('data', onData);
      socket.destroy();
      act();
    };
    const fail = (error: unknown) => settle(() => reject(error));
    const stop = () => fail(signal.reason);
    const read = (take: () => WholeResponse | undefined) => {
      try {
        const response = take();
        if (response) settle(() => resolve(response));
      } catch (error) {
        const isViolation = error instanceof ProtocolViolation;
        fail(isViolation ? new DistreamError('PROTOCOL_VIOLATION', { peer: url, reason: error.message }) : error);
      }
    };
    const onData = (chunk: Buffer) => {
      watch.heard();
      read(() => reader.push(chunk));
    };
    const onEnd = () => {
      read(() => reader.end());
      fail(new DistreamError('CLOSED_BY_PEER', { url }));
    };
    const watch = new SilenceWatch(clock, timeoutMs, () =>
      fail(new DistreamError('TIMED_OUT', { url, seconds: timeoutMs / 1000 })),
    );
    signal.addEventListener('abort', stop);
    socket.on('error', (error) => fail(new DistreamError('UNREACHABLE', { url, reason: reasonOf(error) })));
    socket.on('end', onEnd);
    socket.on('close', () => fail(new DistreamError('CLOSED_BY_PEER', { url })));
    socket.on('data', onData);
    socket.setNoDelay(true);
    if (signal.aborted) stop();
    else sendParts(socket, [request], { onProgress: () => watch.heard(), onDone: () => {} });
  });
}
