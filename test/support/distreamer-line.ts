import { sleep } from '../../src/core/clock.ts';
import type { StreamFormat, TrackMetadata } from '../../src/core/fragment.ts';
import { FragmentBuffer } from '../../src/core/fragment-buffer.ts';
import { silentLogger } from '../../src/core/logger.ts';
import client from '../../src/inputs/distreamer-client/index.ts';
import persClient from '../../src/inputs/distreamer-pers-client/index.ts';
import persRevServer from '../../src/inputs/distreamer-pers-rev-server/index.ts';
import revServer from '../../src/inputs/distreamer-rev-server/index.ts';
import type { InputModule } from '../../src/modules/input.ts';
import type { OutputModule, OutputReport } from '../../src/modules/output.ts';
import persRevClient from '../../src/outputs/distreamer-pers-rev-client/index.ts';
import persServer from '../../src/outputs/distreamer-pers-server/index.ts';
import revClient from '../../src/outputs/distreamer-rev-client/index.ts';
import server from '../../src/outputs/distreamer-server/index.ts';
import { countingBytes } from './counting-pattern.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeStreamView } from './fake-stream-view.ts';
import { FragmentSource, testFormat } from './frames.ts';
import { RecordingSessions, recordingInput } from './recording-session.ts';
import { UnstableLine } from './unstable-line.ts';

/** The two ends of one protocol. */
export interface LineProtocol {
  readonly output: OutputModule;
  readonly input: InputModule;
  readonly outputOptions: Record<string, unknown>;
  readonly inputOptions: Record<string, unknown>;
}

const peer = { url: 'peer', password: 'p' };
const listener = { password: 'p' };

/** DiStreamer's four protocols, by who asks or sends. */
export const LINE_PROTOCOLS = {
  'persistent pull': { output: persServer, input: persClient, outputOptions: listener, inputOptions: peer },
  'persistent push': { output: persRevClient, input: persRevServer, outputOptions: peer, inputOptions: listener },
  'polling pull': { output: server, input: client, outputOptions: listener, inputOptions: peer },
  'polling push': { output: revClient, input: revServer, outputOptions: peer, inputOptions: listener },
} as const satisfies Record<string, LineProtocol>;

/** How the two ends are configured. */
export interface DistreamerLineOptions {
  readonly random: () => number;
  /** Default: persistent pull. */
  readonly protocol?: LineProtocol;
  readonly bufferMs?: number;
  /** Options of the end that sends the stream. */
  readonly output?: Record<string, unknown>;
  /** Options of the end that receives it. */
  readonly input?: Record<string, unknown>;
  readonly format?: StreamFormat;
}

export const FRAGMENT_MS = 500;
/** Bytes of each fragment; no multiple of the pattern's block. */
export const FRAGMENT_BYTES = 1601;

/** An output and an input of DiStreamer with a failing line between them, on a fake clock. */
export class DistreamerLine {
  readonly clock = new FakeClock();
  readonly line: UnstableLine;
  readonly stream: FakeStreamView;
  readonly sessions = new RecordingSessions();
  /** What ended each attempt of the input, and of the output. */
  readonly failures: unknown[] = [];
  readonly outputFailures: unknown[] = [];
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

  /** Runs the output as a supervisor does: again and again, with its memory. */
  async startOutput(): Promise<void> {
    const { output, outputOptions } = this.#protocol;
    const context = {
      options: output.schema.parse({ ...outputOptions, ...this.#options.output }),
      signal: this.#abort.signal,
      clock: this.clock,
      log: silentLogger,
      stream: this.stream,
      baseDir: '/',
      network: this.line,
      keepDir: undefined,
      memory: new Map(),
      onReport: (report: () => OutputReport) => {
        this.report = report;
      },
    };
    this.#runs.push(this.#supervise(() => output.run(context), this.outputFailures));
    await this.clock.run(0);
  }

  /** Runs the input in the same way. */
  startInput(): void {
    const { input, inputOptions } = this.#protocol;
    const { context } = recordingInput(input.schema.parse({ ...inputOptions, ...this.#options.input }), {
      clock: this.clock,
      network: this.line,
      sessions: this.sessions,
      keepDir: undefined,
      memory: new Map<string, unknown>(),
      signal: this.#abort.signal,
    });
    const run = () => input.run(context).finally(() => this.sessions.close());
    this.#runs.push(this.#supervise(run, this.failures));
  }

  /** Ends both; every timer is gone then. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.clock.run(1000);
    await Promise.all(this.#runs);
  }

  get #protocol(): LineProtocol {
    return this.#options.protocol ?? LINE_PROTOCOLS['persistent pull'];
  }

  async #supervise(run: () => Promise<void>, failures: unknown[]): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await run().catch((error: unknown) => failures.push(error));
      if (!signal.aborted) await sleep(this.clock, 250 + 750 * this.#options.random(), signal);
    }
  }
}
