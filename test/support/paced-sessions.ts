import { createFramer } from '../../src/media/detect.ts';
import type { Framer } from '../../src/media/framer.ts';
import type { SessionOptions, SessionWriter } from '../../src/modules/session.ts';
import { type FakeClock, settle } from './fake-clock.ts';
import { RecordingSessions } from './recording-session.ts';

/** Recorded sessions that know by the frames, as the stream does, how far ahead their audio is. */
export class PacedSessions extends RecordingSessions {
  readonly #clock: FakeClock;
  #session: SessionWriter | undefined;
  /** The most and the least that `aheadMs` was when something was written, the first second left out for the least. */
  maxAheadMs = Number.NEGATIVE_INFINITY;
  minAheadMs = Number.POSITIVE_INFINITY;
  /** Length of the longest portion written. */
  longestWrite = 0;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  /** How far ahead the open or last session is. */
  get ahead(): number {
    return this.#session?.aheadMs() ?? 0;
  }

  override open(options: SessionOptions): SessionWriter {
    const recorded = super.open(options);
    const startMs = this.#clock.nowMs();
    let framer: Framer = createFramer({ contentType: options.contentType });
    let audioUs = 0;
    const count = (frames: readonly { durationUs: number }[]) => {
      for (const frame of frames) audioUs += frame.durationUs;
    };
    const session: SessionWriter = {
      ...recorded,
      aheadMs: () => audioUs / 1000 - (this.#clock.nowMs() - startMs),
      write: (data) => {
        if (this.#clock.nowMs() > startMs + 1000) this.minAheadMs = Math.min(this.minAheadMs, session.aheadMs());
        recorded.write(data);
        count(framer.push(data));
        this.longestWrite = Math.max(this.longestWrite, data.length);
        this.maxAheadMs = Math.max(this.maxAheadMs, session.aheadMs());
      },
      nextFile: (contentType) => {
        recorded.nextFile(contentType);
        count(framer.flush());
        framer = createFramer({ contentType });
      },
    };
    this.#session = session;
    return session;
  }
}

/** Turns the clock until the condition holds; it stands still while the disk is waited for. */
export async function turnUntil(clock: FakeClock, condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 50_000) throw new Error('what the test waits for does not happen');
    if (clock.pendingCount > 0) await clock.run(20);
    else await settle();
  }
}
