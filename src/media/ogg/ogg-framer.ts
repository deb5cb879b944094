import type { Frame } from '../framer.ts';
import type { ProbingFramer } from '../sync/probing-framer.ts';

/** Settings of an `OggFramer`. */
export interface OggFramerOptions {
  /** MIME type for listeners; `application/ogg` when left out. */
  readonly contentType?: string | undefined;
}

/** Placeholder until the Ogg framer is in: finds nothing. */
export class OggFramer implements ProbingFramer {
  readonly confirmed = false;
  readonly skippedBytes = 0;
  readonly note = undefined;
  #bytes = 0;

  constructor(_options: OggFramerOptions) {}

  get unframedBytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): Frame[] {
    this.#bytes += chunk.length;
    return [];
  }

  flush(): Frame[] {
    return [];
  }
}
