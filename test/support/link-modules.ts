import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { AudioItem } from '../../src/core/audio-item.ts';
import type { TrackMetadata } from '../../src/core/fragment.ts';
import linkInput from '../../src/inputs/link/index.ts';
import type { InputReport } from '../../src/modules/input.ts';
import type { OutputReport } from '../../src/modules/output.ts';
import linkOutput from '../../src/outputs/link/index.ts';
import { FakeStreamView } from './fake-stream-view.ts';
import { testFormat } from './frames.ts';
import { LinesLogger } from './lines-logger.ts';
import { audioByte } from './link-ends.ts';
import { MemoryLinks } from './memory-links.ts';
import { noNetwork, RecordingSessions } from './recording-session.ts';

const PEER = 'dspub_xWU1nA15dwEdGsH-Dq4d1UsNeh7fJIfmxcWkidj_vXHePvn_';
const FRAME_MS = 24;
const FRAME_BYTES = 384;
export const SOURCE_EPOCH = 'abababababababab';

/** A source that outlives both processes: 128 kbit/s, frames of 24 ms, each byte told by its place. */
export class EternalSource {
  readonly format = testFormat({ codec: 'aac', contentType: 'audio/aac', sampleRate: 48_000 });
  readonly titles = new Map<number, TrackMetadata>();
  #metadata: TrackMetadata | undefined;

  /** The frames from one to another. */
  items(from: number, to: number): AudioItem[] {
    const items: AudioItem[] = [];
    for (let frame = from; frame < to; frame++) {
      this.#metadata = this.titles.get(frame) ?? this.#metadata;
      const byte = frame * FRAME_BYTES;
      const data = Buffer.alloc(FRAME_BYTES);
      for (let index = 0; index < data.length; index++) data[index] = audioByte(byte + index, 1);
      const origin = { epoch: SOURCE_EPOCH, byte };
      const { format } = this;
      items.push({
        data,
        durationUs: FRAME_MS * 1000,
        format,
        metadata: this.#metadata,
        discontinuity: undefined,
        origin,
      });
    }
    return items;
  }
}

/** Both modules, joined in memory; either process may be killed and begin again with what is on its disk. */
export class LinkModules {
  readonly links: MemoryLinks;
  readonly source = new EternalSource();
  readonly log = new LinesLogger();
  readonly #root: string | undefined;
  readonly #reserveMs: number;
  stream = new FakeStreamView();
  sessions = new RecordingSessions();
  outputReport: () => OutputReport = () => ({ state: 'none' });
  inputReport: () => InputReport = () => ({});
  /** Frames that the source has made. */
  made = 0;
  isPlaying = true;
  #lives = { a: 0, b: 0 };
  #stops = { a: new AbortController(), b: new AbortController() };
  #runs: { a: Promise<void>; b: Promise<void> } = { a: Promise.resolve(), b: Promise.resolve() };
  outputMemory = new Map<string, unknown>();
  inputMemory = new Map<string, unknown>();

  /** `root`: where both keep what they hold; undefined: nowhere. */
  constructor(seed: number, { root, reserveMs = 5000 }: { root?: string; reserveMs?: number } = {}) {
    this.links = new MemoryLinks(seed);
    this.#root = root;
    this.#reserveMs = reserveMs;
    const tick = () => {
      const due = Math.floor(this.links.network.nowMs / FRAME_MS);
      if (this.isPlaying && due > this.made) this.stream.audio(this.source.items(this.made, due));
      this.made = due;
      this.links.network.at(this.links.network.nowMs + 20, tick);
    };
    tick();
  }

  startOutput(): void {
    const abort = new AbortController();
    this.#stops.a = abort;
    this.#runs.a = linkOutput.run({
      options: linkOutput.schema.parse({ to: 'relay', peer: PEER, stream: 'live' }),
      signal: abort.signal,
      clock: this.links.clock,
      log: this.log,
      stream: this.stream,
      baseDir: '/',
      network: { ...noNetwork, links: this.links.a },
      keepDir: this.#folder('a'),
      memory: this.outputMemory,
      onReport: (report) => {
        this.outputReport = report;
      },
    });
  }

  startInput(): void {
    const abort = new AbortController();
    this.#stops.b = abort;
    const { sessions } = this;
    this.#runs.b = linkInput.run({
      options: linkInput.schema.parse({ to: 'studio', peer: PEER, stream: 'live' }),
      signal: abort.signal,
      clock: this.links.clock,
      log: this.log,
      streamName: 'ignored',
      fragmentMs: 500,
      baseDir: '/',
      network: { ...noNetwork, links: this.links.b },
      keepDir: this.#folder('b'),
      reserve: () => ({ nowMs: 4000, targetMs: this.#reserveMs }),
      memory: this.inputMemory,
      openSession: (options) => sessions.open(options),
      onReport: (report) => {
        this.inputReport = report;
      },
    });
  }

  /** Both, and 200 ms. */
  async start(): Promise<void> {
    this.startOutput();
    this.startInput();
    await this.links.run(200);
  }

  async stop(side: 'a' | 'b'): Promise<void> {
    this.#stops[side].abort();
    await this.#runs[side];
  }

  /** The run's end, for one that fails. */
  outcome(side: 'a' | 'b'): Promise<void> {
    return this.#runs[side];
  }

  /** Kills a process: what it does from now on is not seen. The next one finds what was on the disk. */
  async kill(side: 'a' | 'b'): Promise<void> {
    const old = this.#folder(side);
    this.#lives[side]++;
    const next = this.#folder(side);
    if (old !== undefined && next !== undefined) cpSync(old, next, { recursive: true });
    this.links.restart(side);
    await this.stop(side);
    if (side === 'a') this.stream = new FakeStreamView();
    else this.sessions = new RecordingSessions();
    if (side === 'a') this.outputMemory = new Map();
    else this.inputMemory = new Map();
  }

  #folder(side: 'a' | 'b'): string | undefined {
    return this.#root && join(this.#root, `${side}-${this.#lives[side]}`);
  }
}
