/**
 * Follows a live feed of one JSON map: a snapshot, then merge patches. Where events do not come through, it asks.
 * @module
 */
import { mergePatch } from './merge-patch.ts';

/** The part of an `EventSource` that is needed here. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(name: string, take: (event: { readonly data: string }) => void): void;
  close(): void;
}

/** What is followed. */
export interface Followed<View> {
  readonly onView: (view: View) => void;
  /** Events of other names. */
  readonly others?: Readonly<Record<string, (data: unknown) => void>>;
  /** Nothing comes any more, or for a while. */
  readonly onRest?: () => void;
}

/** How it is followed. */
export interface FollowerOptions<View> extends Followed<View> {
  readonly connect: () => EventStream;
  /** Asks for the view as it is now. */
  readonly ask: () => Promise<View>;
  readonly onRefusal: (error: unknown) => void;
  /** Calls `task` after so long, unless the answer is called before. */
  readonly wait: (ms: number, task: () => void) => () => void;
  /** 0 to 1; spreads those who come back at once. */
  readonly random: () => number;
}

const CLOSED = 2;
const POLL_MS = 2000;
const RETRY_MS = 4000;

/** One feed, while it is open. */
export class LiveFollower<View> {
  readonly #options: FollowerOptions<View>;
  #source: EventStream | undefined;
  #held: View | undefined;
  #endWait = (): void => {};

  constructor(options: FollowerOptions<View>) {
    this.#options = options;
  }

  /** Begins, anew when it has begun. */
  open(): void {
    this.close();
    const source = this.#options.connect();
    this.#source = source;
    const on = (name: string, take: (data: unknown) => void) =>
      source.addEventListener(name, ({ data }) => take(JSON.parse(data)));
    on('snapshot', (view) => this.#keep(view as View));
    on('delta', (patch) => this.#held !== undefined && this.#keep(mergePatch(this.#held, patch) as View));
    for (const [name, take] of Object.entries(this.#options.others ?? {})) on(name, take);
    source.addEventListener('error', () => {
      this.#rest();
      void this.#ask(source);
    });
  }

  close(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#endWait();
    this.#rest();
  }

  #rest(): void {
    this.#held = undefined;
    this.#options.onRest?.();
  }

  #keep(view: View): void {
    this.#held = view;
    this.#endWait();
    this.#options.onView(view);
  }

  async #ask(source: EventStream): Promise<void> {
    const { ask, onView, onRefusal, wait, random } = this.#options;
    const isWaiting = () => this.#source === source && this.#held === undefined;
    try {
      const view = await ask();
      if (isWaiting()) onView(view);
    } catch (error) {
      if (isWaiting()) onRefusal(error);
    }
    if (!isWaiting()) return;
    this.#endWait();
    // A refusal ends the source for good; a lost connection is tried again by the browser.
    this.#endWait =
      source.readyState === CLOSED
        ? wait(RETRY_MS * (0.75 + random() / 2), () => this.open())
        : wait(POLL_MS, () => void this.#ask(source));
  }
}
