/**
 * Sound through the audio element alone, for formats that the browser does not take in parts. Reconnects, with a
 * break that is heard.
 * @module
 */
import type { Sound, SoundEvents } from './sound.ts';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5000;
const STALL_MS = 6000;

/** Plays one mount through an audio element until `stop`. */
export class ElementSound implements Sound {
  readonly #audio: HTMLAudioElement;
  readonly #url: string;
  readonly #events: SoundEvents;
  readonly #ears = new AbortController();
  #retryTimer: number | undefined;
  #stallTimer: number | undefined;
  #retryMs = FIRST_RETRY_MS;
  #tries = 0;

  constructor(audio: HTMLAudioElement, url: string, events: SoundEvents) {
    this.#audio = audio;
    this.#url = url;
    this.#events = events;
    const { signal } = this.#ears;
    for (const name of ['error', 'ended'] as const) audio.addEventListener(name, () => this.#lost(), { signal });
    for (const name of ['waiting', 'stalled'] as const) {
      audio.addEventListener(name, () => this.#watch(), { signal });
    }
    audio.addEventListener('playing', () => this.#plays(), { signal });
    addEventListener('online', () => this.#again(), { signal });
    audio.src = url;
  }

  get storedSeconds(): number {
    const { buffered, currentTime } = this.#audio;
    return buffered.length > 0 ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : 0;
  }

  toLive(): void {
    this.#again();
  }

  stop(): void {
    this.#ears.abort();
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#stallTimer);
  }

  #plays(): void {
    clearTimeout(this.#stallTimer);
    this.#retryMs = FIRST_RETRY_MS;
    this.#tries = 0;
    this.#events.connected();
  }

  #watch(): void {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = window.setTimeout(() => this.#lost(), STALL_MS);
  }

  #lost(): void {
    const isFormat = this.#audio.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    // The element says the same of an address that answers 404: only a few tries in vain tell a format.
    if (isFormat && ++this.#tries > 5) return this.#events.failed();
    this.#events.lost(undefined);
    clearTimeout(this.#retryTimer);
    this.#retryTimer = window.setTimeout(() => this.#again(), this.#retryMs);
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
  }

  #again(): void {
    this.#audio.src = `${this.#url}${this.#url.includes('?') ? '&' : '?'}again=${Math.floor(performance.now())}`;
    void this.#audio.play().catch(() => {});
  }
}
