import type { StreamFormat, TrackMetadata } from '../../core/fragment.ts';
import type { Frame } from '../framer.ts';
import { MAX_GARBAGE_BYTES } from '../sync/probing-framer.ts';
import { SampleTime } from '../sync/sample-time.ts';
import { ScanningFramer } from '../sync/scanning-framer.ts';
import { tagSize } from '../sync/tag-size.ts';
import { flacCrc16 } from './flac-crc.ts';
import {
  type FlacFrameHeader,
  type FlacStreamInfo,
  MAX_FRAME_HEADER_BYTES,
  parseFlacFrameHeader,
} from './flac-header.ts';
import { beginsFlac, FlacOpening, OPENING_BYTES } from './flac-opening.ts';

/** Longer ones are no frames: a whole second of 8 channels does not need so much. */
const MAX_FRAME_BYTES = 1024 * 1024;
/** Places where a frame may have begun that are followed at once; more only come up in damaged streams. */
const MAX_HEADS = 4;

/** Where `fLaC` begins. */
const MAGIC_BYTE = 0x66;

/** A place where a frame may begin. Offsets count from the byte that is worked on. */
interface Head {
  start: number;
  readonly header: FlacFrameHeader;
  /** CRC-16 of the bytes from `start` to `checked`. */
  crc: number;
  checked: number;
}

/**
 * Frames of native FLAC (`audio/flac`, RFC 9639). A frame does not tell its length: it ends where the next header
 * begins and the CRC-16 is right, so it is given when the next has begun. What a joiner needs, STREAMINFO and the
 * comments, is in `format.headers`; pictures and seek tables are left out.
 */
export class FlacFramer extends ScanningFramer {
  readonly #contentType = 'audio/flac';
  #confirmed = false;
  #opening: FlacOpening | undefined;
  #info: FlacStreamInfo | undefined;
  #format: StreamFormat | undefined;
  #time: SampleTime | undefined;
  #metadata: TrackMetadata | undefined;
  #heads: Head[] = [];
  /** Bytes from the one that is worked on in which no further head is to be looked for. */
  #scanned = 0;
  /** Headers of a stream that has no frame yet. */
  #heldOpeningBytes = 0;

  constructor() {
    super('audio/flac');
  }

  override get confirmed(): boolean {
    return this.#confirmed;
  }

  protected override step(frames: Frame[]): boolean {
    if (this.#opening) return this.#readOpening(this.#opening, frames);
    return this.#info ? this.#scan(this.#info, frames) : this.#begin(frames);
  }

  /** A stream begins here or never. */
  #begin(frames: Frame[]): boolean {
    const size = this.garbageBytes === 0 ? tagSize(this.buffer, this.at, false) : 0;
    if (size > 0) return this.skip(size);
    if (size < 0 && !this.ended) return this.wait(-size);
    const left = this.buffer.length - this.at;
    const isBegun = this.garbageBytes === 0 && beginsFlac(this.buffer, this.at);
    if (isBegun && left < OPENING_BYTES && !this.ended) return this.wait(OPENING_BYTES);
    const opening = isBegun ? FlacOpening.at(this.buffer, this.at) : undefined;
    if (opening) return this.#open(opening, frames);
    this.holdGarbage(this.buffer.length);
    return this.isLost ? this.#giveUpFrames(frames) : this.wait(1);
  }

  #open(opening: FlacOpening, frames: Frame[]): boolean {
    this.#confirmed = true;
    // The opening before had no frame.
    this.spoilParts(this.#heldOpeningBytes);
    this.#heldOpeningBytes = OPENING_BYTES;
    if (this.isLost) return this.#giveUpFrames(frames);
    this.#opening = opening;
    this.#heads = [];
    this.#scanned = 0;
    this.holdPart(this.at + OPENING_BYTES);
    return true;
  }

