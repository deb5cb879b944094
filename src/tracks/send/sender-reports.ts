import { VERSION } from '../../core/version.ts';
import { encodeRtcp } from '../../protocols/rtp/rtcp-encode.ts';

/** What a flow has sent until now, and the instant in both clocks. */
export interface ReportFacts {
  readonly ssrc: number;
  readonly cname: string;
  readonly ntp: bigint;
  readonly rtpTimestamp: number;
  readonly packets: number;
  /** Payload only. */
  readonly octets: number;
}

/** A compound packet of sender report and source description, with a BYE when the flow ends (RFC 3550 6.1, 6.4.1). */
export function senderReport(facts: ReportFacts, isLast = false): Buffer {
  const { ssrc, cname, ntp, rtpTimestamp, packets, octets } = facts;
  return encodeRtcp([
    { kind: 'sender-report', ssrc, ntp, rtpTimestamp, packets, octets, blocks: [] },
    { kind: 'source-description', sources: [{ ssrc, cname, tool: `distream ${VERSION}` }] },
    ...(isLast ? [{ kind: 'bye' as const, ssrcs: [ssrc] }] : []),
  ]);
}
