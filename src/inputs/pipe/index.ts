import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { defineInput, type InputContext } from '../../modules/input.ts';
import type { SessionWriter } from '../../modules/session.ts';
import { durationMs } from '../../modules/values.ts';
import { Pacer } from '../pacer.ts';
import { openPath } from './open-path.ts';
import { pump } from './pump.ts';

/** A live writer may stall for so long and then catch up. */
const MAX_BEHIND_MS = 30_000;

const STANDARD_INPUT = 'standard input';

const schema = z.strictObject({
  path: z.string().min(1).max(4096).optional().describe('A FIFO, device or file; standard input when left out.'),
  contentType: z
    .string()
    .max(200)
    .regex(/^[\w.+-]+\/[\w.+-]+(?:;[\x20-\x7e]*)?$/, 'expected a MIME type such as audio/mpeg')
    .optional()
    .describe('MIME type of the audio; found out from the bytes when left out.'),
  realtime: z
    .boolean()
    .default(true)
    .describe('Take the audio no faster than it plays, so that a program that writes faster waits.'),
  lead: durationMs({ max: '10m' }).prefault('0s').describe('With `realtime`: how far ahead the audio may be taken.'),
});

type PipeOptions = z.output<typeof schema>;

/** There is one standard input: the stream that used it first keeps it. */
class StandardInputOwner {
  #streamName: string | undefined;
  #isInUse = false;

  /** Returns the function that ends the use. Throws MODULE_UNFIT when another input has it. */
  claim(streamName: string): () => void {
    this.#streamName ??= streamName;
    if (this.#isInUse || this.#streamName !== streamName) {
      throw new DistreamError('MODULE_UNFIT', {
        where: `stream ${streamName}`,
        reason: `standard input already feeds the stream ${this.#streamName}`,
        hint: 'Give this input the `path` of a FIFO.',
      });
    }
    this.#isInUse = true;
    return () => {
      this.#isInUse = false;
    };
  }
}

/** Makes the `pipe` input; `standardInput` is the process's own and replaced by tests. */
export function createPipeInput(standardInput: () => Readable & { readonly isTTY?: boolean } = () => process.stdin) {
  const owner = new StandardInputOwner();

  async function run(context: InputContext<PipeOptions>): Promise<void> {
    if (context.options.path !== undefined) {
      const path = resolve(context.baseDir, context.options.path);
      const stream = await openPath(path);
      return readStream(context, stream, path).finally(() => stream.destroy());
    }
    const release = owner.claim(context.streamName);
    try {
      const stream = standardInput();
      if (stream.isTTY) throw new DistreamError('FILE_NOT_AUDIO', { path: STANDARD_INPUT, reason: 'it is a terminal' });
      await readStream(context, stream, STANDARD_INPUT);
    } finally {
      release();
    }
  }

  return defineInput({
    type: 'pipe',
    summary: 'Takes audio from another program through standard input or a FIFO.',
    schema,
    run,
  });
}

/** Takes audio from another program through standard input or a FIFO. */
export default createPipeInput();

/** Reads `stream` into a session that opens with the first bytes. */
async function readStream(context: InputContext<PipeOptions>, stream: Readable, name: string): Promise<void> {
  const { options, signal, clock } = context;
  let session: SessionWriter | undefined;
  let pacer: Pacer | undefined;
  let bytesRead = 0;
  context.onReport(() => ({ counters: { bytes_read: bytesRead }, detail: { source: name } }));

  const take = async (chunk: Buffer): Promise<boolean> => {
    bytesRead += chunk.length;
    session ??= context.openSession({ contentType: options.contentType, continuity: 'new', peer: name });
    if (!options.realtime) {
      session.write(chunk);
      return true;
    }
    pacer ??= new Pacer({ session, clock, signal, leadMs: options.lead, maxBehindMs: MAX_BEHIND_MS });
    return pacer.write(chunk);
  };

  try {
    await pump(stream, take, signal);
    await pacer?.drain();
  } catch (error) {
    throw new DistreamError('FILE_UNREADABLE', { path: name, reason: reasonOf(error) }, { cause: error });
  } finally {
    session?.end();
  }
}
