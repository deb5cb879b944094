import type { RepairOffer } from '../../protocols/repair/offer.ts';
import type { PcmEncoding } from '../../protocols/sdp/flows.ts';
import type { Redundancy } from '../../protocols/sdp/redundancy.ts';

/** Where a flow comes in. Addresses are literals. */
export interface FlowPath {
  /** A multicast group, or the address of this machine that it is sent to; undefined: any. */
  readonly address?: string;
  readonly port: number;
  readonly rtcpPort: number;
  /** The only senders that are meant; empty: any. */
  readonly sources: readonly string[];
  /** The sender's own address as its description has it: a group is joined on that network. */
  readonly origin?: string;
  /** Where duplicates and parity come in, at the same address. */
  readonly redundancy?: Redundancy;
}

/** A flow that is to be recorded. */
export interface FlowSpec {
  readonly title: string;
  readonly encoding: PcmEncoding;
  readonly sampleRate: number;
  readonly channels: number;
  readonly payloadTypes: readonly number[];
  /** One for each channel, or none. */
  readonly channelNames: readonly string[];
  readonly mediaClock?: { readonly key: string; readonly offset: number };
  /** Where its sender serves what was lost, by its description. */
  readonly repair?: RepairOffer;
  /** More than one when the same packets come over several networks. */
  readonly paths: readonly FlowPath[];
}

/** Tells where a flow comes in: two descriptions of one place are of one flow. */
export function placeOfFlow({ paths: [first] }: FlowSpec): string {
  return `${first?.address ?? ''} ${first?.port ?? ''}`;
}

/** Bytes of a sample frame on the wire. */
export function frameBytesOfFlow({ encoding, channels }: FlowSpec): number {
  return channels * (encoding === 'L16' ? 2 : 3);
}
