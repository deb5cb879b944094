/** What arrives over a line that is late and fails, from a source whose clock is off. */
export interface LateAudioOptions {
  /** By how much the source's clock is fast, in ppm. */
  readonly driftPpm: number;
  readonly durationMs: number;
  /** Length of the fragments made at that time. */
  readonly fragmentMs: (madeMs: number) => number;
  /** Delay of the line for the fragment made at that time. */
  readonly delayMs?: (madeMs: number) => number;
  /** What the line carries in multiples of the stream; all that waits at once when left out. */
  readonly capacity?: number;
  /** The line is dead in these times, in order; what was made meanwhile waits. */
  readonly outages?: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** One fragment that arrives; times are by our clock. */
export interface Arrival {
  readonly atMs: number;
  readonly durationMs: number;
  /** Media time of its end. */
  readonly endMs: number;
}

/** The fragments of a source as they arrive, in order, from time 0 on. */
export function* lateAudio(options: LateAudioOptions): Generator<Arrival> {
  const { driftPpm, durationMs: lastsMs, fragmentMs, delayMs, capacity = Number.POSITIVE_INFINITY } = options;
  const outages = [...(options.outages ?? [])];
  let endMs = 0;
  let atMs = 0;
  for (;;) {
    const madeFromMs = endMs / (1 + driftPpm * 1e-6);
    if (madeFromMs >= lastsMs) return;
    const durationMs = fragmentMs(madeFromMs);
    endMs += durationMs;
    const madeMs = endMs / (1 + driftPpm * 1e-6);
    atMs = Math.max(atMs + durationMs / capacity, madeMs + (delayMs?.(madeMs) ?? 0));
    while (outages[0] && outages[0].toMs <= atMs) outages.shift();
    if (outages[0] && outages[0].fromMs <= atMs) atMs = outages[0].toMs;
    yield { atMs, durationMs, endMs };
  }
}
