/**
 * Writes the head of a Broadcast Wave file (EBU Tech 3285) that can become RF64 (EBU Tech 3306) while it grows: `JUNK`
 * of 28 bytes stands where `ds64` will be. `bext` stands before the audio, where every reader finds it.
 * @module
 */
import { type BextFields, buildBext, descriptionField } from './bext-chunk.ts';
import { buildFmt } from './fmt-chunk.ts';
import { buildIxml } from './ixml.ts';
import { frameBytesOf, type PcmFormat } from './pcm-format.ts';

const DS64_BODY_BYTES = 28;
const DS64_END = 12 + 8 + DS64_BODY_BYTES;
const IN_DS64 = 0xffffffff;

/** What a file says of itself. */
export interface WavHeadOptions {
  /** Integers only: what arrives as L16 or L24 is never float. */
  readonly format: PcmFormat;
  readonly bext: BextFields;
  /** One name for each channel; adds an `iXML` chunk with them and the time. */
  readonly trackNames?: readonly string[];
}

/** Bytes that are to be written at an offset of a file. */
export interface WavPatch {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The head of one file that is being written. */
export class WavHeadWriter {
  /** The head of the file without audio; the audio follows at once. */
  readonly head: Buffer;
  /** Offset of the first byte of audio. */
  readonly dataStart: number;
  /** Bytes of a sample frame. */
  readonly frameBytes: number;
  readonly #descriptionAt: number;

  /** Throws RangeError for float PCM. */
  constructor({ format, bext, trackNames }: WavHeadOptions) {
    if (format.isFloat) throw new RangeError('float PCM is not written');
    const { sampleRate, bitsPerSample } = format;
    const timeReference = bext.timeReference;
    const opening = Buffer.alloc(DS64_END);
    this.frameBytes = frameBytesOf(format);
    this.#descriptionAt = DS64_END + 8;
    this.head = Buffer.concat([
      opening,
      ...chunk('bext', buildBext(bext)),
      ...(trackNames ? chunk('iXML', buildIxml({ trackNames, sampleRate, bitsPerSample, timeReference })) : []),
      ...chunk('fmt ', buildFmt(format)),
      ...chunk('data', Buffer.alloc(0)),
    ]);
    this.dataStart = this.head.length;
    for (const { offset, bytes } of this.sizesAt(0)) bytes.copy(this.head, offset);
  }

  /**
   * What to write into the file so that its head is right for that much audio, at any time and any number of times: a
   * file is then valid up to there after a crash. Written in this order, the file is valid between the writes, too.
   * From 4 GiB on the file is an RF64.
   */
  sizesAt(dataBytes: number): readonly WavPatch[] {
    return sizePatches({ dataStart: this.dataStart, frameBytes: this.frameBytes }, dataBytes);
  }

  /** What to write into the file to change its description, e.g. when the clock's error has been measured. At most 256 bytes are kept. */
  descriptionPatch(text: string): WavPatch {
    return { offset: this.#descriptionAt, bytes: descriptionField(text) };
  }
}

/**
 * What `WavHeadWriter.sizesAt` answers, for a file that is there already.
 * @param file one whose head a `WavHeadWriter` has written: see `isGrowingHead`
 */
export function sizePatches(
  { dataStart, frameBytes }: { readonly dataStart: number; readonly frameBytes: number },
  dataBytes: number,
): readonly WavPatch[] {
  const riffBytes = dataStart - 8 + dataBytes + padBytes(dataBytes);
  const isRf64 = riffBytes >= IN_DS64;
  const opening = Buffer.alloc(DS64_END);
  opening.write(isRf64 ? 'RF64' : 'RIFF', 0, 'latin1');
  opening.writeUInt32LE(isRf64 ? IN_DS64 : riffBytes, 4);
  opening.write(isRf64 ? 'WAVEds64' : 'WAVEJUNK', 8, 'latin1');
  opening.writeUInt32LE(DS64_BODY_BYTES, 16);
  if (isRf64) {
    writeUInt64(opening, riffBytes, 20);
    writeUInt64(opening, dataBytes, 28);
    writeUInt64(opening, Math.floor(dataBytes / frameBytes), 36);
  }
  const size = Buffer.alloc(4);
  size.writeUInt32LE(isRf64 ? IN_DS64 : dataBytes);
  return [
    { offset: 0, bytes: opening },
    { offset: dataStart - 4, bytes: size },
  ];
}

/** Whether a file that begins with these 20 bytes has room in its head for any size, as `WavHeadWriter` leaves it. */
export function isGrowingHead(start: Buffer): boolean {
  const kind = start.toString('latin1', 8, 16);
  return (kind === 'WAVEJUNK' || kind === 'WAVEds64') && start.readUInt32LE(16) === DS64_BODY_BYTES;
}

/** Zero bytes that end a file with that much audio: a chunk is padded to an even size. */
export function padBytes(dataBytes: number): 0 | 1 {
  return dataBytes % 2 === 0 ? 0 : 1;
}

function chunk(id: string, body: Buffer): Buffer[] {
  const head = Buffer.alloc(8);
  head.write(id, 0, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return [head, body, Buffer.alloc(padBytes(body.length))];
}

function writeUInt64(target: Buffer, value: number, at: number): void {
  target.writeUInt32LE(value % 2 ** 32, at);
  target.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}
