import type { Socket } from 'node:net';
import { expect } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';
import type { OutputModule, OutputReport } from '../../src/modules/output.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeStreamView } from './fake-stream-view.ts';
import { FragmentSource } from './frames.ts';
import type { BenchClient } from './input-bench.ts';
import { UnstableLine } from './unstable-line.ts';

/** An output on a fake clock and a network in memory, its stream fed by hand. */
export class OutputBench {
  readonly clock = new FakeClock();
  readonly line = new UnstableLine({ clock: this.clock, random: () => 1, portionBytes: 1 << 20 });
  readonly stream = new FakeStreamView();
  readonly #source = new FragmentSource();
  readonly #memory = new Map<string, unknown>();
  readonly #module: OutputModule;
  readonly #options: object;
  #abort = new AbortController();
  #run: Promise<unknown> = Promise.resolve();
  report: () => OutputReport = () => ({ state: 'none' });
  /** How the run ended. */
  ended: unknown = 'running';

  constructor(module: OutputModule, options: object) {
    this.#module = module;
    this.#options = options;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.report().counters!;
  }

  /** So many fragments of 1,600 bytes, one each half second. */
  async play(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      this.stream.append(this.#source.next());
      await this.clock.run(500);
    }
  }

  /** Starts a run; its memory is that of the runs before. */
  async start(): Promise<void> {
    this.#abort = new AbortController();
    this.ended = 'running';
    const run = this.#module.run({
      options: this.#module.schema.parse(this.#options),
      signal: this.#abort.signal,
      clock: this.clock,
      log: silentLogger,
      stream: this.stream,
      baseDir: '/',
      network: this.line,
      keepDir: undefined,
      memory: this.#memory,
      onReport: (report) => {
        this.report = report;
      },
    });
    this.#run = run.then(
      () => (this.ended = 'stopped'),
      (error: unknown) => (this.ended = error),
    );
    await this.clock.run(0);
  }

  /** Connects to the output, says something, and lets 50 ms pass. */
  async connect(port: number, words: string | Buffer): Promise<BenchClient> {
    const { signal } = this.#abort;
    const target = { host: 'x', port, tls: false, timeoutMs: 1, signal, displayUrl: 'x', trusted: true };
    const client = watchSocket(await this.line.dial(target));
    client.socket.write(words);
    await this.clock.run(50);
    return client;
  }

  /** Accepts what the output dials, and answers the first bytes with `answer`, if it is not empty. */
  async listen(port: number, answer: string | Buffer): Promise<BenchClient[]> {
    const clients: BenchClient[] = [];
    await this.line.listen({ host: '::', port }, (socket) => {
      clients.push(watchSocket(socket));
      if (answer.length > 0) socket.once('data', () => socket.write(answer));
    });
    return clients;
  }

  /** Ends the run; nothing may be left of it. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#run;
    await this.clock.run(100);
    expect([this.clock.pendingCount, this.line.openSockets]).toEqual([0, 0]);
  }
}

function watchSocket(socket: Socket): BenchClient {
  const parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => parts.push(chunk));
  const bytes = () => Buffer.concat(parts);
  return { socket, bytes, text: () => bytes().toString('latin1'), isClosed: () => socket.destroyed };
}
