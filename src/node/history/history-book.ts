import type { Clock, Timer } from '../../core/clock.ts';
import { type HistoryView, type Span, StreamHistory, type StreamSample } from './stream-history.ts';

/** A stream of the node, as the book sees it. */
export interface HistorySource {
  readonly name: string;
  sample(): StreamSample;
}

const STEP_MS = 1000;

/** Keeps the history of all streams of a node. */
export class HistoryBook {
  readonly #clock: Clock;
  readonly #sources: () => readonly HistorySource[];
  readonly #histories = new Map<string, StreamHistory>();
  readonly #timer: Timer;

  /** @param sources the streams that run; asked once a second */
  constructor(clock: Clock, sources: () => readonly HistorySource[]) {
    this.#clock = clock;
    this.#sources = sources;
    this.#timer = clock.every(STEP_MS, () => this.#step());
  }

  /** The history of a stream; undefined when it has none. */
  view(name: string, span: Span): HistoryView | undefined {
    return this.#histories.get(name)?.view(span, this.#clock.utcMs());
  }

  /** Stops the timer. */
  close(): void {
    this.#timer.cancel();
  }

  #step(): void {
    const sources = this.#sources();
    for (const source of sources) {
      let history = this.#histories.get(source.name);
      if (!history) {
        history = new StreamHistory();
        this.#histories.set(source.name, history);
      }
      history.add(source.sample());
    }
    if (this.#histories.size > sources.length) this.#forget(new Set(sources.map(({ name }) => name)));
  }

  #forget(names: ReadonlySet<string>): void {
    for (const name of this.#histories.keys()) if (!names.has(name)) this.#histories.delete(name);
  }
}
