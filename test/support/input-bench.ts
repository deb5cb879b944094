import type { Socket } from 'node:net';
import { expect } from 'vitest';
import type { InputModule } from '../../src/modules/input.ts';
import { FakeClock } from './fake-clock.ts';
import { recordingInput } from './recording-session.ts';
import { UnstableLine } from './unstable-line.ts';

/** What a test's end of a connection sees. */
export interface BenchClient {
  readonly socket: Socket;
  readonly text: () => string;
  readonly bytes: () => Buffer;
  readonly isClosed: () => boolean;
}

/** An input on a fake clock and a network in memory: it listens and a test connects, or the other way round. */
export class InputBench {
  readonly clock = new FakeClock();
  readonly line = new UnstableLine({ clock: this.clock, random: () => 1, portionBytes: 1 << 20 });
  readonly #abort = new AbortController();
  readonly #input: ReturnType<typeof recordingInput>;
  readonly #module: InputModule;
  #run: Promise<unknown> = Promise.resolve();
  /** How the run ended. */
  ended: unknown = 'running';

  constructor(module: InputModule, options: object) {
    this.#module = module;
    const { clock, line: network } = this;
    this.#input = recordingInput(module.schema.parse(options), { clock, network, signal: this.#abort.signal });
  }

  get sessions() {
    return this.#input.sessions;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#input.report().counters!;
  }

  /** Starts a run; its memory is that of the runs before. */
  async start(): Promise<void> {
    this.ended = 'running';
    this.#run = this.#module.run(this.#input.context as never).then(
      () => (this.ended = 'stopped'),
      (error: unknown) => (this.ended = error),
    );
    await this.clock.run(0);
  }

  /** Connects to the input, says something, and lets 50 ms pass. */
  async connect(port: number, words: string | Buffer = ''): Promise<BenchClient> {
    const target = {
      host: 'x',
      port,
      tls: false,
      timeoutMs: 1,
      signal: this.#abort.signal,
      displayUrl: 'x',
      trusted: true,
    };
    const socket = await this.line.dial(target);
    const parts: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => parts.push(chunk));
    if (words.length > 0) socket.write(words);
    await this.clock.run(50);
    const bytes = () => Buffer.concat(parts);
    return { socket, bytes, text: () => bytes().toString('latin1'), isClosed: () => socket.destroyed };
  }

  /** Ends the run; nothing may be left of it. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#run;
    await this.clock.run(100);
    expect([this.clock.pendingCount, this.line.openSockets, this.sessions.isOpen]).toEqual([0, 0, false]);
  }
}
