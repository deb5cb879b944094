import type { Clock } from '../../core/clock.ts';
import type { ReferenceClock } from '../../protocols/sdp/clock-signalling.ts';
import type { ProfileName } from '../../protocols/sdp/profiles.ts';
import type { RedundancyMode } from '../plan/redundancy-measure.ts';
import type { PacketPlan } from '../plan/schema.ts';
import type { SessionRepair } from '../repair/serve-session.ts';
import type { SendNetwork } from './destinations.ts';
import type { SourceTrack } from './find-tracks.ts';

/** A grandmaster of PTP. */
export type PtpClock = Extract<ReferenceClock, { kind: 'ptp' }>;

/** What is sent, where and when. */
export interface SendOptions {
  readonly name: string;
  /** They stay the caller's, who closes them after the session. */
  readonly tracks: readonly SourceTrack[];
  /** Without refusals. */
  readonly plan: PacketPlan;
  /** Where to: one or two networks, each gets everything. */
  readonly networks: readonly SendNetwork[];
  readonly port: number;
  readonly ttl: number;
  readonly redundancy: RedundancyMode;
  readonly profile: ProfileName;
  /** Where descriptions are written. */
  readonly sdpFolder?: string | undefined;
  readonly isAnnounced: boolean;
  /** Undefined: what is lost cannot be fetched after the take. */
  readonly repair?: SessionRepair | undefined;
  readonly isLoop: boolean;
  /** UTC of the first sample frame; by the server's clock when there is one. */
  readonly startUtcMs?: number | undefined;
  /** Whose clock is measured. */
  readonly ntpServer?: string | undefined;
  /** What this machine's wall clock follows, by the word of its user. Not with `ntpServer`. */
  readonly ptpClock?: PtpClock | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** What is worth knowing, a sentence each. */
  readonly onNote: (text: string) => void;
}
