/**
 * ASN.1 in DER (ITU-T X.690), as much as a certificate is written with.
 * @module
 */

const TAG = { integer: 0x02, bitString: 0x03, oid: 0x06, utf8: 0x0c, utcTime: 0x17, generalizedTime: 0x18 } as const;
const SEQUENCE = 0x30;
const SET = 0x31;
const FIRST_YEAR_WITHOUT_UTC_TIME = 2050;

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

/** X.690, section 8.1.3: one byte below 128, else the count of the bytes that follow. */
function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  return length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
}

/** Elements in order; up to 65,535 bytes. */
export function derSequence(...elements: readonly Uint8Array[]): Buffer {
  return element(SEQUENCE, Buffer.concat(elements));
}

/** A set of one element: more would have to be sorted. */
export function derSetOf(only: Uint8Array): Buffer {
  return element(SET, only);
}

/** A whole number, 0 or more, from its bytes, the highest first. */
export function derUnsigned(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  return element(
    TAG.integer,
    (digits[0] ?? 0) >= 0x80 || digits.length === 0 ? Buffer.concat([Buffer.of(0), digits]) : digits,
  );
}

/** Whole bytes as a string of bits. */
export function derBitString(bytes: Uint8Array): Buffer {
  return element(TAG.bitString, Buffer.concat([Buffer.of(0), bytes]));
}

/** An object identifier such as `2.5.4.3`; numbers below 2^28. */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(TAG.oid, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f));
  return digits;
}

export function derUtf8(text: string): Buffer {
  return element(TAG.utf8, Buffer.from(text, 'utf8'));
}

/** A time of whole seconds, the way RFC 5280, section 4.1.2.5 wants it: with two digits of the year up to 2049. */
export function derTime(utcMs: number): Buffer {
  const date = new Date(utcMs);
  const text = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  const hasUtcTime = date.getUTCFullYear() < FIRST_YEAR_WITHOUT_UTC_TIME;
  return element(
    hasUtcTime ? TAG.utcTime : TAG.generalizedTime,
    Buffer.from(hasUtcTime ? text.slice(2) : text, 'latin1'),
  );
}

/** `content` with the tag [number], which says what it is where a structure leaves that open. */
export function derTagged(number: number, content: Uint8Array): Buffer {
  return element(0xa0 | number, content);
}
