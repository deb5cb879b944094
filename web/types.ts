/**
 * What the node tells the application, as its API answers it.
 * @module
 */
import type { LinkView } from '../src/node/status/link-schema.ts';
import type { InputStatus, NodeStatus, OutputStatus, StreamStatus } from '../src/node/status/schema.ts';

export type { InputStatus, LinkView, NodeStatus, OutputStatus, StreamStatus };

/** Who asks, as `GET /api/v1/me` answers. */
export interface Me {
  readonly role: 'admin' | 'listener';
  readonly canSignIn: boolean;
  readonly publicView: 'full' | 'reduced' | 'off';
  readonly demo: boolean;
}

/** One line of the node's log. */
export interface LogEntry {
  readonly id: number | string;
  readonly utc: string;
  readonly level: string;
  readonly stream?: string;
  readonly text: string;
}

/** `GET /api/v1/streams/NAME/history`: columns of equal length. */
export interface History {
  readonly span: string;
  readonly stepMs: number;
  /** UTC in milliseconds, ascending. */
  readonly t: readonly number[];
  readonly reserveSeconds: readonly (number | null)[];
  readonly bitrate: readonly (number | null)[];
  readonly listeners: readonly (number | null)[];
  readonly latencySeconds: readonly (number | null)[];
  /** 0 no data, 1 sound, 2 outage bridged, 3 gap heard, 4 fallback. */
  readonly state: readonly number[];
}

/** `GET /api/v1/demo`. */
export interface DemoStatus {
  readonly line: {
    readonly state: 'up' | 'down';
    readonly sinceSeconds: number;
    readonly outages: number;
    readonly downSeconds: number;
  };
  readonly reserveSeconds: number;
  readonly gapsHeard: number;
  readonly directLostSeconds: number;
}
