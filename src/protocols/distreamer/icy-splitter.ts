/** Takes what an `IcySplitter` finds, in stream order. */
export interface IcySplitterSink {
  /** Audio; a view on the bytes pushed, never empty. */
  audio(data: Buffer): void;
  /** A block that is not empty, without its length byte. */
  block(text: Buffer): void;
}

/** The longest metadata block, without its length byte. */
export const MAX_BLOCK_BYTES = 255 * 16;

/**
 * Takes ICY metadata out of fragments. Unlike a listener, who counts from the first byte of a stream, it can
 * begin in the middle of one: `alignTo` tells where the next length byte stands.
 */
export class IcySplitter {
  /** Audio bytes between two blocks; 0: all is audio. */
  readonly icyint: number;
  #audioLeft = 0;
  #block: Buffer | undefined;
  #blockFilled = 0;
  #skipLeft = 0;
  #aligned: boolean;

  constructor(icyint: number) {
    this.icyint = icyint;
    this.#aligned = icyint === 0;
  }

  /** False while it is not known where the next length byte stands. */
  get aligned(): boolean {
    return this.#aligned;
  }

  /** Bytes are missing: where the next length byte stands is not known any more. */
  lose(): void {
    this.#aligned = this.icyint === 0;
    this.#block = undefined;
    this.#skipLeft = 0;
  }

  /**
   * The next length byte comes after `distance` more bytes. More than `icyint` means that the end of a block
   * comes first, which is left out. False when no stream can look so.
   */
  alignTo(distance: number): boolean {
    const blockRest = Math.max(0, distance - this.icyint);
    if (blockRest > MAX_BLOCK_BYTES) return false;
    this.#block = undefined;
    this.#skipLeft = blockRest;
    this.#audioLeft = distance - blockRest;
    this.#aligned = true;
    return true;
  }

  /** Where length bytes stand in `data` when it comes next. */
  offsetsIn(data: Buffer): number[] {
    if (this.icyint === 0) return [];
    const offsets: number[] = [];
    const blockLeft = this.#block ? this.#block.length - this.#blockFilled : 0;
    for (let at = this.#skipLeft + blockLeft + this.#audioLeft; at < data.length; ) {
      offsets.push(at);
      at += 1 + data[at]! * 16 + this.icyint;
    }
    return offsets;
  }

  /** Takes the next bytes. It must be aligned. */
  push(data: Buffer, sink: IcySplitterSink): void {
    if (this.icyint === 0) {
      if (data.length > 0) sink.audio(data);
      return;
    }
    for (let at = 0; at < data.length; ) {
      if (this.#skipLeft > 0) at = this.#skip(data, at);
      else if (this.#block) at = this.#fillBlock(this.#block, data, at, sink);
      else if (this.#audioLeft > 0) at = this.#giveAudio(data, at, sink);
      else at = this.#beginBlock(data[at]!, at);
    }
  }

  #skip(data: Buffer, at: number): number {
    const skipped = Math.min(this.#skipLeft, data.length - at);
    this.#skipLeft -= skipped;
    return at + skipped;
  }

  #giveAudio(data: Buffer, at: number, sink: IcySplitterSink): number {
    const end = Math.min(data.length, at + this.#audioLeft);
    this.#audioLeft -= end - at;
    sink.audio(data.subarray(at, end));
    return end;
  }

  #beginBlock(units: number, at: number): number {
    this.#audioLeft = this.icyint;
    if (units > 0) {
      this.#block = Buffer.alloc(units * 16);
      this.#blockFilled = 0;
    }
    return at + 1;
  }

  #fillBlock(block: Buffer, data: Buffer, at: number, sink: IcySplitterSink): number {
    const taken = data.copy(block, this.#blockFilled, at);
    this.#blockFilled += taken;
    if (this.#blockFilled === block.length) {
      this.#block = undefined;
      sink.block(block);
    }
    return at + taken;
  }
}
