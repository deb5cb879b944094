import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { DistreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { LinkAccess } from '../../modules/link.ts';
import type { DialTarget } from '../../modules/network.ts';

/** What the links of a node are made of. */
export interface NodeLinksOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 to 1; spreads retries. */
  readonly random: () => number;
  /** Connects TCP after the egress check. */
  readonly dialer: (target: DialTarget) => Promise<Socket>;
  /** The node's own key, `dskey_...`; undefined: each link brings its own. */
  readonly privateKey: string | undefined;
}

/** The links of a node. Its owner closes it. */
export interface NodeLinks extends LinkAccess {
  /** Tells every peer and ends all links, sockets and timers. */
  close(): Promise<void>;
}

/** Makes the links of a node; nothing is opened yet. */
export function createNodeLinks(_options: NodeLinksOptions): NodeLinks {
  return {
    open: () => Promise.reject(new DistreamError('INTERNAL', { reason: 'links are not there' })),
    status: () => [],
    refusals: () => ({}),
    close: () => Promise.resolve(),
  };
}
