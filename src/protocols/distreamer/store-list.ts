/**
 * The `list` of DiStreamer: which fragments a store holds, and what they are. JSON; keys of `icylist` are strings,
 * the title is base64 with a line break after each 76 characters.
 *
 * Two keys are additions of distream, left out when empty; a program that does not know them passes over them.
 * `discontinuities`: where the audio does not continue although the numbers do. `oggheader`: the Ogg header pages,
 * which the polling protocols have no other place for.
 * @module
 */

import { ProtocolViolation } from '../../core/errors.ts';
import type { Discontinuity, DiscontinuityCause } from '../../core/fragment.ts';

/** What a store says of itself. */
export interface StoreList {
  /** Numbers of the fragments held, ascending. */
  readonly fragments: readonly number[];
  /** -1 no stream yet, 0 no metadata inside, else audio bytes between two metadata blocks. */
  readonly icyint: number;
  /** Fragment number -> offsets inside that fragment of each metadata length byte, ascending. */
  readonly icyOffsets: ReadonlyMap<number, readonly number[]>;
  /** `icy-*` and `content-type` of the source, by lower-case name, trimmed. */
  readonly headers: ReadonlyMap<string, string>;
  /** The last metadata block, padded with NUL, without its length byte; empty when there was none. */
  readonly title: Buffer;
  /** Counts the runs of the source. */
  readonly sourceGeneration: number;
  /** Fragment number -> why the audio does not continue there. */
  readonly discontinuities: ReadonlyMap<number, Discontinuity>;
  /** The Ogg header pages that hold at the newest fragment; empty in the persistent protocols and when not Ogg. */
  readonly oggHeader: Buffer;
}

const MAX_FRAGMENTS = 65_536;
const MAX_HEADERS = 100;
const MAX_HEADER_CHARACTERS = 4096;
const MAX_ICYINT = 2 ** 20;
const MAX_TITLE_BYTES = 255 * 16;
const MAX_OGG_HEADER_BYTES = 2 ** 20;
const BASE64_LINE = /.{1,76}/g;
const FRAGMENT_NUMBER = /^\d{1,15}$/;
const CAUSES: ReadonlySet<string> = new Set<DiscontinuityCause>([
  'source-restart',
  'input-switch',
  'line-loss',
  'eviction',
  'corrupt',
]);

/** Encodes a list as the bytes of its JSON. */
export function encodeStoreList(list: StoreList): Buffer {
  const json = {
    fragmentslist: list.fragments,
    icyint: list.icyint,
    icylist: Object.fromEntries(list.icyOffsets),
    icyheaders: Object.fromEntries(list.headers),
    icytitle: wrapBase64(list.title),
    sourcegen: list.sourceGeneration,
    ...(list.discontinuities.size > 0 && { discontinuities: Object.fromEntries(list.discontinuities) }),
    ...(list.oggHeader.length > 0 && { oggheader: list.oggHeader.toString('base64') }),
  };
  return Buffer.from(JSON.stringify(json), 'utf8');
}

function wrapBase64(bytes: Buffer): string {
  return (bytes.toString('base64').match(BASE64_LINE) ?? []).map((line) => `${line}\n`).join('');
}

/** Decodes and checks a list. Throws ProtocolViolation. */
export function decodeStoreList(bytes: Buffer): StoreList {
  const json = parseObject(bytes);
  return {
    fragments: ascending(json.fragmentslist, 'fragmentslist', MAX_FRAGMENTS),
    icyint: integer(json.icyint, 'icyint', -1, MAX_ICYINT),
    icyOffsets: readIcyOffsets(json.icylist),
    headers: readHeaders(json.icyheaders),
    title: readBase64(json.icytitle, 'icytitle', MAX_TITLE_BYTES),
    sourceGeneration: integer(json.sourcegen, 'sourcegen', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    discontinuities: readDiscontinuities(json.discontinuities),
    oggHeader: readBase64(json.oggheader ?? '', 'oggheader', MAX_OGG_HEADER_BYTES),
  };
}

function fail(key: string): never {
  throw new ProtocolViolation(`the list of fragments is wrong at "${key}"`);
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ProtocolViolation('the list of fragments is no JSON', { cause: error });
  }
  return asObject(json, 'list');
}

function asObject(value: unknown, key: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(key);
  return value as Record<string, unknown>;
}

function integer(value: unknown, key: string, min: number, max: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) fail(key);
  return value as number;
}

function ascending(value: unknown, key: string, maxCount: number): number[] {
  if (!Array.isArray(value) || value.length > maxCount) fail(key);
  let last = -1;
  for (const item of value) last = integer(item, key, last + 1, Number.MAX_SAFE_INTEGER);
  return value as number[];
}

function readIcyOffsets(value: unknown): Map<number, number[]> {
  const offsets = new Map<number, number[]>();
  for (const [key, list] of entriesByNumber(value, 'icylist')) offsets.set(key, ascending(list, 'icylist', 2 ** 20));
  return offsets;
}

function entriesByNumber(value: unknown, key: string): [number, unknown][] {
  const entries = Object.entries(asObject(value, key));
  if (entries.length > MAX_FRAGMENTS + 1) fail(key);
  return entries.map(([name, item]) => (FRAGMENT_NUMBER.test(name) ? [Number(name), item] : fail(key)));
}

function readHeaders(value: unknown): Map<string, string> {
  const entries = Object.entries(asObject(value, 'icyheaders'));
  if (entries.length > MAX_HEADERS) fail('icyheaders');
  const headers = new Map<string, string>();
  for (const [name, text] of entries) {
    if (typeof text !== 'string' || text.length > MAX_HEADER_CHARACTERS) fail('icyheaders');
    headers.set(name.toLowerCase(), text.trim());
  }
  return headers;
}

function readBase64(value: unknown, key: string, maxBytes: number): Buffer {
  if (typeof value !== 'string' || value.length > maxBytes * 2) fail(key);
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length > maxBytes) fail(key);
  return bytes;
}

function readDiscontinuities(value: unknown): Map<number, Discontinuity> {
  const found = new Map<number, Discontinuity>();
  if (value === undefined) return found;
  for (const [number, item] of entriesByNumber(value, 'discontinuities')) {
    const { cause, lostMs } = asObject(item, 'discontinuities');
    if (typeof cause !== 'string' || !CAUSES.has(cause)) fail('discontinuities');
    const lost = typeof lostMs === 'number' && lostMs >= 0 && Number.isFinite(lostMs) ? lostMs : undefined;
    found.set(number, { cause: cause as DiscontinuityCause, lostMs: lost });
  }
  return found;
}
