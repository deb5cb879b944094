import { ProtocolViolation } from '../../core/errors.ts';
import { applyMask, CLOSE, MASK_BYTES, OPCODE } from './frame.ts';

const MAX_HEADER_BYTES = 14;
const MAX_CONTROL_BYTES = 125;
/** Frames of one message; more is a flood. */
const MAX_FRAGMENTS = 128;
/** What no frame on the wire may name, though it lies in a permitted range (RFC 6455, section 7.4.1). */
const UNSENDABLE_CODES: ReadonlySet<number> = new Set([1004, 1005, 1006, 1015]);

/** A peer that broke the protocol, with the status code to close with. */
export class WebSocketViolation extends ProtocolViolation {
  readonly closeCode: number;

  constructor(closeCode: number, reason: string) {
    super(reason);
    this.name = 'WebSocketViolation';
    this.closeCode = closeCode;
  }
}

/** What came. The bytes are the receiver's; whether text is UTF-8 is not checked. */
export type WebSocketEvent =
  | { readonly kind: 'binary' | 'text' | 'ping' | 'pong'; readonly data: Buffer }
  /** The last event. `code` is undefined when the peer gave none. */
  | { readonly kind: 'close'; readonly code: number | undefined; readonly reason: string };

/** How frames are read. */
export interface FrameReaderOptions {
  /** A client's frames must be masked, a server's must not be (RFC 6455, section 5.1). */
  readonly from: 'client' | 'server';
  readonly maxMessageBytes: number;
}

interface FrameHeader {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly length: number;
  readonly mask: Buffer | undefined;
}

/**
 * Takes messages and control frames out of the bytes of one side of a WebSocket (RFC 6455, section 5), in any
 * portions. Holds no more than `maxMessageBytes` and one control frame.
 */
export class FrameReader {
  /** The most bytes of a message, all its frames together. May be changed at any time. */
  maxMessageBytes: number;
  readonly #isMasked: boolean;
  readonly #headerBytes = Buffer.alloc(MAX_HEADER_BYTES);
  #headerLength = 0;
  #header: FrameHeader | undefined;
  #payload: Buffer | undefined;
  #filled = 0;
  #message: { readonly opcode: number; readonly parts: Buffer[]; bytes: number } | undefined;
  #isClosed = false;

  constructor({ from, maxMessageBytes }: FrameReaderOptions) {
    this.#isMasked = from === 'client';
    this.maxMessageBytes = maxMessageBytes;
  }

