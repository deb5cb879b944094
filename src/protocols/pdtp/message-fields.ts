/**
 * The fields of a message, read with their bounds. A field that is missing or of the wrong type closes the connection
 * (ProtocolViolation); what the original passed over in silence makes a MalformedError.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import type { RangeSpec } from './byte-range.ts';
import type { JsonObject, JsonValue } from './json-reader.ts';

/** The most UTF-16 units of a URL in a message. */
export const MAX_URL_CHARACTERS = 4096;
/** The most bytes of a client's id, as in the original. */
export const MAX_CLIENT_ID_BYTES = 4095;

const MAX_PEER_CHARACTERS = 255;
const MAX_NOTICE_CHARACTERS = 1024;
const MAX_PORT = 65_535;
const CONTROLS = /[\u0000-\u001f\u007f]/;

/** The message says nothing that can be acted on, but is no reason to close. */
export class MalformedError extends Error {}

/** A string. `names` are tried in turn. */
export function requiredString(fields: JsonObject, ...names: readonly [string, ...string[]]): string {
  const text = optionalString(fields, ...names);
  if (text === undefined) throw new ProtocolViolation(`"${names[0]}" is missing`);
  return text;
}

/** A string, or undefined when it is missing or null. */
export function optionalString(fields: JsonObject, ...names: readonly [string, ...string[]]): string | undefined {
  const value = fieldOf(fields, names);
  if (value === undefined || typeof value === 'string') return value;
  throw wrongType(names[0], 'a string');
}

/** A whole number, or undefined when it is missing or null. */
export function optionalInteger(fields: JsonObject, ...names: readonly [string, ...string[]]): number | undefined {
  const value = fieldOf(fields, names);
  if (value === undefined || typeof value === 'number') return value;
  throw wrongType(names[0], 'a whole number');
}

/** A whole number that must be there. */
export function requiredInteger(fields: JsonObject, ...names: readonly [string, ...string[]]): number {
  const value = optionalInteger(fields, ...names);
  if (value === undefined) throw new ProtocolViolation(`"${names[0]}" is missing`);
  return value;
}

/** A truth value, or undefined when it is missing or null. */
export function optionalBoolean(fields: JsonObject, ...names: readonly [string, ...string[]]): boolean | undefined {
  const value = fieldOf(fields, names);
  if (value === undefined || typeof value === 'boolean') return value;
  throw wrongType(names[0], 'true or false');
}

/** A truth value that must be there. */
export function requiredBoolean(fields: JsonObject, ...names: readonly [string, ...string[]]): boolean {
  const value = optionalBoolean(fields, ...names);
  if (value === undefined) throw new ProtocolViolation(`"${names[0]}" is missing`);
  return value;
}

/** The `url` of a message. */
export function urlField(fields: JsonObject): string {
  return boundedUrl(requiredString(fields, 'url'));
}

/** Throws ProtocolViolation above 4,096 UTF-16 units. */
export function boundedUrl(url: string): string {
  if (url.length > MAX_URL_CHARACTERS) throw new ProtocolViolation(`a URL above ${MAX_URL_CHARACTERS} characters`);
  return url;
}

/** An id of a client. */
export function clientIdField(fields: JsonObject, name: 'client_id' | 'peer_id'): string {
  return boundedClientId(requiredString(fields, name), name);
}

/** Throws ProtocolViolation above 4,095 bytes and for control characters: an id travels in an HTTP header. */
export function boundedClientId(id: string, name: string): string {
  if (Buffer.byteLength(id) > MAX_CLIENT_ID_BYTES) {
    throw new ProtocolViolation(`"${name}" above ${MAX_CLIENT_ID_BYTES} bytes`);
  }
  if (CONTROLS.test(id)) throw new ProtocolViolation(`"${name}" with control characters`);
  return id;
}

/** The port on which a client listens; 0 for what is no port: it does not listen. */
export function listenPortField(fields: JsonObject): number {
  const port = requiredInteger(fields, 'listen_port');
  return isPort(port) ? port : 0;
}

/** 1 to 65535. */
export function isPort(port: number): boolean {
  return port >= 1 && port <= MAX_PORT;
}

/** A peer's name or address. Throws ProtocolViolation above 255 characters. */
export function boundedPeer(peer: string): string {
  if (peer.length > MAX_PEER_CHARACTERS) throw new ProtocolViolation('the name of a peer above 255 characters');
  return peer;
}

/** The `range`; undefined when it is missing or null. Throws MalformedError for bounds that are no whole numbers. */
export function optionalRange(fields: JsonObject): RangeSpec | undefined {
  const value = fieldOf(fields, ['range']);
  if (value === undefined) return undefined;
  if (!(value instanceof Map)) throw wrongType('range', 'an object');
  const min = boundOf(value, 'min');
  const max = boundOf(value, 'max');
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

/** The `range` that must be there. */
export function requiredRange(fields: JsonObject): RangeSpec {
  const range = optionalRange(fields);
  if (range === undefined) throw new ProtocolViolation('"range" is missing');
  return range;
}

function boundOf(range: JsonObject, name: 'min' | 'max'): number | undefined {
  const value = range.get(name);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw new MalformedError(`"${name}" of the range is no whole number`);
  return value;
}

/** `message` for people: cleaned, at most 1,024 characters; empty when there is none. */
export function noticeField(fields: JsonObject): string {
  const value = fields.get('message');
  return typeof value === 'string' ? cleanText(value, MAX_NOTICE_CHARACTERS) : '';
}

function fieldOf(fields: JsonObject, names: readonly string[]): Exclude<JsonValue, null> | undefined {
  for (const name of names) {
    const value = fields.get(name);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

function wrongType(name: string, wanted: string): ProtocolViolation {
  return new ProtocolViolation(`"${name}" is not ${wanted}`);
}
