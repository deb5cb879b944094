/**
 * The header of a record: what stands in clear before the sealed payload, and is authenticated with it.
 *
 * | bytes | what                                                              |
 * | ----- | ----------------------------------------------------------------- |
 * | 1     | version, kind `record`, key phase                                 |
 * | 4     | connection id, chosen by the receiver                             |
 * | 4     | the lower 32 bits of the record's number                          |
 * | n     | the sealed payload                                                |
 * | 16    | the tag                                                           |
 * @module
 */
import { TAG_BYTES } from '../noise/chacha20-poly1305.ts';
import { firstByteOf, messageKindOf } from './message-kind.ts';

/** Bytes before the sealed payload. */
export const RECORD_HEADER_BYTES = 9;

/** Bytes that a record adds to its payload. */
export const RECORD_OVERHEAD_BYTES = RECORD_HEADER_BYTES + TAG_BYTES;

/** The most bytes of a record: what fits into the two-byte length of a stream carrier. */
export const MAX_RECORD_BYTES = 65_535;

/** The highest number of a record. Numbers are 64 bits in the nonce; 53 of them last for ages. */
export const MAX_RECORD_NUMBER = Number.MAX_SAFE_INTEGER - 1;

const NUMBER_SPAN = 2 ** 32;

/** A record's header, read. */
export interface RecordHeader {
  readonly keyPhase: 0 | 1;
  readonly connectionId: number;
  /** The lower 32 bits of the number. */
  readonly truncatedNumber: number;
}

/** Writes a header. `number` is the whole number; `connectionId` is below 2^32. */
export function encodeRecordHeader(keyPhase: 0 | 1, connectionId: number, number: number): Buffer {
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header[0] = firstByteOf('record', keyPhase);
  header.writeUInt32BE(connectionId, 1);
  header.writeUInt32BE(number % NUMBER_SPAN, 5);
  return header;
}

/** Reads the header of a record; undefined when the bytes cannot be one. */
export function decodeRecordHeader(record: Buffer): RecordHeader | undefined {
  if (record.length < RECORD_OVERHEAD_BYTES || record.length > MAX_RECORD_BYTES) return undefined;
  if (messageKindOf(record) !== 'record') return undefined;
  return {
    keyPhase: (record[0]! & 1) as 0 | 1,
    connectionId: record.readUInt32BE(1),
    truncatedNumber: record.readUInt32BE(5),
  };
}

/**
 * The whole number of which `truncated` are the lower 32 bits: the one nearest to `expected`, which is the highest
 * number that came plus one (RFC 9000, appendix A.3). Right for numbers less than 2^31 away from it.
 */
export function wholeNumber(truncated: number, expected: number): number {
  const candidate = expected - (expected % NUMBER_SPAN) + truncated;
  if (candidate <= expected - NUMBER_SPAN / 2 && candidate + NUMBER_SPAN <= MAX_RECORD_NUMBER) {
    return candidate + NUMBER_SPAN;
  }
  if (candidate > expected + NUMBER_SPAN / 2 && candidate >= NUMBER_SPAN) return candidate - NUMBER_SPAN;
  return candidate;
}
