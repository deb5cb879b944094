import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EncoderSetup, FromEncoder, ToEncoder } from './messages.ts';

/** An encoder as its stream sees it. Requests are answered in order; after a rejection it is of no more use. */
export interface EncoderPort {
  encode(samples: Buffer): Promise<Buffer>;
  /** The rest; the encoder has ended then. */
  finish(): Promise<Buffer>;
  /** Ends it at once. */
  close(): void;
}

/** Opens an encoder in a thread of its own. Rejects with an Error in words when it cannot. */
export async function openEncoderThread(setup: EncoderSetup): Promise<EncoderPort> {
  // The built worker lies beside the built thread, the source beside the source.
  const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), { workerData: setup });
  const thread = new EncoderThread(worker);
  await thread.ready;
  return thread;
}

interface Waiting {
  resolve(bytes: Buffer): void;
  reject(error: Error): void;
}

class EncoderThread implements EncoderPort {
  readonly ready: Promise<unknown>;
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.ready = this.#wait();
    worker.on('message', (message: FromEncoder) => this.#take(message));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('the encoding thread ended')));
  }

  encode(samples: Buffer): Promise<Buffer> {
    // A copy of its own, which the thread then owns.
    const copy = new Uint8Array(samples);
    return this.#ask({ type: 'encode', samples: copy }, [copy.buffer]);
  }

  finish(): Promise<Buffer> {
    return this.#ask({ type: 'finish' }, []);
  }

  close(): void {
    this.#failure ??= new Error('the encoder was closed');
    void this.#worker.terminate();
  }

  #ask(message: ToEncoder, transfer: ArrayBuffer[]): Promise<Buffer> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#worker.postMessage(message, transfer);
    return this.#wait();
  }

  #wait(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  #take(message: FromEncoder): void {
    if (message.type === 'failed') return this.#fail(new Error(message.reason));
    const bytes = message.type === 'encoded' ? message.bytes : new Uint8Array(0);
    this.#waiting.shift()?.resolve(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
