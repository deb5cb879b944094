/**
 * Reads the head of WAV files: RIFF/WAVE (Microsoft, IBM 1991), Broadcast Wave (EBU Tech 3285), RF64 (EBU Tech 3306)
 * and BW64 (ITU-R BS.2088), up to the first byte of audio.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { BEXT_MAX_BYTES, type Bext, parseBext } from './bext-chunk.ts';
import { dataBytesOf } from './data-size.ts';
import { FMT_MAX_BYTES, parseFmt, type WavFormat } from './fmt-chunk.ts';
import { foreignFileKind } from './foreign-files.ts';
import { frameBytesOf, type PcmFormat } from './pcm-format.ts';

const OPENING_BYTES = 12;
const CHUNK_HEAD_BYTES = 8;
const DS64_BYTES = 24;
const MAX_CHUNKS = 4096;
const MAX_WARNINGS = 16;

/** What the head of a WAV file says. */
export interface WavHead {
  readonly container: 'RIFF' | 'RF64' | 'BW64';
  readonly format: PcmFormat;
  /** Bits of a sample that carry sound, the highest ones. */
  readonly validBits: number;
  /** Offset of the first byte of audio in the file. */
  readonly dataStart: number;
  /** Bytes of audio: whole sample frames that are in the file. Infinity where neither header nor file has an end. */
  readonly dataBytes: number;
  readonly frames: number;
  readonly bext: Bext | undefined;
  /** There is an `iXML` chunk before the audio. */
  readonly hasIxml: boolean;
  /** What is not as it should be and was got over, in words for people. */
  readonly warnings: readonly string[];
}

/** The chunks whose bodies are kept, and how many bytes of them. */
const KEPT: ReadonlyMap<string, number> = new Map([
  ['fmt ', FMT_MAX_BYTES],
  ['ds64', DS64_BYTES],
  ['bext', BEXT_MAX_BYTES],
]);

/**
 * Fed a file from its first byte in any portions, answers its head. Holds no more than one chunk's body of 65 KiB.
 * A reader of files need not feed what is skipped: see `skippableBytes`.
 */
export class WavHeadParser {
  readonly #fileBytes: number;
  #state: 'opening' | 'chunk' | 'body' = 'opening';
  #block = Buffer.alloc(OPENING_BYTES);
  #filled = 0;
  /** Offset in the file of the next byte. */
  #position = 0;
  #skip = 0;
  #chunks = 0;
  #chunk = { id: '', size: 0 };
  #container: WavHead['container'] = 'RIFF';
  #riffSize = 0;
  #dataBytes64: number | undefined;
  #fmt: WavFormat | undefined;
  #fmtBody: Buffer | undefined;
  #bext: Bext | undefined;
  #hasIxml = false;
  #warnings: string[] = [];
  #head: WavHead | undefined;

  /** @param options.fileBytes size of the whole file; Infinity for a pipe */
  constructor({ fileBytes }: { fileBytes: number }) {
    this.#fileBytes = fileBytes;
  }

  /** How many bytes from here on are not looked at: a reader that can seek tells `skip` instead of feeding them. */
  get skippableBytes(): number {
    return this.#skip;
  }

