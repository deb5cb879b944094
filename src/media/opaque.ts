import type { StreamFormat } from '../core/fragment.ts';
import type { Frame, Framer } from './framer.ts';

/** Settings of an `OpaqueFramer`. */
export interface OpaqueFramerOptions {
  /** MIME type for listeners, without parameters. */
  readonly contentType: string;
  /** Why the stream is passed on as it is; undefined when that is what was asked for. */
  readonly note?: string | undefined;
}

/** The format of bytes in which no frames are known. */
export function opaqueFormat(contentType: string): StreamFormat {
  return {
    contentType,
    codec: 'opaque',
    sampleRate: undefined,
    channels: undefined,
    headers: Buffer.alloc(0),
    primeFrames: 0,
    latticeBytes: undefined,
  };
}

/** Passes every byte on: each push is a frame of unknown length. */
export class OpaqueFramer implements Framer {
  readonly note: string | undefined;
  readonly skippedBytes = 0;
  readonly #format: StreamFormat;

  constructor(options: OpaqueFramerOptions) {
    this.#format = opaqueFormat(options.contentType);
    this.note = options.note;
  }

  push(chunk: Buffer): Frame[] {
    return chunk.length === 0 ? [] : [{ data: chunk, durationUs: 0, format: this.#format }];
  }

  flush(): Frame[] {
    return [];
  }
}
