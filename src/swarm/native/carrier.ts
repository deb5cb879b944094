/**
 * How two peers are connected. Everything above sees only this, so that a test carries lines in memory, and another
 * carrier (a data channel) can stand beside TCP.
 * @module
 */

/** A line carries best what is sent in messages of so many bytes: each is then one record of TLS, and comes as one. */
export const LINE_MESSAGE_BYTES = 13_136;

/** One connection between two peers, secured by the key of their meeting. */
export interface Line {
  /**
   * Takes bytes to be sent. False: no more until `onDrain`. Nothing happens on a closed line. `onSent` is called when the
   * bytes are the caller's again, and never when the line breaks before.
   */
  send(bytes: Buffer, onSent?: () => void): boolean;
  /** Ends it at once. `onClose` is called. */
  close(): void;
}

/** What the owner of a line is told. */
export interface LineEvents {
  onData(bytes: Buffer): void;
  onDrain(): void;
  /** Once; nothing comes after it. */
  onClose(): void;
}

/** Where a line leads, and the right to it. */
export interface LineTarget {
  readonly host: string;
  readonly port: number;
  /** A PSK identity. */
  readonly identity: string;
  /** The pre-shared key, 32 bytes. */
  readonly key: Buffer;
}

/** Who may connect, and what becomes of a line. */
export interface LineHost {
  /** The key of an identity; undefined: it may not connect. */
  keyOf(identity: string): Buffer | undefined;
  /** A line has come; both sides have proved the key. */
  accept(line: Line, identity: string): LineEvents;
}

/** One way of connecting peers. */
export interface Carrier {
  /** Opens a port for lines, the first free one from `firstPort` on (0: any). Rejects as `listenOn` does. */
  listen(host: LineHost, address: string, firstPort: number): Promise<number>;
  /** Connects and proves the key. Rejects when that fails. */
  dial(target: LineTarget, events: LineEvents): Promise<Line>;
  /** Closes the port; lines stay with their owners. */
  close(): void;
}
