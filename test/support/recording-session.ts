import type { AudioItem } from '../../src/core/audio-item.ts';
import type { DiscontinuityCause, TrackMetadata } from '../../src/core/fragment.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { StationInfo } from '../../src/core/station.ts';
import type { InputContext, InputReport } from '../../src/modules/input.ts';
import type { NetworkAccess } from '../../src/modules/network.ts';
import type { SessionOptions, SessionWriter } from '../../src/modules/session.ts';
import { FakeClock } from './fake-clock.ts';
import { noLinks } from './no-links.ts';

/** What an input did with its sessions; `at` counts all bytes written before, over all sessions. */
export type SessionEvent = { readonly at: number } & (
  | { readonly kind: 'open'; readonly options: SessionOptions }
  | { readonly kind: 'metadata'; readonly metadata: TrackMetadata }
  | { readonly kind: 'discontinuity'; readonly cause: DiscontinuityCause; readonly lostMs: number | undefined }
  | { readonly kind: 'station'; readonly station: StationInfo }
  | { readonly kind: 'nextFile'; readonly contentType: string | undefined }
  | { readonly kind: 'end' }
);

/** Records sessions in memory. Fails like the contract says: a second session needs the first to have ended. */
export class RecordingSessions {
  readonly events: SessionEvent[] = [];
  /** What came as whole frames. */
  readonly items: AudioItem[] = [];
  /** What `aheadMs` of every session answers. */
  aheadMs = 0;
  #parts: Buffer[] = [];
  #length = 0;
  #open: symbol | undefined;

  /** All bytes written so far, over all sessions. */
  get bytes(): Buffer {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  get length(): number {
    return this.#length;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** The titles in order, each with the byte from which it holds. */
  get titles(): { at: number; title: string }[] {
    return this.events.flatMap((event) =>
      event.kind === 'metadata' ? [{ at: event.at, title: event.metadata.title }] : [],
    );
  }

  /** The continuity of each session opened. */
  get continuities(): string[] {
    return this.events.flatMap((event) => (event.kind === 'open' ? [event.options.continuity] : []));
  }

  /** The causes of the discontinuities told. */
  get causes(): DiscontinuityCause[] {
    return this.events.flatMap((event) => (event.kind === 'discontinuity' ? [event.cause] : []));
  }

  open(options: SessionOptions): SessionWriter {
    if (this.#open) throw new Error('a session is still open');
    const session = Symbol('session');
    this.#open = session;
    this.events.push({ at: this.#length, kind: 'open', options });
    const whileOpen = (act: () => void) => {
      if (this.#open === session) act();
    };
    return {
      write: (data) =>
        whileOpen(() => {
          this.#parts.push(data);
          this.#length += data.length;
        }),
      deliver: (items) =>
        whileOpen(() => {
          this.items.push(...items);
          for (const { data } of items) {
            this.#parts.push(data);
            this.#length += data.length;
          }
        }),
      setMetadata: (metadata) => whileOpen(() => this.events.push({ at: this.#length, kind: 'metadata', metadata })),
      setStation: (station) => whileOpen(() => this.events.push({ at: this.#length, kind: 'station', station })),
      nextFile: (contentType) => whileOpen(() => this.events.push({ at: this.#length, kind: 'nextFile', contentType })),
      discontinuity: (cause, lostMs) =>
        whileOpen(() => this.events.push({ at: this.#length, kind: 'discontinuity', cause, lostMs })),
      aheadMs: () => this.aheadMs,
      end: () =>
        whileOpen(() => {
          this.#open = undefined;
          this.events.push({ at: this.#length, kind: 'end' });
        }),
    };
  }

  /** What the supervisor does when a run is over. */
  close(): void {
    if (!this.#open) return;
    this.#open = undefined;
    this.events.push({ at: this.#length, kind: 'end' });
  }
}

/** An input context whose sessions are recorded. Without a `network`, every use of the network fails. */
export interface RecordingInput<Options> {
  readonly context: InputContext<Options>;
  readonly sessions: RecordingSessions;
  /** What the status would show. */
  report(): InputReport;
}

/** Makes a context for one attempt; hand the `memory` and `sessions` of the attempt before to continue from it. */
export function recordingInput<Options>(
  options: Options,
  overrides: Partial<InputContext<Options>> & { sessions?: RecordingSessions } = {},
): RecordingInput<Options> {
  const { sessions = new RecordingSessions(), ...context } = overrides;
  let report: () => InputReport = () => ({});
  return {
    sessions,
    report: () => report(),
    context: {
      options,
      signal: new AbortController().signal,
      clock: new FakeClock(),
      log: silentLogger,
      streamName: 'test',
      fragmentMs: 500,
      baseDir: '/',
      network: noNetwork,
      keepDir: undefined,
      reserve: () => ({ nowMs: 0, targetMs: 0 }),
      memory: new Map(),
      openSession: (session) => sessions.open(session),
      onReport: (given) => {
        report = given;
      },
      ...context,
    },
  };
}

const refuse = () => Promise.reject(new Error('no network in this test'));

/** A network that refuses every use. */
export const noNetwork: NetworkAccess = {
  links: noLinks,
  front: refuse,
  releaseFront() {},
  listen: refuse,
  dial: refuse,
};
