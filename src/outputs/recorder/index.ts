/**
 * Records a stream to files. What "recorded" means: a file holds the frames of the stream in their order,
 * as they came, without a byte more or less; it is valid at each moment and needs no closing. Audio counts
 * as recorded when the disk has confirmed it, about every second: a crash of the program or the power
 * takes at most about the last second, and may leave the last frame cut. What could not be written is
 * caught up from the stream's buffer; what the buffer no longer holds is counted as a gap and logged.
 * @module
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import type { FragmentBuffer } from '../../core/fragment-buffer.ts';
import { defineOutput, type OutputContext } from '../../modules/output.ts';
import { durationMs, sizeBytes } from '../../modules/values.ts';
import type { Cursor } from './cursor.ts';
import { nodeFileSystem, type RecorderFileSystem } from './file-system.ts';
import { PathTemplate, templateProblem } from './path-template.ts';
import { Recorder } from './recorder.ts';
import { RecorderLoop } from './run.ts';

/** The disk may stall for so long without a gap, however small the stream's buffer is. */
const HISTORY_MS = 10_000;
/** After the signal to stop, a disk that hangs is left alone. */
const STOP_MS = 800;

const schema = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(1024)
    .superRefine((template, { addIssue }) => {
      const problem = templateProblem(template);
      if (problem) addIssue({ code: 'custom', message: problem });
    })
    .describe(
      'File to write, with strftime placeholders (%Y %m %d %H %M %S %j %G %V) and %{stream}, e.g. archive/%Y-%m-%d/%H.mp3. A new file begins when the expanded path changes.',
    ),
  timezone: z.enum(['local', 'utc']).default('local').describe('Time of the placeholders.'),
  maxDuration: durationMs({ min: '1s' }).optional().describe('Begin a new file after so much audio.'),
  maxSize: sizeBytes().optional().describe('Begin a new file before this one gets larger.'),
  minFree: sizeBytes()
    .prefault('256MiB')
    .describe('Stop recording while the disk has less than this free; goes on by itself.'),
  titles: z.boolean().default(false).describe('Write the titles with their times to NAME.titles.txt beside each file.'),
  ledger: z
    .boolean()
    .default(true)
    .describe(
      'Write hashes of the audio, gaps and repeats to NAME.ledger.json beside each file, for `distream verify`. It is renewed every few seconds and tells of the newest 512 MiB.',
    ),
});

type RecorderSettings = z.output<typeof schema>;

/** Makes the `recorder` output; `fs` is replaced by tests. */
export function createRecorderOutput(fs: RecorderFileSystem = nodeFileSystem) {
  /** Where the recorders of a stream stopped, by path: a restarted output goes on there while the buffer still has it. */
  const stopped = new WeakMap<FragmentBuffer, Map<string, Cursor>>();

  async function run(context: OutputContext<RecorderSettings>): Promise<void> {
    const { options, stream, clock, log, baseDir, signal } = context;
    const template = resolve(baseDir, options.path);
    const cursors = stopped.get(stream.buffer) ?? new Map<string, Cursor>();
    stopped.set(stream.buffer, cursors);
    const path = new PathTemplate({ template, streamName: stream.name, timezone: options.timezone });
    const limits = {
      maxDurationMs: options.maxDuration,
      maxBytes: options.maxSize,
      titles: options.titles,
      ledger: options.ledger,
    };
    const recorder = new Recorder({ stream, clock, log, fs, path, ...limits }, cursors.get(template));
    const minFreeBytes = options.minFree;
    const loop = new RecorderLoop({ recorder, stream, clock, log, fs, minFreeBytes, signal, target: template });
    context.onReport(() => loop.report());
    await untilStopped(loop.run(), context);
    if (recorder.cursor) cursors.set(template, recorder.cursor);
  }

  return defineOutput({
    type: 'recorder',
    summary: 'Records the stream to files, cut at frames.',
    schema,
    historyMs: () => HISTORY_MS,
    run,
  });
}

/** Records the stream to files, cut at frames. */
export default createRecorderOutput();

/** Resolves with `work`, but soon after the signal aborts even when the disk hangs. */
function untilStopped(work: Promise<void>, { signal, clock }: OutputContext<RecorderSettings>): Promise<void> {
  return new Promise((resolve, reject) => {
    let cancel = () => {};
    const onAbort = () => {
      const timer = clock.after(STOP_MS, resolve);
      cancel = () => timer.cancel();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      cancel();
      signal.removeEventListener('abort', onAbort);
    });
  });
}
