import type { Readable } from 'node:stream';

/**
 * Reads `stream` to its end, a portion at a time: the next is read when `take` has resolved, so that
 * the writer at the other end waits. Stops when `take` gives false or `signal` aborts; the stream is then
 * paused and may be read further. Rejects when the stream fails.
 */
export async function pump(
  stream: Readable,
  take: (chunk: Buffer) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const watch = new Watch(stream, signal);
  try {
    while (!signal.aborted) {
      const chunk = stream.read() as Buffer | null;
      if (chunk) {
        if (!(await take(chunk))) return;
      } else if (!(await watch.more())) return;
    }
  } finally {
    watch.close();
    stream.pause();
  }
}

const EVENTS = ['readable', 'end', 'close', 'error'] as const;

/** Waits for something to happen to a stream. */
class Watch {
  readonly #stream: Readable;
  readonly #signal: AbortSignal;
  #wake: (() => void) | undefined;
  #woken = false;
  #failure: unknown;

  constructor(stream: Readable, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    for (const event of EVENTS) stream.on(event, this.#notice);
    signal.addEventListener('abort', this.#notice);
  }

  /** Resolves with true when `read` may give more, with false at the end; rejects when the stream failed. */
  async more(): Promise<boolean> {
    if (!this.#isOver() && !this.#woken) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#woken = false;
    if (this.#failure) throw this.#failure;
    return !this.#isOver();
  }

  close(): void {
    for (const event of EVENTS) this.#stream.off(event, this.#notice);
    this.#signal.removeEventListener('abort', this.#notice);
  }

  #isOver(): boolean {
    const { readableEnded, destroyed, errored } = this.#stream;
    this.#failure ??= errored ?? undefined;
    return readableEnded || destroyed || this.#signal.aborted;
  }

  readonly #notice = (event?: unknown): void => {
    if (event instanceof Error) this.#failure ??= event;
    this.#woken = true;
    this.#wake?.();
    this.#wake = undefined;
  };
}