  /** Bytes kept of messages that have begun. */
  get heldBytes(): number {
    return (this.#payload?.length ?? 0) + (this.#message?.bytes ?? 0);
  }

  /**
   * What is complete with `portion`, one after the other: views on it where they lie in it whole; it is unmasked in
   * place. Take all of them before the next portion. What follows a close is left out. Throws WebSocketViolation; the
   * reader is not used after that.
   */
  *push(portion: Buffer): Generator<WebSocketEvent, void, undefined> {
    let at = 0;
    // a frame without payload is complete with its header
    while (!this.#isClosed && (at < portion.length || this.#header?.length === 0)) {
      if (!this.#header) {
        this.#takeHeaderByte(portion[at++]!);
        continue;
      }
      const part = portion.subarray(at, at + this.#header.length - this.#filled);
      at += part.length;
      const payload = this.#takePayload(this.#header, part);
      const event = payload && this.#endFrame(payload);
      if (event) yield event;
    }
  }

  #takeHeaderByte(byte: number): void {
    this.#headerBytes[this.#headerLength++] = byte;
    if (this.#headerLength < 2) return;
    if (this.#headerLength === 2) this.#checkStart();
    if (this.#headerLength < headerBytesOf(this.#headerBytes)) return;
    const header = readHeader(this.#headerBytes);
    this.#headerLength = 0;
    if (header.opcode < OPCODE.close) this.#checkSize(header.length);
    this.#header = header;
  }

  #checkStart(): void {
    const [first = 0, second = 0] = this.#headerBytes;
    const opcode = first & 0x0f;
    if ((first & 0x70) !== 0) throw broken('a frame of an extension that was not agreed on');
    if (((second & 0x80) !== 0) !== this.#isMasked)
      throw broken(this.#isMasked ? 'a frame without mask' : 'a masked frame');
    if (opcode >= OPCODE.close) return checkControl(opcode, (first & 0x80) !== 0, second & 0x7f);
    if (opcode > OPCODE.binary) throw broken(`a frame of the unknown kind ${opcode}`);
    if (opcode === OPCODE.continuation && !this.#message) throw broken('a continuation of no message');
    if (opcode !== OPCODE.continuation && this.#message) throw broken('a message inside a message');
  }

  #checkSize(length: number): void {
    const message = this.#message;
    const bytes = (message?.bytes ?? 0) + length;
    if (bytes > this.maxMessageBytes) {
      throw new WebSocketViolation(CLOSE.tooBig, `a message of ${bytes} bytes; at most ${this.maxMessageBytes}`);
    }
    if (message && message.parts.length >= MAX_FRAGMENTS) {
      throw new WebSocketViolation(CLOSE.tooBig, `a message in more than ${MAX_FRAGMENTS} frames`);
    }
  }

  #takePayload({ length, mask }: FrameHeader, part: Buffer): Buffer | undefined {
    let payload = part;
    if (part.length < length) {
      this.#payload ??= Buffer.alloc(length);
      part.copy(this.#payload, this.#filled);
      this.#filled += part.length;
      if (this.#filled < length) return undefined;
      payload = this.#payload;
    }
    if (mask) applyMask(payload, mask);
    this.#payload = undefined;
    this.#filled = 0;
    return payload;
  }

  #endFrame(payload: Buffer): WebSocketEvent | undefined {
    const { opcode, isFinal } = this.#header!;
    this.#header = undefined;
    if (opcode === OPCODE.ping) return { kind: 'ping', data: payload };
    if (opcode === OPCODE.pong) return { kind: 'pong', data: payload };
    if (opcode === OPCODE.close) {
      this.#isClosed = true;
      return readClose(payload);
    }
    if (!this.#message && isFinal) return { kind: kindOf(opcode), data: payload };
    this.#message ??= { opcode, parts: [], bytes: 0 };
    const message = this.#message;
    // a view would hold the whole portion that it lies in
    message.parts.push(Buffer.from(payload));
    message.bytes += payload.length;
    if (!isFinal) return undefined;
    this.#message = undefined;
    return { kind: kindOf(message.opcode), data: Buffer.concat(message.parts) };
  }
}

function broken(reason: string): WebSocketViolation {
  return new WebSocketViolation(CLOSE.protocolError, reason);
}

/** RFC 6455, section 5.5. */
function checkControl(opcode: number, isFinal: boolean, shortLength: number): void {
  if (opcode > OPCODE.pong) throw broken(`a control frame of the unknown kind ${opcode}`);
  if (!isFinal) throw broken('a control frame in pieces');
  if (shortLength > MAX_CONTROL_BYTES) throw broken(`a control frame above ${MAX_CONTROL_BYTES} bytes`);
}

function lengthBytesOf(shortLength: number): number {
  return shortLength === 126 ? 2 : shortLength === 127 ? 8 : 0;
}

function headerBytesOf(start: Buffer): number {
  const second = start[1]!;
  return 2 + lengthBytesOf(second & 0x7f) + ((second & 0x80) !== 0 ? MASK_BYTES : 0);
}

function readHeader(bytes: Buffer): FrameHeader {
  const [first = 0, second = 0] = bytes;
  const lengthBytes = lengthBytesOf(second & 0x7f);
  const maskAt = 2 + lengthBytes;
  const isMasked = (second & 0x80) !== 0;
  return {
    opcode: first & 0x0f,
    isFinal: (first & 0x80) !== 0,
    length: readLength(bytes, second & 0x7f),
    mask: isMasked ? Buffer.from(bytes.subarray(maskAt, maskAt + MASK_BYTES)) : undefined,
  };
}

/** The length must be written in the fewest bytes (RFC 6455, section 5.2). */
function readLength(bytes: Buffer, shortLength: number): number {
  if (shortLength <= MAX_CONTROL_BYTES) return shortLength;
  const length = shortLength === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length <= (shortLength === 126 ? MAX_CONTROL_BYTES : 0xffff)) throw broken('a length in too many bytes');
  return length;
}

function kindOf(opcode: number): 'binary' | 'text' {
  return opcode === OPCODE.text ? 'text' : 'binary';
}

/** RFC 6455, section 5.5.1. */
function readClose(payload: Buffer): WebSocketEvent {
  if (payload.length === 0) return { kind: 'close', code: undefined, reason: '' };
  const code = payload.length === 1 ? 0 : payload.readUInt16BE(0);
  if (code < 1000 || code > 4999 || UNSENDABLE_CODES.has(code)) throw broken('a closing frame without a proper code');
  return { kind: 'close', code, reason: payload.toString('utf8', 2) };
}
