/** Timestamps have 32 bits. */
const WRAP = 2 ** 32;
/** How far apart the recorder's clock and a sender's may run. */
const MAX_DRIFT = 200e-6;
const MAX_ANCHORS = 8;
const MAX_GROUPS = 1024;

/** Where some frames belong by their sender's clock. */
export interface ClockReading {
  /** Tells clocks apart: flows with one key count from one instant, at one rate. */
  readonly key: string;
  /** The frame's number by that clock. */
  readonly frame: number;
  /** Whether the number is known modulo 2^32 only. */
  readonly wraps: boolean;
}

/**
 * Places the frames of flows that share a clock, so that equal instants have equal places, to the frame. The first
 * frames of a clock are placed by their arrival and become its anchor; those that follow are placed by the anchor. A
 * clock that was set anew (a restarted sender) gets another anchor.
 */
export class ClockGroups {
  readonly #anchors = new Map<string, { frame: number; place: number }[]>();

  /**
   * The place of a frame.
   * @param expected its place by its arrival, in frames of the same rate
   * @param tolerance how far the place by the clock may be from that, in frames; beyond, the clock was set anew
   */
  place({ key, frame, wraps }: ClockReading, expected: number, tolerance: number): number {
    const anchors = this.#anchorsOf(key);
    for (const anchor of anchors) {
      const elapsed = expected - anchor.place;
      const since = frame - anchor.frame;
      const place = anchor.place + (wraps ? since + Math.round((elapsed - since) / WRAP) * WRAP : since);
      if (Math.abs(place - expected) <= tolerance + Math.abs(elapsed) * MAX_DRIFT) return place;
    }
    anchors.unshift({ frame, place: expected });
    if (anchors.length > MAX_ANCHORS) anchors.pop();
    return expected;
  }

  #anchorsOf(key: string): { frame: number; place: number }[] {
    const known = this.#anchors.get(key);
    if (known) return known;
    if (this.#anchors.size >= MAX_GROUPS) this.#anchors.delete(this.#anchors.keys().next().value!);
    const anchors: { frame: number; place: number }[] = [];
    this.#anchors.set(key, anchors);
    return anchors;
  }
}
