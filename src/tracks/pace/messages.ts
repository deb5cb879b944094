/**
 * What the main thread and the pacing worker say to each other. Everything that is fast goes through shared memory.
 * @module
 */
import type { RtpCounting } from './flow-queue.ts';
import type { PaceDestination } from './flow-socket.ts';
import type { GridPeriod } from './grid.ts';
import type { RingShape } from './ring.ts';

/** One flow as the worker needs it. */
export interface WorkerFlow {
  readonly destinations: readonly PaceDestination[];
  readonly grid: number;
  readonly rtp: RtpCounting | undefined;
  /** An empty ring is no underrun. */
  readonly isSparse: boolean;
  readonly shape: RingShape;
  readonly ring: SharedArrayBuffer;
}

/** What the worker begins with. */
export interface WorkerSetup {
  readonly periods: readonly GridPeriod[];
  readonly flows: readonly WorkerFlow[];
  readonly statistics: SharedArrayBuffer;
  /** One 32-bit integer: 0, or `STOPPED`. The worker waits on it, so that a stop wakes it. */
  readonly control: SharedArrayBuffer;
  readonly spinNs: number;
  readonly catchUpRate: number;
}

/** The control word of a session that is to end. */
export const STOPPED = 1;

/** What an error of the system keeps on its way between threads. */
export interface SystemError {
  readonly code: string | undefined;
  readonly message: string;
}

/** From the worker. */
export type WorkerMessage =
  | { readonly type: 'ready'; readonly localPorts: readonly (readonly number[])[]; readonly threadId: number }
  | { readonly type: 'failed'; readonly destination: PaceDestination; readonly error: SystemError };

/** To the worker. */
export type MainMessage =
  /** The instant of slot 0 on the monotonic clock (`monotonicNs`). */
  { readonly type: 'start'; readonly instantNs: bigint } | { readonly type: 'stop' };
