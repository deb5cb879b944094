import type { Missing } from '../schedule/plan-draft.ts';

/** Chunks that are known not to come to a taker, to be ordered with the next plan; each once, however often it is said. */
export class MissingChunks {
  readonly #byTaker = new Map<number, Set<number>>();

  add({ taker, chunk }: Missing): void {
    const chunks = this.#byTaker.get(taker) ?? new Set();
    this.#byTaker.set(taker, chunks.add(chunk));
  }

  /** The taker has gone. */
  forget(taker: number): void {
    this.#byTaker.delete(taker);
  }

  /** All of them; they are not kept. */
  take(): Missing[] {
    const missing: Missing[] = [];
    for (const [taker, chunks] of this.#byTaker) for (const chunk of chunks) missing.push({ taker, chunk });
    this.#byTaker.clear();
    return missing;
  }
}
