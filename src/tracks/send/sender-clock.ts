import type { ClockEstimate } from '../../protocols/ntp/offset.ts';
import type { TakeClock } from '../proof/take-schema.ts';
import type { PtpClock } from './session-options.ts';

/** What a sender's clock follows, and what was measured of it. */
export interface SenderClockFacts {
  /** Undefined: no server was asked. */
  readonly ntpServer: string | undefined;
  /** Undefined: the wall clock is not said to follow PTP. */
  readonly ptpClock: PtpClock | undefined;
  readonly estimate: ClockEstimate | undefined;
}

/** A sender's clock as accounts have it. That of PTP is somebody's word: nothing is measured. */
export function senderClock({ ntpServer, ptpClock, estimate }: SenderClockFacts): TakeClock {
  if (ptpClock) {
    const { clockId = 'traceable', domain } = ptpClock;
    const server = domain === undefined ? clockId : `${clockId}:${domain}`;
    return { source: 'ptp', server, offsetMs: null, errorBoundMs: null };
  }
  if (ntpServer === undefined) return { source: 'local', offsetMs: null, errorBoundMs: null };
  return {
    source: 'ntp',
    server: ntpServer,
    // Ours against the server's, where the estimate is what has to be added to ours.
    offsetMs: estimate ? -estimate.offsetMs : null,
    errorBoundMs: estimate?.errorBoundMs ?? null,
  };
}
