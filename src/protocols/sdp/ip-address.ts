/** IP addresses as text and bytes, for descriptions and announcements. */

/** What an address is for. `name` is a host name, `invalid` none of these. */
export type AddressKind = 'multicast' | 'unicast' | 'loopback' | 'unspecified' | 'broadcast' | 'name' | 'invalid';

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const NAME = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/;

/** The 4 bytes of a dotted address, or the 16 of an IPv6 address; undefined when the text is neither. */
export function addressBytes(text: string): Buffer | undefined {
  return text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text);
}

function ipv4Bytes(text: string): Buffer | undefined {
  const match = IPV4.exec(text);
  if (!match) return undefined;
  const parts = match.slice(1);
  const isCanonical = parts.every((part) => Number(part) <= 255 && (part === '0' || !part.startsWith('0')));
  return isCanonical ? Buffer.from(parts.map(Number)) : undefined;
}

function ipv6Bytes(text: string): Buffer | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = wordsOf(halves[0]!, halves.length === 1);
  const tail = wordsOf(halves[1] ?? '', true);
  if (!head || !tail) return undefined;
  const zeros = 8 - head.length - tail.length;
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) return undefined;
  const bytes = Buffer.alloc(16);
  for (const [index, word] of [...head, ...new Array<number>(zeros).fill(0), ...tail].entries()) {
    bytes.writeUInt16BE(word, index * 2);
  }
  return bytes;
}

// The 16-bit words between colons; the last 32 bits of an address may be dotted.
function wordsOf(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const words: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const dotted = isEnd && index === parts.length - 1 ? ipv4Bytes(part) : undefined;
    if (dotted) words.push(dotted.readUInt16BE(0), dotted.readUInt16BE(2));
    else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) words.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return words.length <= 8 ? words : undefined;
}

/** The text of 4 or 16 bytes; IPv6 with its longest run of zeros left out (RFC 5952 4). */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  const zeros = words
    .join(':')
    .match(/(?:^|:)0(?::0)+(?=:|$)/g)
    ?.reduce((longest, run) => (runLength(run) > runLength(longest) ? run : longest));
  if (zeros === undefined) return words.join(':');
  const text = words.join(':').replace(zeros, '::').replace(/:{3,}/, '::');
  return text;
}

function runLength(run: string): number {
  return run.replace(/^:/, '').length;
}

/** What a connection or origin address is for. */
export function addressKind(text: string): AddressKind {
  const bytes = addressBytes(text);
  if (!bytes) return !/^[\d.]+$/.test(text) && NAME.test(text) ? 'name' : 'invalid';
  if (bytes.every((byte) => byte === 0)) return 'unspecified';
  return bytes.length === 4 ? ipv4Kind(bytes) : ipv6Kind(bytes);
}

function ipv4Kind(bytes: Buffer): AddressKind {
  if (bytes[0]! >= 224 && bytes[0]! <= 239) return 'multicast';
  if (bytes[0] === 127) return 'loopback';
  if (bytes[0] === 0) return 'unspecified';
  return bytes.every((byte) => byte === 255) ? 'broadcast' : 'unicast';
}

function ipv6Kind(bytes: Buffer): AddressKind {
  if (bytes[0] === 0xff) return 'multicast';
  const isMapped = bytes.readUIntBE(4, 6) === 0 && bytes.readUInt32BE(0) === 0 && bytes.readUInt16BE(10) === 0xffff;
  if (isMapped) return ipv4Kind(bytes.subarray(12));
  return bytes.subarray(0, 15).every((byte) => byte === 0) && bytes[15] === 1 ? 'loopback' : 'unicast';
}
