/** A session description as data (RFC 8866). Everything but `media` may be missing in what strangers send. */
import type { MediaClock, ReferenceClock } from './clock-signalling.ts';
import type { Redundancy } from './redundancy.ts';

/** What is wrong with a description, or worth knowing. */
export interface SdpProblem {
  /** Counted from 1; 0: the description as a whole. */
  readonly line: number;
  /** `error`: receivers will fail; `warning`: some will; `note`: good to know. */
  readonly severity: 'error' | 'warning' | 'note';
  readonly text: string;
}

/** `o=`: who made the session, and which revision this is (RFC 8866 5.2). */
export interface SdpOrigin {
  readonly username: string;
  /** Digits, as they were written: 64 bits and more are seen. */
  readonly sessionId: string;
  readonly sessionVersion: string;
  readonly address: string;
}

/** `c=`: where the media goes (RFC 8866 5.7). */
export interface SdpConnection {
  readonly address: string;
  /** Of IPv4 multicast. */
  readonly ttl?: number;
  readonly line: number;
}

/** `a=source-filter` (RFC 4570). */
export interface SourceFilter {
  readonly mode: 'incl' | 'excl';
  readonly sources: readonly string[];
  readonly line: number;
}

/** `a=rtpmap` (RFC 8866 6.6). */
export interface RtpMap {
  readonly payloadType: number;
  /** As it was written, in upper case. */
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels: number;
  readonly line: number;
}

/** One line of text. */
export interface SdpLine {
  readonly number: number;
  readonly type: string;
  readonly value: string;
}

/** Attributes that stand at the session or at one medium; a medium has the session's where it has none. */
export interface SdpAttributes {
  readonly refClocks: readonly { readonly clock: ReferenceClock; readonly line: number }[];
  readonly mediaClock?: MediaClock;
  readonly ptimeMs?: number;
  readonly maxPtimeMs?: number;
  /** RAVENNA: sample frames in a packet. */
  readonly frameCount?: number;
  readonly direction?: 'sendonly' | 'recvonly' | 'sendrecv' | 'inactive';
  readonly sourceFilters: readonly SourceFilter[];
}

/** `m=` and what follows it. */
export interface MediaDescription extends SdpAttributes {
  readonly line: number;
  /** `audio`, `video` ... */
  readonly kind: string;
  readonly port: number;
  /** `RTP/AVP` ... */
  readonly protocol: string;
  readonly payloadTypes: readonly number[];
  /** `i=`, cleaned. */
  readonly title?: string;
  /** Its own or the session's. */
  readonly connection?: SdpConnection;
  readonly rtpMaps: readonly RtpMap[];
  readonly mid?: string;
  /** RTCP on the same port (RFC 5761). */
  readonly isRtcpMux: boolean;
  /** `a=rtcp` (RFC 3605). */
  readonly rtcpPort?: number;
  readonly redundancy?: Redundancy;
}

/** A parsed description. */
export interface SessionDescription {
  readonly origin?: SdpOrigin;
  /** `s=`, cleaned; empty when there is none. */
  readonly name: string;
  /** `i=`, cleaned. */
  readonly information?: string;
  readonly connection?: SdpConnection;
  /** `a=group` (RFC 5888): `DUP` for redundant media (RFC 7104). */
  readonly groups: readonly { readonly semantics: string; readonly mids: readonly string[] }[];
  readonly attributes: SdpAttributes;
  readonly media: readonly MediaDescription[];
  readonly lines: readonly SdpLine[];
  /** What could not be read. `lintSdp` finds more. */
  readonly problems: readonly SdpProblem[];
}
