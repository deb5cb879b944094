/**
 * A live stream over connections that fail: asks, reads, and asks again.
 * @module
 */
import { type Position, parsePosition } from './splice.ts';

/** No bytes for so long, and the connection is taken for dead; twice as long after each time in vain. */
const SILENCE_MS = 4000;
const MAX_SILENCE_MS = 30_000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 5000;

/** What the owner of a live fetch is told. */
export interface LiveFetchEvents {
  /** The address to ask now; it changes with the position. */
  url(): string;
  /** An answer begins. */
  begin(position: Position | undefined): void;
  data(bytes: Uint8Array<ArrayBuffer>): void;
  /** The connection is gone, or the node refuses with this status; it is asked again. */
  lost(status: number | undefined): void;
}

/** Reads a stream until `stop`. */
export class LiveFetch {
  readonly #events: LiveFetchEvents;
  readonly #stop = new AbortController();
  #attempt = new AbortController();
  #wake: () => void = () => {};
  #retryMs = FIRST_RETRY_MS;
  #silenceMs = SILENCE_MS;

  constructor(events: LiveFetchEvents) {
    this.#events = events;
    addEventListener('online', this.#hurry);
    void this.#run();
  }

  stop(): void {
    removeEventListener('online', this.#hurry);
    this.#stop.abort();
    this.#attempt.abort();
    this.#wake();
  }

  /** The network is back, maybe another one: what was open may be dead without a word. */
  readonly #hurry = (): void => {
    this.#retryMs = FIRST_RETRY_MS;
    this.#attempt.abort();
    this.#wake();
  };

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const status = await this.#once();
      if (this.#stop.signal.aborted) return;
      this.#events.lost(status);
      await this.#pause(this.#retryMs * (0.75 + Math.random() / 2));
      this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
    }
  }

  async #once(): Promise<number | undefined> {
    this.#attempt = new AbortController();
    const attempt = this.#attempt;
    let timer = setTimeout(() => attempt.abort(), this.#silenceMs);
    try {
      const response = await fetch(this.#events.url(), {
        cache: 'no-store',
        credentials: 'omit',
        signal: attempt.signal,
      });
      if (!response.ok || !response.body) return response.status;
      this.#events.begin(parsePosition(response.headers.get('x-stream-position')));
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return undefined;
        clearTimeout(timer);
        timer = setTimeout(() => attempt.abort(), this.#silenceMs);
        this.#retryMs = FIRST_RETRY_MS;
        this.#silenceMs = SILENCE_MS;
        this.#events.data(value as Uint8Array<ArrayBuffer>);
      }
    } catch {
      this.#silenceMs = Math.min(MAX_SILENCE_MS, this.#silenceMs * 2);
      return undefined;
    } finally {
      clearTimeout(timer);
      attempt.abort();
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
