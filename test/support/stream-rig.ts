import { z } from 'zod';
import type { StreamConfig } from '../../src/config/node-config.ts';
import type { Fragment } from '../../src/core/fragment.ts';
import { type Logger, silentLogger } from '../../src/core/logger.ts';
import { defineInput, type InputContext } from '../../src/modules/input.ts';
import type { NetworkAccess } from '../../src/modules/network.ts';
import { defineOutput } from '../../src/modules/output.ts';
import { Stream } from '../../src/node/stream/stream.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { patternBytes } from './frames.ts';

/** Of the opaque audio that driven inputs give. */
export const BYTES_PER_SECOND = 16_000;
const STATION = { bitrateKbps: 128 };

/** An input that a test drives: it runs until `fail` or the end of the test. */
export class Driven {
  context: InputContext<unknown> | undefined;
  runs = 0;
  #fail: ((error: Error) => void) | undefined;
  readonly module;

  constructor(onDemand = false, endsAfterMs = 0) {
    this.module = defineInput({
      type: 'driven',
      summary: 'test',
      schema: z.strictObject({}),
      startOnDemand: onDemand,
      run: (context) => {
        this.context = context;
        this.runs++;
        return new Promise((resolve, reject) => {
          this.#fail = reject;
          const end = () => (endsAfterMs ? void context.clock.after(endsAfterMs, resolve) : resolve());
          context.signal.addEventListener('abort', end);
        });
      },
    });
  }

  get running(): boolean {
    return this.context !== undefined && !this.context.signal.aborted;
  }

  open(continuity: 'new' | 'overlap' | 'exact' = 'new', contentType = 'application/x-test') {
    return this.context!.openSession({ contentType, continuity, station: STATION });
  }

  fail(): void {
    this.#fail!(new Error('test failure'));
  }
}

/** A stream with driven inputs; `heard` is what its outputs were given, in order. */
export async function streamRig(
  overrides: Partial<StreamConfig> = {},
  fallback: Driven[] = [],
  network: NetworkAccess = {} as NetworkAccess,
) {
  const lines: string[] = [];
  const note = (line: string) => void lines.push(line);
  const log: Logger = { ...silentLogger, error: note, warn: note, info: note, child: () => log };
  const clock = new FakeClock();
  const input = new Driven();
  const heard: Fragment[] = [];
  const output = defineOutput({
    type: 'collect',
    summary: 'test',
    schema: z.strictObject({}),
    run: async ({ stream, signal }) => {
      let last = 0;
      stream.onRelease(() => {
        for (const fragment of stream.buffer.from(last + 1)) {
          if (fragment.sequence > stream.released!.sequence) break;
          heard.push(fragment);
          last = fragment.sequence;
        }
      });
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  });
  const stream = new Stream(
    {
      name: 'test',
      buffer: { ms: 60_000 },
      reserve: { ms: 0 },
      start: 'now',
      fragmentMs: 500,
      silenceMs: 2000,
      input: { module: input.module, options: {} },
      fallback: fallback.map(({ module }) => ({ module, options: {} })),
      outputs: [{ module: output, options: {} }],
      ...overrides,
    },
    { clock, log, baseDir: '/', network, random: () => 0.5 },
  );
  stream.start();
  await settle();
  const bytes = () => Buffer.concat(heard.map(({ data }) => data));
  /** Feeds pattern bytes in real time. */
  const feed = async (writer: ReturnType<Driven['open']>, from: number, seconds: number) => {
    for (let step = 0; step < seconds * 10; step++) {
      writer.write(patternBytes(from + step * 1600, from + (step + 1) * 1600));
      await clock.run(100);
    }
    return from + seconds * BYTES_PER_SECOND;
  };
  return { clock, input, stream, heard, lines, bytes, feed };
}
