/** Timestamps have 32 bits. */
const WRAP = 2 ** 32;
/** How far apart the recorder's clock and a sender's may run. */
const MAX_DRIFT = 200e-6;
const MAX_ANCHORS = 8;
const MAX_GROUPS = 1024;
/** Ticks that two rates have in common are counted up to so many for each frame. */
const MAX_TICKS_PER_FRAME = 1000;

/** Where some frames belong by their sender's clock. */
export interface ClockReading {
  /** Tells clocks apart: flows with one key count from one instant, at one rate. */
  readonly key: string;
  /** The frame's number by that clock. */
  readonly frame: number;
  /** Whether the number is known modulo 2^32 only. */
  readonly wraps: boolean;
}

/** Where frames of a clock were placed. */
interface Anchor {
  readonly frame: number;
  readonly place: number;
  readonly sampleRate: number;
}

/** A frame by a media clock that flows of different rates share (RFC 7273): its number modulo 2^32 at its own rate. */
export interface RatedReading {
  readonly key: string;
  readonly frame: number;
  readonly sampleRate: number;
}

/**
 * Places the frames of flows that share a clock, so that equal instants have equal places, to the frame. The first
 * frames of a clock are placed by their arrival and become its anchor; those that follow are placed by the anchor. A
 * clock that was set anew (a restarted sender) gets another anchor.
 */
export class ClockGroups {
  readonly #anchors = new Map<string, Anchor[]>();

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
      const place = anchor.place + (wraps ? unwrapped(since, elapsed) : since);
      if (Math.abs(place - expected) <= tolerance + Math.abs(elapsed) * MAX_DRIFT) return place;
    }
    keep(anchors, { frame, place: expected, sampleRate: 0 });
    return expected;
  }

  /**
   * The place of a frame among flows of any rates whose timestamps count from one instant. What two of them count in
   * common are ticks of their least common multiple, which are known modulo 2^32 as the timestamps are: at 44.1 and
   * 48 kHz that is ten minutes, far more than arrivals leave open.
   * @param expected its place by its arrival, in frames of its rate; `tolerance` as for `place`
   */
  placeAcross({ key, frame, sampleRate }: RatedReading, expected: number, tolerance: number): number {
    const anchors = this.#anchorsOf(key);
    for (const anchor of anchors) {
      const common = (sampleRate / commonDivisor(sampleRate, anchor.sampleRate)) * anchor.sampleRate;
      const [ticks, anchorTicks] = [common / sampleRate, common / anchor.sampleRate];
      if (Math.max(ticks, anchorTicks) > MAX_TICKS_PER_FRAME) continue;
      const origin = anchor.place * anchorTicks;
      const elapsed = expected * ticks - origin;
      const room = tolerance * ticks + Math.abs(elapsed) * MAX_DRIFT;
      const place = origin + unwrapped(frame * ticks - anchor.frame * anchorTicks, elapsed);
      if (room < WRAP / 4 && Math.abs(place - expected * ticks) <= room) return Math.round(place / ticks);
    }
    keep(anchors, { frame, place: expected, sampleRate });
    return expected;
  }

  #anchorsOf(key: string): Anchor[] {
    const known = this.#anchors.get(key);
    if (known) return known;
    if (this.#anchors.size >= MAX_GROUPS) this.#anchors.delete(this.#anchors.keys().next().value!);
    const anchors: Anchor[] = [];
    this.#anchors.set(key, anchors);
    return anchors;
  }
}

/** Of all distances that are the same modulo 2^32, the one nearest to what is expected. */
function unwrapped(since: number, expected: number): number {
  return since + Math.round((expected - since) / WRAP) * WRAP;
}

function keep(anchors: Anchor[], anchor: Anchor): void {
  anchors.unshift(anchor);
  if (anchors.length > MAX_ANCHORS) anchors.pop();
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}
