/**
 * Between connections and the browser's decoder: what is compared over reconnects, and what the decoder is given.
 * @module
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** How a format goes into a source buffer. */
export interface Intake {
  /** The type of the source buffer. */
  readonly type: string;
  /** True when the parts carry their own times. */
  readonly isTimed: boolean;
  /** True when the place in the stream counts in the bytes of the answer. */
  readonly hasPositions: boolean;
  /** A new connection begins. */
  begin(): void;
  /** Bytes of a connection become those that are compared with what was heard. */
  open(data: Bytes): Bytes;
  /** What goes on from what was heard, as the browser takes it. Throws when the browser cannot. */
  close(data: Bytes): Bytes;
}

/** MP3 and AAC go in as they are. */
export function plainIntake(type: string): Intake {
  return { type, isTimed: false, hasPositions: true, begin: () => {}, open: (data) => data, close: (data) => data };
}
