import type { LinkStatus } from '../../modules/link.ts';
import type { LinkStreams } from './link-streams.ts';

/** A link that is open, whichever side dials. */
export interface Link {
  readonly streams: LinkStreams;
  /** One entry for each peer. */
  status(): LinkStatus[];
  /** Tells the peers and gives back sockets, within a second. */
  close(): Promise<void>;
  /** Somebody else uses it, whose listeners are ahead by this. */
  lowerReserve(reserveMs: number): void;
}
