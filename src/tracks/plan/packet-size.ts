/**
 * Frames, bytes and bits of a packet of linear PCM.
 * @module
 */
import { MAX_PAYLOAD_BYTES } from '../../protocols/sdp/profiles.ts';

/** Packet times of AES67-2018 section 7.2 (the first five) and of recorders, in microseconds. */
export const USUAL_PTIMES_US: readonly number[] = [125, 250, 333, 1000, 4000, 10_000];
/** The shortest and the longest packet time that is planned. */
export const PTIME_RANGE_US = { min: 125, max: 10_000 } as const;

const RTP_BYTES = 12;
const UDP_BYTES = 8;
const IP_BYTES = { 4: 20, 6: 40 } as const;
/** Preamble 8, header 14, check sequence 4, gap 12 (IEEE 802.3). */
const ETHERNET_BYTES = 38;
/** Ethernet pads what is shorter. */
const ETHERNET_MIN_PAYLOAD_BYTES = 46;

/**
 * Sample frames of a packet. Where the packet time is no whole number of frames, rates of the 44.1 kHz family take as
 * many as the rate of the 48 kHz family above, as AES67 section 7.2 has it: 48 for 1 ms at 44.1 kHz, which then are
 * 1.088 ms. Other rates take the nearest whole number.
 */
export function framesPerPacketOf(sampleRate: number, ptimeUs: number): number {
  const exact = (sampleRate * ptimeUs) / 1e6;
  const isWhole = Math.abs(exact - Math.round(exact)) < 1e-6;
  const is441Family = sampleRate % 11_025 === 0;
  return Math.max(1, Math.round(isWhole || !is441Family ? exact : (exact * 160) / 147));
}

/** The most payload that is never cut up on its way: AES67's 1440 bytes, or less where the network takes less. */
export function maxPayloadBytes(mtuBytes: number, ipVersion: 4 | 6): number {
  return Math.min(MAX_PAYLOAD_BYTES, mtuBytes - IP_BYTES[ipVersion] - UDP_BYTES - RTP_BYTES);
}

/** Bits that a packet takes on an Ethernet, its gap included. */
export function wireBits(payloadBytes: number, ipVersion: 4 | 6): number {
  const packet = payloadBytes + RTP_BYTES + UDP_BYTES + IP_BYTES[ipVersion];
  return (Math.max(ETHERNET_MIN_PAYLOAD_BYTES, packet) + ETHERNET_BYTES) * 8;
}
