/**
 * Tickets: who may join a file or stream, and until when. The publisher makes them with a key of its own and hands them
 * out as it likes; its server checks them without a list.
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ProtocolViolation } from '../../core/errors.ts';
import { ByteReader, ByteWriter } from '../link/varint.ts';

/** The longest ticket. */
export const MAX_TICKET_BYTES = 256;

const MAX_PATH_BYTES = 192;
const MAC_BYTES = 32;
const FORMAT = 1;

/** What a ticket admits to. */
export interface Ticket {
  /** One path, or `/*` for all of the server. */
  readonly path: string;
  /** UTC in seconds after which it is void. */
  readonly expiresUtcSeconds: number;
}

/** A path that stands for all. */
export const EVERY_PATH = '/*';

/** The ticket as bytes, with an HMAC-SHA-256 of the publisher's key. Throws RangeError for a path of more than 192 bytes. */
export function makeTicket({ path, expiresUtcSeconds }: Ticket, key: string): Buffer {
  const bytes = Buffer.from(path);
  if (bytes.length > MAX_PATH_BYTES) throw new RangeError('the path is too long for a ticket');
  const writer = new ByteWriter(MAX_TICKET_BYTES);
  writer.uint8(FORMAT);
  writer.varint(expiresUtcSeconds);
  writer.block(bytes);
  const body = writer.finish();
  return Buffer.concat([body, macOf(body, key)]);
}

/** True when the bytes are a ticket of this key for the path that has not expired; in constant time. */
export function admits(bytes: Buffer, key: string, path: string, nowUtcSeconds: number): boolean {
  if (bytes.length <= MAC_BYTES || bytes.length > MAX_TICKET_BYTES) return false;
  const body = bytes.subarray(0, -MAC_BYTES);
  if (!timingSafeEqual(bytes.subarray(-MAC_BYTES), macOf(body, key))) return false;
  const ticket = readTicket(body);
  return ticket !== undefined && ticket.expiresUtcSeconds >= nowUtcSeconds && [path, EVERY_PATH].includes(ticket.path);
}

function readTicket(body: Buffer): Ticket | undefined {
  try {
    const reader = new ByteReader(body);
    if (reader.uint8() !== FORMAT) return undefined;
    const expiresUtcSeconds = reader.varint();
    const path = reader.text(MAX_PATH_BYTES, 'a path');
    return reader.remaining === 0 ? { path, expiresUtcSeconds } : undefined;
  } catch (error) {
    if (error instanceof ProtocolViolation) return undefined;
    throw error;
  }
}

function macOf(body: Buffer, key: string): Buffer {
  return createHmac('sha256', key).update('distream swarm ticket\0').update(body).digest();
}
