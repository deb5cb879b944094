import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../core/clock.ts';
import { DistreamError, ProtocolViolation } from '../../core/errors.ts';
import type { Answer } from './answer.ts';
import { type AnswerSink, ResponseReader } from './response-reader.ts';

/** Time for a whole head or playlist, unless the silence that is allowed is longer. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Options of `readAnswer`. */
export interface ReadAnswerOptions {
  /** Connected; destroyed at the end. */
  readonly socket: Socket;
  readonly request: Buffer;
  readonly path: string;
  readonly metadata: boolean;
  /** Silence that ends the connection. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For errors; without credentials. */
  readonly displayUrl: string;
  /** Takes a stream, `begin` first. */
  readonly onStream: Pick<AnswerSink, 'audio' | 'metadata'> & { begin(answer: StreamAnswer): void };
}

/** The answer that is followed by audio. */
export type StreamAnswer = Answer & { readonly kind: 'stream' };

/**
 * Asks and reads on one connection. Resolves with an answer that is no stream. A stream is read until it breaks, so
 * then it always rejects: CLOSED_BY_PEER, TIMED_OUT, PROTOCOL_VIOLATION, or the signal's reason.
 */
export function readAnswer(options: ReadAnswerOptions): Promise<Exclude<Answer, StreamAnswer>> {
  return new Promise((resolve, reject) => new Reading(options, resolve, reject).start());
}

class Reading implements AnswerSink {
  readonly #options: ReadAnswerOptions;
  readonly #resolve: (answer: Exclude<Answer, StreamAnswer>) => void;
  readonly #reject: (error: unknown) => void;
  readonly #reader: ResponseReader;
  readonly #answerDeadlineMs: number;
  #heardMs: number;
  #isStream = false;
  #over = false;
  #timer: Timer | undefined;

  constructor(
    options: ReadAnswerOptions,
    resolve: (answer: Exclude<Answer, StreamAnswer>) => void,
    reject: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#reader = new ResponseReader({ path: options.path, metadata: options.metadata, sink: this });
    this.#heardMs = options.clock.nowMs();
    this.#answerDeadlineMs = this.#heardMs + Math.max(ANSWER_TIMEOUT_MS, options.timeoutMs);
  }

  start(): void {
    const { socket, signal, request } = this.#options;
    signal.addEventListener('abort', this.#onAbort);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', () => {}); // `close` follows
    socket.on('end', () => this.#onEnd());
    socket.on('close', () => this.#onEnd());
    this.#watch();
    socket.write(request);
    if (signal.aborted) this.#onAbort();
    else if (socket.destroyed) this.#onEnd();
  }

  answer(answer: Answer): void {
    if (answer.kind !== 'stream') {
      this.#finish();
      this.#resolve(answer);
      return;
    }
    this.#isStream = true;
    this.#options.onStream.begin(answer);
  }

  audio(data: Buffer): void {
    this.#options.onStream.audio(data);
  }

  metadata(metadata: Parameters<AnswerSink['metadata']>[0]): void {
    this.#options.onStream.metadata(metadata);
  }

  ended(): void {
    this.#fail(this.#closed());
  }

  readonly #onAbort = (): void => this.#fail(this.#options.signal.reason);

  #onData(chunk: Buffer): void {
    if (this.#over) return;
    this.#heardMs = this.#options.clock.nowMs();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#fail(error instanceof ProtocolViolation ? this.#violation(error.message, error) : error);
    }
  }

  #onEnd(): void {
    if (this.#over) return;
    this.#reader.end();
    this.#fail(this.#closed());
  }

  /** One timer that looks when the last byte came, instead of one a chunk. */
  #watch(): void {
    const { clock, timeoutMs, displayUrl } = this.#options;
    const nowMs = clock.nowMs();
    const silentUntilMs = this.#heardMs + timeoutMs;
    const deadlineMs = this.#isStream ? silentUntilMs : Math.min(silentUntilMs, this.#answerDeadlineMs);
    if (nowMs < deadlineMs) {
      this.#timer = clock.after(deadlineMs - nowMs, () => this.#watch());
    } else if (nowMs >= silentUntilMs) {
      this.#fail(new DistreamError('TIMED_OUT', { url: displayUrl, seconds: timeoutMs / 1000 }));
    } else {
      this.#fail(this.#violation('its answer does not come to an end'));
    }
  }

  #closed(): DistreamError {
    const { displayUrl, socket } = this.#options;
    return new DistreamError('CLOSED_BY_PEER', { url: displayUrl }, { cause: socket.errored ?? undefined });
  }

  #violation(reason: string, cause?: unknown): DistreamError {
    return new DistreamError('PROTOCOL_VIOLATION', { peer: this.#options.displayUrl, reason }, { cause });
  }

  #fail(error: unknown): void {
    this.#finish();
    this.#reject(error);
  }

  #finish(): void {
    this.#over = true;
    this.#timer?.cancel();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#options.socket.destroy();
  }
}
