/**
 * The two dialects of PDTP on one port: 1 (DistribuStream 0.1.0) is lines of JSON, 2 (0.2.0 and
 * draft-distribustream-pdtp-rfcs-01) is JSON behind a length of two bytes.
 * @module
 */

/** 1: lines; 2: length-prefixed. */
export type Dialect = 1 | 2;

/** The most bytes of one message without its line end or length: what dialect 2 can announce. */
export const MAX_MESSAGE_BYTES = 65_535;

const BRACKET = 0x5b;
const LENGTH_BYTES = 2;
/** So much white space between a length and its array is looked through. */
const MAX_SPACES = 64;

/**
 * Tells the dialect by the first bytes of a connection; `undecided` asks for more of them, `neither` is no PDTP. A
 * dialect-2 length of 23,296 to 23,551 begins with `[` as well, so the byte after the length decides: in dialect 2
 * it begins an array, in dialect 1 an array never begins with an array.
 */
export function detectDialect(head: Buffer): Dialect | 'undecided' | 'neither' {
  if (head.length <= LENGTH_BYTES) return 'undecided';
  let at = LENGTH_BYTES;
  while (at < head.length && at < LENGTH_BYTES + MAX_SPACES && isJsonSpace(head[at]!)) at++;
  if (at === head.length) return 'undecided';
  if (head[at] === BRACKET && at < LENGTH_BYTES + head.readUInt16BE(0)) return 2;
  return head[0] === BRACKET ? 1 : 'neither';
}

/** White space of JSON (RFC 8259 section 2). */
export function isJsonSpace(byte: number): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}
