import type { TrackMetadata } from '../../core/fragment.ts';
import { encodeMetadataBlock, UNCHANGED_BLOCK } from '../icy/metadata-block.ts';

/** The bytes of one wire fragment, in parts, before it is numbered. */
export interface CutFragment {
  readonly parts: readonly Buffer[];
  /** Offset of each metadata length byte. */
  readonly icyOffsets: readonly number[];
  /** The metadata that holds at the end: a block without its length byte. */
  readonly title: Buffer;
  /** Bytes from its end to the next length byte; undefined without metadata inside. */
  readonly nextIcyOffset: number | undefined;
}

/** How a cutter cuts. */
export interface CutterOptions {
  /** Audio bytes between two metadata blocks; 0: none inside. */
  readonly icyint: number;
  /** Bytes of a wire fragment, metadata included; undefined: only `flush` cuts. */
  readonly fragmentBytes: number | undefined;
  readonly onFragment: (fragment: CutFragment) => void;
}

/** Puts ICY metadata into audio and cuts the result into wire fragments. The count of `icyint` goes on over fragments. */
export class FragmentCutter {
  readonly #options: CutterOptions;
  #parts: Buffer[] = [];
  #bytes = 0;
  #icyOffsets: number[] = [];
  #audioLeft: number;
  #metadata: TrackMetadata | undefined;
  #title: Buffer = Buffer.alloc(0);
  /** The first block that is due tells the title although listeners who join read it in the list. */
  #titleIsInside = false;

  constructor(options: CutterOptions) {
    this.#options = options;
    this.#audioLeft = options.icyint;
  }

  /** Takes the next audio; `metadataAt` gives the metadata of its byte at that offset. */
  push(audio: Buffer, metadataAt: (offset: number) => TrackMetadata | undefined): void {
    const { icyint } = this.#options;
    if (icyint === 0) {
      this.#put(audio);
      this.#changeTitle(metadataAt(audio.length - 1));
      return;
    }
    if (!this.#titleIsInside) this.#changeTitle(metadataAt(0));
    for (let at = 0; at < audio.length; ) {
      if (this.#audioLeft === 0) this.#putBlock(metadataAt(at));
      const end = Math.min(audio.length, at + this.#audioLeft);
      this.#audioLeft -= end - at;
      this.#put(audio.subarray(at, end));
      at = end;
    }
  }

  /** Ends the current fragment, if it has bytes. */
  flush(): void {
    if (this.#bytes > 0) this.#cut(0);
  }

  /** `restBytes`: what is left of the part that is being put. */
  #cut(restBytes: number): void {
    const nextIcyOffset = this.#options.icyint > 0 ? restBytes + this.#audioLeft : undefined;
    const cut = { parts: this.#parts, icyOffsets: this.#icyOffsets, title: this.#title, nextIcyOffset };
    this.#parts = [];
    this.#bytes = 0;
    this.#icyOffsets = [];
    this.#options.onFragment(cut);
  }

  #putBlock(metadata: TrackMetadata | undefined): void {
    const changed = this.#changeTitle(metadata) || (!this.#titleIsInside && this.#title.length > 0);
    this.#titleIsInside = true;
    this.#audioLeft = this.#options.icyint;
    const block = changed ? Buffer.concat([Buffer.from([this.#title.length / 16]), this.#title]) : UNCHANGED_BLOCK;
    this.#icyOffsets.push(this.#bytes);
    this.#put(block);
  }

  /** True when the title is another one now. */
  #changeTitle(metadata: TrackMetadata | undefined): boolean {
    if (!metadata || metadata === this.#metadata) return false;
    this.#metadata = metadata;
    const title = encodeMetadataBlock(metadata).subarray(1);
    if (title.equals(this.#title)) return false;
    this.#title = title;
    return true;
  }

  #put(part: Buffer): void {
    const { fragmentBytes = Number.POSITIVE_INFINITY } = this.#options;
    for (let at = 0; at < part.length; ) {
      const end = Math.min(part.length, at + fragmentBytes - this.#bytes);
      this.#parts.push(part.subarray(at, end));
      this.#bytes += end - at;
      at = end;
      if (this.#bytes >= fragmentBytes) this.#cut(part.length - end);
    }
  }
}
