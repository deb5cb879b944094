import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { MountDirectory } from '../modules/network.ts';
import type { LedgerSnapshot } from '../protocols/link/ledger.ts';
import type { NodeStatus } from './status/schema.ts';

/** Totals and gauges of the shared port since the start; all plain numbers. */
export interface NetworkCounters {
  /** Connections open now. */
  readonly connections: number;
  readonly connectionsTotal: number;
  /** Connections and requests turned away, by reason (`limit`, `denied`, `too-many-failures` ...); few reasons. */
  readonly refusedTotal: Readonly<Record<string, number>>;
}

/** What the HTTP surface sees of a node. All calls are cheap and synchronous. */
export interface NodeView {
  readonly version: string;
  readonly startedUtcMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly admin: { readonly user: string; readonly password: string };
  /** The whole status, for administrators; the router leaves out what the public may not see. */
  status(): NodeStatus;
  /** The mounts of all ports. */
  directory(): MountDirectory;
  networkCounters(): NetworkCounters;
  /** Peers that the links turned away, by reason: snake_case names, totals. */
  linkRefusals(): Readonly<Record<string, number>>;
  /** The ledger of a stream; undefined when there is no such stream or it keeps none. */
  ledger(streamName: string): LedgerSnapshot | undefined;
}
