import { ClockGroups } from './clock-groups.ts';

/** A place on the recorder's own clock: frames of a rate since its zero. */
export interface Place {
  readonly frame: number;
  readonly sampleRate: number;
}

/** A flow that may have frames before the others when the take begins. */
export interface TakeMember {
  /** The place of its earliest frames that are not written yet; undefined when there are none. */
  earliest(): Place | undefined;
}

/**
 * The time line that all tracks of a take share. It begins with the earliest frame that has come when the first one is
 * released, and counts in each track's own sample frames from there.
 */
export class TakeLine {
  readonly groups = new ClockGroups();
  readonly #members: TakeMember[] = [];
  readonly #onStart: (startMs: number) => void;
  #start: Place | undefined;

  /** @param onStart is told once, with the monotonic time of the take's first frame */
  constructor(onStart: (startMs: number) => void) {
    this.#onStart = onStart;
  }

  /** The monotonic time of the take's first frame; undefined before it begins. */
  get startMs(): number | undefined {
    return this.#start && millisecondsOf(this.#start);
  }

  join(member: TakeMember): void {
    this.#members.push(member);
  }

  /** The first frame of the take at that rate; the take begins now if it has not. */
  startFrame(sampleRate: number): number {
    this.#start ??= this.#begin();
    const { frame, sampleRate: rate } = this.#start;
    return rate === sampleRate ? frame : Math.round((frame / rate) * sampleRate);
  }

  #begin(): Place {
    let first: Place | undefined;
    for (const member of this.#members) {
      const place = member.earliest();
      if (place && (!first || millisecondsOf(place) < millisecondsOf(first))) first = place;
    }
    if (!first) throw new RangeError('a take begins with frames');
    this.#onStart(millisecondsOf(first));
    return first;
  }
}

function millisecondsOf({ frame, sampleRate }: Place): number {
  return (frame * 1000) / sampleRate;
}
