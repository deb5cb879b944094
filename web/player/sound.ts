/**
 * What a player needs of a way to make sound.
 * @module
 */

/** What a sound tells. */
export interface SoundEvents {
  connected(): void;
  /** The connection is gone; with the status when the node refused. It is tried again. */
  lost(status: number | undefined): void;
  /** Reconnects so far: without a missing byte, and with a break. */
  joined(exact: number, broken: number): void;
  /** The browser cannot go on with this sound. */
  failed(): void;
}

/** One mount that plays through an audio element. */
export interface Sound {
  /** Sound that is here and not yet played. */
  readonly storedSeconds: number;
  /** Leaves out what is stored. */
  toLive(): void;
  stop(): void;
}
