/**
 * The swarm as it changes, followed while its page is open and seen.
 * @module
 */
import { signal } from '@preact/signals';
import type { SwarmView } from '../../src/swarm/view/swarm-view.ts';
import { ApiError, getJson } from '../api.ts';
import { mergePatch } from '../merge-patch.ts';
import { href } from '../routing.ts';

const POLL_MS = 2000;
const RETRY_MS = 5000;

/** The newest view; undefined until the first. */
export const swarm = signal<SwarmView | undefined>(undefined);
/** The node does not show its swarm to this reader. */
export const swarmRefused = signal(false);

function took(view: SwarmView): void {
  swarm.value = view;
  swarmRefused.value = false;
}

/** Follows the swarm until the answer is called. */
export function followSwarm(): () => void {
  const follower = new SwarmFollower();
  return () => follower.stop();
}

class SwarmFollower {
  #source: EventSource | undefined;
  #held: SwarmView | undefined;
  #timer: number | undefined;
  readonly #onVisibility = () => (document.visibilityState === 'hidden' ? this.#close() : this.#open());

  constructor() {
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#open();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#close();
  }

  #open(): void {
    this.#close();
    const source = new EventSource(href('api/v1/swarm/events'));
    this.#source = source;
    source.addEventListener('snapshot', (event) => this.#keep(JSON.parse((event as MessageEvent<string>).data)));
    source.addEventListener('delta', (event) => {
      if (this.#held) this.#keep(mergePatch(this.#held, JSON.parse((event as MessageEvent<string>).data)) as SwarmView);
    });
    source.onerror = () => {
      this.#held = undefined;
      // A refusal ends the source for good; a lost connection is tried again by the browser.
      if (source.readyState === EventSource.CLOSED) source.close();
      void this.#ask(source.readyState === EventSource.CLOSED);
    };
  }

  #keep(view: SwarmView): void {
    this.#held = view;
    clearTimeout(this.#timer);
    took(view);
  }

  /** Where events do not come through, a question does. */
  async #ask(isClosed: boolean): Promise<void> {
    try {
      const view = await getJson<SwarmView>('api/v1/swarm');
      if (this.#source && !this.#held) took(view);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) swarmRefused.value = true;
    }
    if (!this.#source || this.#held) return;
    clearTimeout(this.#timer);
    if (isClosed) this.#timer = window.setTimeout(() => this.#open(), RETRY_MS);
    else this.#timer = window.setTimeout(() => void this.#ask(false), POLL_MS);
  }

  #close(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#held = undefined;
    clearTimeout(this.#timer);
  }
}
