/** Takes what an `IcyDeinterleaver` finds, in stream order. */
export interface IcySink {
  /** Audio; a view on the chunk pushed, never empty. */
  audio(data: Buffer): void;
  /** The text of a block that is not empty; `audioPosition` counts the audio bytes before it. */
  metadata(text: Buffer, audioPosition: number): void;
}

/** Takes inline ICY metadata out of a stream. Holds at most one block (4,080 bytes). */
export class IcyDeinterleaver {
  readonly #metaint: number;
  readonly #sink: IcySink;
  #audioLeft: number;
  #audioPosition = 0;
  #block: Buffer | undefined;
  #blockFilled = 0;

  /** `metaint` as `parseMetaint` gives it: 0 means that all is audio. */
  constructor(metaint: number, sink: IcySink) {
    this.#metaint = metaint;
    this.#sink = sink;
    this.#audioLeft = metaint;
  }

  /** Takes the next bytes of the body. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#block) at = this.#fillBlock(this.#block, chunk, at);
      else if (this.#metaint === 0 || this.#audioLeft > 0) at = this.#giveAudio(chunk, at);
      else at = this.#beginBlock(chunk[at]!, at);
    }
  }

  #giveAudio(chunk: Buffer, at: number): number {
    const end = this.#metaint === 0 ? chunk.length : Math.min(chunk.length, at + this.#audioLeft);
    this.#audioLeft -= end - at;
    this.#audioPosition += end - at;
    this.#sink.audio(chunk.subarray(at, end));
    return end;
  }

  #beginBlock(units: number, at: number): number {
    this.#audioLeft = this.#metaint;
    if (units > 0) {
      this.#block = Buffer.alloc(units * 16);
      this.#blockFilled = 0;
    }
    return at + 1;
  }

  #fillBlock(block: Buffer, chunk: Buffer, at: number): number {
    const taken = chunk.copy(block, this.#blockFilled, at);
    this.#blockFilled += taken;
    if (this.#blockFilled === block.length) {
      this.#block = undefined;
      this.#sink.metadata(block, this.#audioPosition);
    }
    return at + taken;
  }
}