  #readOpening(opening: FlacOpening, frames: Frame[]): boolean {
    if (opening.isWhole) return this.#endOpening(opening);
    const block = opening.blockAt(this.buffer, this.at);
    if (typeof block === 'number') return this.wait(block);
    if (block === undefined) {
      return this.giveUp(frames, 'the FLAC stream has metadata blocks that make no sense; passed on unchanged');
    }
    if (!block.isKept) return this.skip(block.bytes);
    this.#heldOpeningBytes += block.bytes;
    this.holdPart(this.at + block.bytes);
    return true;
  }

  #endOpening(opening: FlacOpening): true {
    const { info } = opening;
    this.#opening = undefined;
    this.#info = info;
    this.#time = new SampleTime(info.sampleRate);
    this.#metadata = opening.metadata;
    this.#format = {
      contentType: this.#contentType,
      codec: 'flac',
      sampleRate: info.sampleRate,
      channels: info.channels,
      headers: opening.headers(),
      primeFrames: 0,
      latticeBytes: undefined,
    };
    return true;
  }

  #scan(info: FlacStreamInfo, frames: Frame[]): boolean {
    const { buffer, at: base } = this;
    // The header of the next frame must be whole, or there are no more bytes.
    const end = this.ended ? buffer.length : buffer.length - MAX_FRAME_HEADER_BYTES + 1;
    for (let at = base + this.#scanned; at < end; at++) {
      const byte = buffer[at];
      const header = byte === 0xff ? parseFlacFrameHeader(buffer, at, info) : undefined;
      const isOpening = byte === MAGIC_BYTE && beginsFlac(buffer, at);
      if (isOpening && at + OPENING_BYTES > buffer.length && !this.ended) {
        this.#scanned = at - base;
        return this.#waitForMore(frames);
      }
      const next = isOpening ? FlacOpening.at(buffer, at) : undefined;
      if (!header && !next) continue;
      this.#scanned = at - base + 1;
      if (this.#endFrame(at - base, frames)) {
        if (next) return this.#open(next, frames);
        this.#follow({ start: 0, header: header!, crc: 0, checked: 0 });
        this.#scanned = header!.headerBytes;
        return true;
      }
      if (next) {
        this.#passGarbage(at - base);
        return this.#open(next, frames);
      }
      this.#follow({ start: at - base, header: header!, crc: 0, checked: at - base });
    }
    this.#scanned = Math.max(this.#scanned, end - base);
    if (this.ended && this.#endFrame(buffer.length - base, frames)) return false;
    return this.#waitForMore(frames);
  }

  #waitForMore(frames: Frame[]): boolean {
    while (this.#heads[0] && this.#scanned - this.#heads[0].start > MAX_FRAME_BYTES) this.#heads.shift();
    this.#passGarbage(this.#heads[0]?.start ?? (this.ended ? this.buffer.length - this.at : this.#scanned));
    if (this.isLost) return this.#giveUpFrames(frames);
    const left = this.buffer.length - this.at;
    // More the longer the frame is, so that its bytes are joined a few times only.
    return this.wait(left + (left >> 3) + 1);
  }

  #follow(head: Head): void {
    if (this.#heads.length === MAX_HEADS) this.#heads.splice(1, 1);
    this.#heads.push(head);
  }

  /** Gives the frame that ends at `end`, if one does. */
  #endFrame(end: number, frames: Frame[]): boolean {
    for (const head of this.#heads) {
      head.crc = flacCrc16(this.buffer, this.at + head.checked, this.at + end, head.crc);
      head.checked = end;
    }
    const whole = this.#heads.find(({ crc, start, header }) => crc === 0 && end - start > header.headerBytes);
    if (!whole) return false;
    const bytes = end - whole.start;
    this.holdGarbage(this.at + whole.start);
    const data = this.buffer.subarray(this.at, this.at + bytes);
    const frame = { data, durationUs: this.#time!.durationUs(whole.header.samples), format: this.#format! };
    frames.push(this.#metadata ? { ...frame, metadata: this.#metadata } : frame);
    this.#metadata = undefined;
    this.#heads = [];
    this.#scanned = 0;
    this.#heldOpeningBytes = 0;
    this.dropHeld();
    this.at += bytes;
    return true;
  }

  #passGarbage(bytes: number): void {
    if (bytes <= 0) return;
    this.holdGarbage(this.at + bytes);
    this.#scanned = Math.max(0, this.#scanned - bytes);
    for (const head of this.#heads) {
      head.start -= bytes;
      head.checked -= bytes;
    }
  }

  #giveUpFrames(frames: Frame[]): false {
    const room = `${MAX_GARBAGE_BYTES / 1024} KiB`;
    return this.giveUp(frames, `no FLAC frames were found for ${room}; passed on unchanged from there`);
  }
}
