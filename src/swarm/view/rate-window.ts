/** Rates are over so long, or as long as there is. */
const WINDOW_MS = 5000;
const SHORTEST_MS = 400;
/** What was noted longer ago says nothing of now. */
const STALE_MS = 15_000;

interface Sample {
  readonly atMs: number;
  readonly fromServer: number;
  readonly fromPeers: number;
}

/** Rates from totals that somebody looks at now and then. */
export class RateWindow {
  #samples: Sample[] = [];

  /** Notes the totals of now. Answers bytes a second; undefined until it is known. */
  note(atMs: number, fromServer: number, fromPeers: number): { fromServer: number; fromPeers: number } | undefined {
    const last = this.#samples.at(-1);
    if (last && (atMs - last.atMs > STALE_MS || fromServer < last.fromServer || fromPeers < last.fromPeers)) {
      this.#samples = [];
    }
    // One more than the window has, so that it is full.
    while (this.#samples.length > 1 && atMs - this.#samples[1]!.atMs >= WINDOW_MS) this.#samples.shift();
    this.#samples.push({ atMs, fromServer, fromPeers });
    const first = this.#samples[0]!;
    const seconds = (atMs - first.atMs) / 1000;
    if (seconds * 1000 < SHORTEST_MS) return undefined;
    return {
      fromServer: Math.round((fromServer - first.fromServer) / seconds),
      fromPeers: Math.round((fromPeers - first.fromPeers) / seconds),
    };
  }
}
