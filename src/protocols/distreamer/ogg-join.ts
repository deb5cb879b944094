/**
 * Joins an Ogg stream in the middle: the header pages, then whole pages. Page layout: RFC 3533 section 6.
 * @module
 */

const CAPTURE = Buffer.from('OggS');
const FIXED_HEADER_BYTES = 27;
const BEGIN_OF_STREAM = 0x02;

interface PageHead {
  /** Serial number and page sequence number together. */
  readonly id: string;
  readonly serial: number;
  readonly beginsStream: boolean;
  readonly length: number;
}

/** The page at `at`; undefined when its head is not whole; `none` when no page begins there. */
function readPageHead(bytes: Buffer, at: number): PageHead | undefined | 'none' {
  if (bytes.length < at + FIXED_HEADER_BYTES) return undefined;
  if (bytes.compare(CAPTURE, 0, 4, at, at + 4) !== 0 || bytes[at + 4] !== 0) return 'none';
  const bodyAt = at + FIXED_HEADER_BYTES + bytes[at + 26]!;
  if (bytes.length < bodyAt) return undefined;
  let length = bodyAt - at;
  for (let segment = at + FIXED_HEADER_BYTES; segment < bodyAt; segment++) length += bytes[segment]!;
  const serial = bytes.readUInt32LE(at + 14);
  const id = `${serial}:${bytes.readUInt32LE(at + 18)}`;
  return { id, serial, beginsStream: (bytes[at + 5]! & BEGIN_OF_STREAM) !== 0, length };
}

/** Finds the first page from which a decoder can go on, and puts the header pages before it. Holds less than one page. */
export class OggJoin {
  readonly #headers: Buffer;
  readonly #headerPages = new Set<string>();
  readonly #serials = new Set<number>();
  #rest: Buffer = Buffer.alloc(0);
  #skipLeft = 0;

  /** `headers`: the header pages of the stream, as in a message `oggheader`. */
  constructor(headers: Buffer) {
    this.#headers = headers;
    for (let at = 0; at < headers.length; ) {
      const page = readPageHead(headers, at);
      if (!page || page === 'none') break;
      this.#headerPages.add(page.id);
      this.#serials.add(page.serial);
      at += page.length;
    }
  }

  /** False when the headers hold no Ogg page: then there is nothing to find. */
  get usable(): boolean {
    return this.#serials.size > 0;
  }

  /** Takes the next bytes; once the place is found gives what to pass on, and is not used any more. */
  push(data: Buffer): Buffer[] | undefined {
    const skipped = Math.min(this.#skipLeft, data.length);
    this.#skipLeft -= skipped;
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data.subarray(skipped);
    this.#rest = Buffer.alloc(0);
    let at = bytes.indexOf(CAPTURE);
    while (at >= 0) {
      const page = readPageHead(bytes, at);
      if (!page) {
        this.#rest = Buffer.from(bytes.subarray(at));
        return undefined;
      }
      if (page !== 'none' && this.#headerPages.has(page.id)) {
        if (at + page.length > bytes.length) {
          this.#skipLeft = at + page.length - bytes.length;
          return undefined;
        }
        at += page.length;
        if (readPageHead(bytes, at) === 'none') at = bytes.indexOf(CAPTURE, at);
        continue;
      }
      if (page !== 'none' && page.beginsStream) return [bytes.subarray(at)];
      if (page !== 'none' && this.#serials.has(page.serial)) return [this.#headers, bytes.subarray(at)];
      at = bytes.indexOf(CAPTURE, at + 1);
    }
    this.#rest = Buffer.from(bytes.subarray(Math.max(0, bytes.length - (CAPTURE.length - 1))));
    return undefined;
  }
}