  /** The reader has gone past that many bytes, at most `skippableBytes`. */
  skip(bytes: number): void {
    if (bytes > this.#skip) throw new RangeError(`${bytes} bytes cannot be skipped, only ${this.#skip}`);
    this.#skip -= bytes;
    this.#position += bytes;
  }

  /**
   * Takes the next bytes of the file; they are not kept. Answers the head once the audio begins; what comes then is
   * ignored. Throws ProtocolViolation, with a reason for people, when the file cannot be read.
   */
  push(bytes: Buffer): WavHead | undefined {
    let at = 0;
    while (!this.#head && at < bytes.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        this.skip(skipped);
        at += skipped;
        continue;
      }
      const taken = bytes.copy(this.#block, this.#filled, at, at + this.#block.length - this.#filled);
      at += taken;
      this.#position += taken;
      this.#filled += taken;
      if (this.#filled === this.#block.length) this.#take(this.#block);
    }
    return this.#head;
  }

  /** The file has ended. Answers the head, or throws ProtocolViolation where there is none. */
  end(): WavHead {
    if (this.#head) return this.#head;
    if (this.#position === 0) throw new ProtocolViolation('the file is empty');
    if (this.#state === 'opening') this.#takeOpening(this.#block.subarray(0, this.#filled));
    throw new ProtocolViolation('the file ends before its audio begins: there is no data chunk');
  }

  #take(block: Buffer): void {
    if (this.#state === 'opening') this.#takeOpening(block);
    else if (this.#state === 'chunk') this.#takeChunkHead(block);
    else this.#takeBody(block);
  }

  #takeOpening(block: Buffer): void {
    const id = block.toString('latin1', 0, 4);
    if ((id !== 'RIFF' && id !== 'RF64' && id !== 'BW64') || block.toString('latin1', 8, 12) !== 'WAVE') {
      throw new ProtocolViolation(`it is ${foreignFileKind(block) ?? 'no WAV file'}, not RIFF/WAVE, RF64 or BW64`);
    }
    this.#container = id;
    this.#riffSize = block.readUInt32LE(4);
    this.#awaitChunk(0);
  }

  /** Next comes a chunk's head, after that many bytes. */
  #awaitChunk(skip: number): void {
    this.#state = 'chunk';
    this.#block = Buffer.alloc(CHUNK_HEAD_BYTES);
    this.#filled = 0;
    this.#skip = skip;
  }

  #takeChunkHead(block: Buffer): void {
    const id = block.toString('latin1', 0, 4);
    const size = block.readUInt32LE(4);
    this.#chunks += 1;
    if (this.#chunks > MAX_CHUNKS)
      throw new ProtocolViolation(`there are more than ${MAX_CHUNKS} chunks before the audio`);
    if (id === 'data') {
      this.#head = this.#finish(size);
      return;
    }
    if (this.#position + size > this.#fileBytes) {
      throw new ProtocolViolation(
        `the chunk "${cleanText(id)}" reaches beyond the end of the file; no audio was found before`,
      );
    }
    if (id === 'iXML') this.#hasIxml = true;
    const kept = Math.min(size, KEPT.get(id) ?? 0);
    if (kept === 0) {
      this.#awaitChunk(size + (size % 2));
      return;
    }
    this.#chunk = { id, size };
    this.#state = 'body';
    this.#block = Buffer.alloc(kept);
    this.#filled = 0;
  }

  #takeBody(body: Buffer): void {
    const { id, size } = this.#chunk;
    if (id === 'fmt ') this.#takeFmt(body);
    else if (id === 'bext') this.#takeBext(body);
    else this.#takeDs64(body);
    // Chunks begin at even offsets; the byte between is not counted in the size.
    this.#awaitChunk(size - body.length + (size % 2));
  }

  #takeFmt(body: Buffer): void {
    if (this.#fmtBody?.equals(body)) this.#warn('the format chunk comes twice');
    else if (this.#fmtBody) throw new ProtocolViolation('two format chunks contradict each other');
    this.#fmtBody = body;
    this.#fmt = parseFmt(body);
  }

  #takeBext(body: Buffer): void {
    const bext = parseBext(body);
    if (!bext) this.#warn(`the bext chunk has only ${body.length} bytes and is left out`);
    if (bext && bext.timeReference === undefined) this.#warn('the time reference of the bext chunk makes no sense');
    this.#bext ??= bext;
  }

  #takeDs64(body: Buffer): void {
    if (this.#container === 'RIFF') return;
    const size = body.length < DS64_BYTES ? NaN : body.readUInt32LE(12) * 2 ** 32 + body.readUInt32LE(8);
    if (Number.isSafeInteger(size)) this.#dataBytes64 ??= size;
    else this.#warn('the ds64 chunk makes no sense and is left out');
  }

  #finish(declared: number): WavHead {
    if (!this.#fmt) throw new ProtocolViolation('the audio comes before its format chunk');
    const { format, validBits } = this.#fmt;
    const dataStart = this.#position;
    const frameBytes = frameBytesOf(format);
    const facts = { fileBytes: this.#fileBytes, dataStart, riffSize: this.#riffSize, frameBytes };
    const dataBytes = dataBytesOf({ ...facts, declared, declared64: this.#dataBytes64 }, (text) => this.#warn(text));
    if (dataBytes === 0) this.#warn('there is no audio in the file');
    return {
      container: this.#container,
      format,
      validBits,
      dataStart,
      dataBytes,
      frames: dataBytes / frameBytes,
      bext: this.#bext,
      hasIxml: this.#hasIxml,
      warnings: this.#warnings,
    };
  }

  #warn(text: string): void {
    if (this.#warnings.length < MAX_WARNINGS) this.#warnings.push(text);
  }
}
