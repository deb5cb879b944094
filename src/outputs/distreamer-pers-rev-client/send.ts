import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { DistreamError, ProtocolViolation, reasonOf } from '../../core/errors.ts';
import type { PushSender } from '../../protocols/distreamer/push-session.ts';
import { SocketFeed } from '../distreamer/socket-feed.ts';

/** Totals over all attempts. */
export interface PushTotals {
  connections: number;
  bytes_sent: number;
  evicted_fragments: number;
}

/** One connection to a server that takes the stream. */
export interface SendOptions {
  /** Connected; destroyed before the promise settles. */
  readonly socket: Socket;
  readonly sender: PushSender;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The other side must answer and take what is sent within this time. */
  readonly timeout: number;
  readonly interval: number;
  readonly queueLimit: number;
  readonly totals: PushTotals;
  /** For errors. */
  readonly peer: string;
  /** Given what to call when the store has more. */
  readonly onFeed: (feed: () => void) => void;
  readonly onAccepted: () => void;
}

/**
 * Sends until the connection ends. Resolves when `signal` aborts; else rejects with REFUSED, TIMED_OUT, CLOSED_BY_PEER,
 * UNREACHABLE or PROTOCOL_VIOLATION.
 */
export function send(options: SendOptions): Promise<void> {
  const { socket, sender, signal, clock, timeout, interval, queueLimit, totals, peer } = options;
  const socketFeed = new SocketFeed({ socket, clock, queueLimit, next: () => sender.next() });
  const beganMs = clock.nowMs();
  totals.connections++;
  return new Promise((resolve, reject) => {
    let counted = { bytes: 0, evicted: 0 };
    const count = () => {
      totals.bytes_sent += socketFeed.bytesSent - counted.bytes;
      totals.evicted_fragments += sender.evicted - counted.evicted;
      counted = { bytes: socketFeed.bytesSent, evicted: sender.evicted };
    };
    const feed = () => {
      socketFeed.feed();
      count();
    };
    const finish = (error?: DistreamError) => {
      for (const timer of timers) timer.cancel();
      signal.removeEventListener('abort', stop);
      socket.off('data', onData);
      options.onFeed(() => {});
      socket.destroy();
      count();
      if (error) reject(error);
      else resolve();
    };
    const stop = () => finish();
    const watch = () => {
      const seconds = timeout / 1000;
      if (!sender.isFeeding && clock.nowMs() - beganMs >= timeout) {
        finish(new DistreamError('TIMED_OUT', { url: peer, seconds }));
      } else if (socketFeed.stalledMs >= timeout) {
        finish(new DistreamError('UNREACHABLE', { url: peer, reason: `it took nothing for ${seconds} s` }));
      }
    };
    const onData = (chunk: Buffer) => {
      const wasFeeding = sender.isFeeding;
      try {
        sender.receive(chunk);
      } catch (error) {
        const isViolation = error instanceof ProtocolViolation;
        const code = isViolation ? 'PROTOCOL_VIOLATION' : 'INTERNAL';
        return finish(new DistreamError(code, { peer, reason: reasonOf(error) }, { cause: error }));
      }
      const { refusal } = sender;
      if (refusal !== undefined) return finish(new DistreamError('REFUSED', { url: peer, reason: refusal }));
      if (sender.isFeeding && !wasFeeding) options.onAccepted();
      feed();
    };
    const timers = [
      clock.every(interval, () => {
        sender.interval();
        feed();
      }),
      clock.every(Math.min(timeout, 500), watch),
    ];
    signal.addEventListener('abort', stop);
    socket.on('error', (error) => finish(new DistreamError('UNREACHABLE', { url: peer, reason: reasonOf(error) })));
    socket.on('close', () => finish(new DistreamError('CLOSED_BY_PEER', { url: peer })));
    socket.on('end', () => finish(new DistreamError('CLOSED_BY_PEER', { url: peer })));
    socket.on('data', onData);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    if (signal.aborted) return stop();
    options.onFeed(feed);
    feed();
  });
}
