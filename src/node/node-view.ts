import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { MountDirectory } from '../modules/network.ts';
import type { LedgerSnapshot } from '../protocols/link/ledger.ts';
import type { SwarmView } from '../swarm/view/swarm-view.ts';
import type { TakeLibrary } from '../tracks/takes/take-library.ts';
import type { Access } from './access/access.ts';
import type { EventLog } from './events/event-log.ts';
import type { EventFeed } from './events/feed.ts';
import type { MapFeed } from './events/map-feed.ts';
import type { HistoryBook } from './history/history-book.ts';
import type { NodeStatus, StreamStatus } from './status/schema.ts';
import type { PublicView } from './status/shown-status.ts';
import type { ConfigSteering } from './steer/config-steering.ts';
import type { SteeredStream } from './steer/steered-stream.ts';
import type { TracksFeed } from './tracks/tracks-feed.ts';

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
  /** Who is an administrator. */
  readonly access: Access;
  /** What strangers see. */
  readonly publicView: PublicView;
  /** The program around the node is the demo. */
  readonly isDemo: boolean;
  /** The page at `/`. */
  readonly home: 'wall' | 'swarm' | 'tracks';
  /** The live feed of the pages. */
  readonly feed: Pick<EventFeed, 'open' | 'hasRoom' | 'clients' | 'counters'>;
  /** The swarm that the node publishes in; administrators see networks of peers. */
  readonly swarm: {
    view(isAdmin: boolean): SwarmView;
    readonly feed: Pick<MapFeed, 'open' | 'hasRoom'>;
  };
  /** What is recorded, sent or heard as tracks. */
  readonly tracks: Pick<TracksFeed, 'open' | 'hasRoom' | 'snapshot'>;
  /** Finished takes; undefined: the node has no folder of them. */
  readonly takes: Pick<TakeLibrary, 'list' | 'view' | 'account' | 'file'> | undefined;
  /** Who may see takes and their files: administrators, or everybody on this machine too. */
  readonly takesFor: 'admin' | 'machine';
  /** The newest lines of the log. */
  readonly events: Pick<EventLog, 'entries'>;
  /** How the streams were. */
  readonly history: Pick<HistoryBook, 'view'>;
  /** The whole status, for administrators; the router leaves out what the public may not see. */
  status(): NodeStatus;
  hasStream(name: string): boolean;
  /** The status of one stream, for administrators. */
  streamStatus(name: string): StreamStatus | undefined;
  /** A stream to be steered. */
  steered(name: string): SteeredStream | undefined;
  /** Its configuration; undefined when the program around the node reads none. */
  readonly configuration: ConfigSteering | undefined;
  /** The mounts of all ports. */
  directory(): MountDirectory;
  networkCounters(): NetworkCounters;
  /** Peers that the links turned away, by reason: snake_case names, totals. */
  linkRefusals(): Readonly<Record<string, number>>;
  /** The ledger of a stream; undefined when there is no such stream or it keeps none. */
  ledger(streamName: string): LedgerSnapshot | undefined;
}
