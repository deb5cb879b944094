/**
 * The encoding worker: one encoder, fed with samples, answering with what is encoded. It ends with its stream.
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../../core/errors.ts';
import type { Encoder } from './encoder.ts';
import type { EncoderSetup, FromEncoder, ToEncoder } from './messages.ts';
import { openEncoder } from './open-encoder.ts';

const port = parentPort!;
const { pcm, settings, serial } = workerData as EncoderSetup;

function answer(message: FromEncoder): void {
  port.postMessage(message);
}

function serve(encoder: Encoder, message: ToEncoder): void {
  if (message.type === 'finish') {
    answer({ type: 'encoded', bytes: encoder.finish() });
    port.close();
    return;
  }
  const { buffer, byteOffset, length } = message.samples;
  answer({ type: 'encoded', bytes: encoder.encode(Buffer.from(buffer, byteOffset, length)) });
}

function fail(error: unknown): void {
  answer({ type: 'failed', reason: reasonOf(error) });
  port.close();
}

try {
  const encoder = await openEncoder(pcm, settings, serial);
  port.on('message', (message: ToEncoder) => {
    try {
      serve(encoder, message);
    } catch (error) {
      fail(error);
    }
  });
  answer({ type: 'ready' });
} catch (error) {
  fail(error);
}
