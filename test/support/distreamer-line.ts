import { sleep } from '../../src/core/clock.ts';
import type { StreamFormat, TrackMetadata } from '../../src/core/fragment.ts';
import { FragmentBuffer } from '../../src/core/fragment-buffer.ts';
import { silentLogger } from '../../src/core/logger.ts';
import client from '../../src/inputs/distreamer-pers-client/index.ts';
import type { OutputReport } from '../../src/modules/output.ts';
import server from '../../src/outputs/distreamer-pers-server/index.ts';
import { countingBytes } from './counting-pattern.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeStreamView } from './fake-stream-view.ts';
import { FragmentSource, testFormat } from './frames.ts';
import { RecordingSessions, recordingInput } from './recording-session.ts';
import { UnstableLine } from './unstable-line.ts';

/** How the two ends are configured. */
export interface DistreamerLineOptions {
  readonly random: () => number;
  readonly bufferMs?: number;
  readonly server?: Record<string, unknown>;
  readonly client?: Record<string, unknown>;
  readonly format?: StreamFormat;
}

export const FRAGMENT_MS = 500;
/** Bytes of each fragment; no multiple of the pattern's block. */
export const FRAGMENT_BYTES = 1601;

/** A persistent pull server and its client with a failing line between them, on a fake clock. */
export class DistreamerLine {
  readonly clock = new FakeClock();
  readonly line: UnstableLine;
  readonly stream: FakeStreamView;
  readonly sessions = new RecordingSessions();
  /** What ended each attempt of the client. */
  readonly failures: unknown[] = [];
  /** Titles as the stream had them: from which byte. */
  readonly titles: { at: number; title: string }[] = [];
  report: () => OutputReport = () => ({ state: 'none' });
  readonly #abort = new AbortController();
  readonly #source: FragmentSource;
  readonly #options: DistreamerLineOptions;
  readonly #runs: Promise<unknown>[] = [];
  #metadata: TrackMetadata | undefined;
  #produced = 0;

  constructor(options: DistreamerLineOptions) {
    this.#options = options;
    this.line = new UnstableLine({ clock: this.clock, random: options.random });
    this.#source = new FragmentSource(options.format ?? testFormat());
    this.stream = new FakeStreamView();
    Object.assign(this.stream, { buffer: new FragmentBuffer({ keepMs: options.bufferMs ?? 20_000, maxBytes: 1e8 }) });
  }

  /** Bytes that the source gave. */
  get produced(): number {
    return this.#produced;
  }

  /** The next fragment of the source, a title at one of its bytes when given. */
  produce(title?: string): void {
    const offset = Math.floor(this.#options.random() * FRAGMENT_BYTES);
    const metadata = title === undefined ? [] : [{ offset, metadata: { title } }];
    if (title !== undefined) this.titles.push({ at: this.#produced + offset, title });
    const data = countingBytes(this.#produced, FRAGMENT_BYTES);
    this.stream.append(this.#source.next({ data, metadata, openingMetadata: this.#metadata }));
    this.#metadata = metadata[0]?.metadata ?? this.#metadata;
    this.#produced += FRAGMENT_BYTES;
  }

  /** The source gives a fragment each 500 ms for so long. */
  async play(durationMs: number, title?: (number: number) => string | undefined): Promise<void> {
    for (let playedMs = 0; playedMs < durationMs; playedMs += FRAGMENT_MS) {
      this.produce(title?.(this.#produced / FRAGMENT_BYTES));
      await this.clock.run(FRAGMENT_MS);
    }
  }

  async startServer(): Promise<void> {
    const options = server.schema.parse({ password: 'p', ...this.#options.server });
    const context = {
      options,
      signal: this.#abort.signal,
      clock: this.clock,
      log: silentLogger,
      stream: this.stream,
      baseDir: '/',
      network: this.line,
      onReport: (report: () => OutputReport) => {
        this.report = report;
      },
    };
    this.#runs.push(server.run(context));
    await this.clock.run(0);
  }

  /** Runs the client as a supervisor does: again and again, with its memory. */
  startClient(): void {
    this.#runs.push(this.#supervise());
  }

  /** Ends both; every timer is gone then. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.clock.run(1000);
    await Promise.all(this.#runs);
  }

  async #supervise(): Promise<void> {
    const { random } = this.#options;
    const { signal } = this.#abort;
    const memory = new Map<string, unknown>();
    const options = client.schema.parse({ url: 'studio:4080', password: 'p', ...this.#options.client });
    while (!signal.aborted) {
      const { context } = recordingInput(options, {
        clock: this.clock,
        network: this.line,
        sessions: this.sessions,
        memory,
        signal,
      });
      await client.run(context).catch((error: unknown) => this.failures.push(error));
      this.sessions.close();
      if (!signal.aborted) await sleep(this.clock, 250 + 750 * random(), signal);
    }
  }
}
