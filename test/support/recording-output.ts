import type { Fragment } from '../../src/core/fragment.ts';
import type { Logger } from '../../src/core/logger.ts';
import type { OutputReport } from '../../src/modules/output.ts';
import type { RecorderFileSystem } from '../../src/outputs/recorder/file-system.ts';
import { createRecorderOutput } from '../../src/outputs/recorder/index.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { FakeStreamView } from './fake-stream-view.ts';
import { noNetwork } from './recording-session.ts';

/** A recorder on a fake clock, fed by hand. */
export class RecorderBench {
  readonly clock = new FakeClock();
  readonly stream: FakeStreamView;
  readonly lines: string[] = [];
  readonly #module: ReturnType<typeof createRecorderOutput>;
  #abort = new AbortController();
  #finished: Promise<void> = Promise.resolve();
  #report: () => OutputReport = () => ({ state: 'none' });
  stopped = false;

  constructor(fs: RecorderFileSystem, stream = new FakeStreamView()) {
    this.#module = createRecorderOutput(fs);
    this.stream = stream;
  }

  get report(): OutputReport {
    return this.#report();
  }

  /** Starts a run with these options, as a configuration writes them. */
  async start(options: object): Promise<void> {
    this.#abort = new AbortController();
    this.stopped = false;
    const run = this.#module.run({
      options: this.#module.schema.parse({ timezone: 'utc', ...options }),
      signal: this.#abort.signal,
      clock: this.clock,
      log: this.#log(),
      stream: this.stream,
      baseDir: '/rec',
      network: noNetwork,
      keepDir: undefined,
      memory: new Map(),
      onReport: (report) => {
        this.#report = report;
      },
    });
    this.#finished = run.then(() => {
      this.stopped = true;
    });
    await idle();
  }

  /** Appends a fragment, lets the recorder write, and lets its duration pass. */
  async feed(...fragments: Fragment[]): Promise<void> {
    for (const fragment of fragments) {
      this.stream.append(fragment);
      await idle();
      await this.pass(fragment.durationUs / 1000);
    }
  }

  async pass(ms: number): Promise<void> {
    await this.clock.run(ms);
    await idle();
  }

  /** Stops the run; the clock passes no more than the second that a stop may take. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await idle();
    if (!this.stopped) await this.pass(1000);
    if (!this.stopped) throw new Error('the recorder does not stop within a second');
    await this.#finished;
  }

  #log(): Logger {
    const add = (message: string) => void this.lines.push(message);
    return { debug: add, info: add, warn: add, error: add, child: () => this.#log() };
  }
}

/** Lets all that does not wait for the clock happen. */
export async function idle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await settle();
}
