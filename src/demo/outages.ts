/** One failure of the demo's line. */
export interface Outage {
  /** How long the line works before it. */
  readonly upMs: number;
  /** How long it is black. */
  readonly downMs: number;
  /** Connections from before are dead when the line is back, as after a router's restart. */
  readonly killsConnections: boolean;
}

const UP_MS = { min: 20_000, max: 40_000 };
const DOWN_MS = { min: 3_000, max: 12_000 };

function between(range: { min: number; max: number }, fraction: number): number {
  return Math.round(range.min + fraction * (range.max - range.min));
}

/**
 * The outages of the demo's line, without end: 20 to 40 s of work, then 3 to 12 s of
 * nothing; half of them kill the connections. The same `random` gives the same outages.
 */
export function* outages(random: () => number): Generator<Outage, never> {
  for (;;) {
    const upMs = between(UP_MS, random());
    const downMs = between(DOWN_MS, random());
    yield { upMs, downMs, killsConnections: random() < 0.5 };
  }
}
