/**
 * Takes an Ogg stream apart into packets (RFC 3533), in the browser.
 * @module
 */

import { concat } from './bytes.ts';

const PAGE_HEAD = 27;
const MAX_LACING = 255;
/** No packet of live sound is longer. */
const MAX_PACKET = 1024 * 1024;

/** What of a stream comes next. */
export interface OggPacket {
  readonly data: Uint8Array<ArrayBuffer>;
  /** The first packet of a logical stream: headers begin. */
  readonly isFirst: boolean;
}

/** Cuts bytes into packets. Checksums are left to TCP and to the decoder. */
export class OggPackets {
  #bytes = new Uint8Array(0);
  #part: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #serial: number | undefined;

  /** A new connection: what was cut off by the one before is left out. */
  reset(): void {
    this.#bytes = new Uint8Array(0);
    this.#part = new Uint8Array(0);
  }

  /** Takes the next bytes, gives the packets that end in them; bytes that are no page are passed over. */
  push(data: Uint8Array<ArrayBuffer>): OggPacket[] {
    let bytes = concat([this.#bytes, data]);
    const packets: OggPacket[] = [];
    for (;;) {
      const start = pageStart(bytes);
      bytes = bytes.subarray(start);
      const size = pageSize(bytes);
      if (size === undefined || size > bytes.length) break;
      this.#takePage(bytes.subarray(0, size), packets);
      bytes = bytes.subarray(size);
    }
    this.#bytes = bytes.slice();
    return packets;
  }

  #takePage(page: Uint8Array<ArrayBuffer>, packets: OggPacket[]): void {
    const view = new DataView(page.buffer, page.byteOffset);
    const flags = page[5]!;
    const isFirst = (flags & 2) !== 0;
    const serial = view.getUint32(14, true);
    if (isFirst) this.#serial = serial;
    else if (serial !== this.#serial) return;
    const isContinued = (flags & 1) !== 0;
    if (!isContinued) this.#part = new Uint8Array(0);
    // The beginning of this packet was never here.
    let isHeadless = isContinued && this.#part.length === 0;
    const lacing = page.subarray(PAGE_HEAD, PAGE_HEAD + page[26]!);
    let at = PAGE_HEAD + lacing.length;
    let end = at;
    for (const length of lacing) {
      end += length;
      if (length === MAX_LACING) continue;
      if (!isHeadless) packets.push({ data: concat([this.#part, page.subarray(at, end)]), isFirst });
      isHeadless = false;
      this.#part = new Uint8Array(0);
      at = end;
    }
    if (end > at && !isHeadless && this.#part.length < MAX_PACKET) {
      this.#part = concat([this.#part, page.subarray(at, end)]);
    }
  }
}

/** Where a page begins, or may begin when more has come. */
function pageStart(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; at++) {
    at = bytes.indexOf(0x4f, at); // O
    if (at < 0) return bytes.length;
    const isPage = [0x4f, 0x67, 0x67, 0x53, 0].every((byte, index) => (bytes[at + index] ?? byte) === byte);
    if (isPage) return at;
  }
  return bytes.length;
}

/** Bytes of the page at the start; undefined while its head is not whole. */
function pageSize(bytes: Uint8Array): number | undefined {
  if (bytes.length < PAGE_HEAD) return undefined;
  const head = PAGE_HEAD + bytes[26]!;
  if (bytes.length < head) return undefined;
  let size = head;
  for (let at = PAGE_HEAD; at < head; at++) size += bytes[at]!;
  return size;
}
