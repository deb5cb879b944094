import { ProtocolViolation } from '../../core/errors.ts';
import type { ByteReader, ByteWriter } from '../link/varint.ts';

/** What a sender says of its clock. */
export interface ServedClock {
  readonly source: 'ntp' | 'ptp' | 'local';
  /** The server's name or the PTP clock's identity; empty: none. */
  readonly server: string;
  /** How far its clock is ahead of the source; null: not measured. */
  readonly offsetMs: number | null;
  /** How wrong the offset can be; null: not known. */
  readonly errorBoundMs: number | null;
}

const SOURCES = ['local', 'ntp', 'ptp'] as const;
const MAX_SERVER_BYTES = 256;
const US_PER_MS = 1000;
/** Some decades in microseconds; twice that is still a varint. */
const MAX_US = 2 ** 51;

/** Writes a clock: source, server, and, where they are known, offset (zigzag) and bound in microseconds, each after a 1. */
export function writeServedClock(writer: ByteWriter, { source, server, offsetMs, errorBoundMs }: ServedClock): void {
  writer.uint8(SOURCES.indexOf(source));
  writer.block(Buffer.from(server, 'utf8').subarray(0, MAX_SERVER_BYTES));
  writeKnown(writer, offsetMs, zigzag);
  writeKnown(writer, errorBoundMs, (us) => Math.max(0, us));
}

/** Reads a clock. Throws ProtocolViolation. */
export function readServedClock(reader: ByteReader): ServedClock {
  const source = SOURCES[reader.uint8()];
  if (!source) throw new ProtocolViolation('a clock of an unknown kind');
  const server = reader.text(MAX_SERVER_BYTES, 'a clock');
  return { source, server, offsetMs: readKnown(reader, unzigzag), errorBoundMs: readKnown(reader, (us) => us) };
}

function writeKnown(writer: ByteWriter, ms: number | null, code: (us: number) => number): void {
  writer.uint8(ms === null ? 0 : 1);
  if (ms !== null) writer.varint(code(Math.max(-MAX_US, Math.min(MAX_US, Math.round(ms * US_PER_MS)))));
}

function readKnown(reader: ByteReader, decode: (value: number) => number): number | null {
  return reader.uint8() === 0 ? null : decode(reader.varint()) / US_PER_MS;
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
