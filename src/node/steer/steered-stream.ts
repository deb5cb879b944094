import type { TrackMetadata } from '../../core/fragment.ts';

/** What is done to an input or output. */
export type SteeringAction = 'start' | 'stop' | 'restart';

/** What came of an order. */
export type SteeringOutcome =
  | 'done'
  /** There is no such input or output, or no fallback. */
  | 'missing'
  /** No source gives audio. */
  | 'no-source'
  /** The format carries its titles within. */
  | 'unsupported';

/** A stream as an administrator steers it. */
export interface SteeredStream {
  readonly name: string;
  /** @param index 0 is the main input, then the fallbacks */
  steerInput(index: number, action: SteeringAction): Promise<SteeringOutcome>;
  /** @param index counts from 0, as in the status */
  steerOutput(index: number, action: SteeringAction): Promise<SteeringOutcome>;
  /** Plays the fallback although the main input may be well, until this is taken back. */
  forceFallback(isActive: boolean): SteeringOutcome;
  /** Shows a title until the source sends another; listeners come to it after the reserve. */
  setTitle(metadata: TrackMetadata): SteeringOutcome;
}
