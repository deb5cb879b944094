import type { Frame } from './framer.ts';

/** What to search and how long. */
export interface OverlapOptions {
  /**
   * The newest framed bytes that were passed on, ending at a frame border; read only.
   * It must reach back at least as far as the server's burst, or the burst is not found in it.
   */
  readonly history: Buffer;
  /** Bytes of new frames held at most while searching; then the search is decided as by `giveUp`. */
  readonly maxHeldBytes: number;
  /** An overlap shorter than this proves nothing and is not taken. Default 1024. */
  readonly minMatchBytes?: number;
}

/**
 * `searching`: frames are held; `joined`: the repeated part is dropped and the frames continue the history without
 * a seam; `apart`: the frames do not continue the history. The last two are final.
 */
export interface OverlapResult {
  readonly state: 'searching' | 'joined' | 'apart';
  /** Frames to pass on now. */
  readonly frames: Frame[];
}

/**
 * Finds where a stream that was joined again takes up what is already held, by the exact bytes of its frames.
 *
 * Of all places in the history that fit, the earliest (the longest overlap) is followed; where later bytes
 * contradict it, the next that fits all bytes so far. This is the search of Knuth, Morris and Pratt with a
 * pattern that grows, so its work is linear even in digital silence, where every frame fits everywhere.
 */
export class OverlapFinder {
  readonly #history: Buffer;
  readonly #maxHeldBytes: number;
  readonly #minMatchBytes: number;
  #state: OverlapResult['state'] = 'searching';
  #held: Frame[] = [];
  #heldBytes = 0;
  /** The first held bytes in one piece; bytes beyond the history's length cannot overlap and are left out. */
  #pattern: Buffer = Buffer.alloc(0);
  #patternBytes = 0;
  /** History bytes before this are compared. */
  #position = 0;
  /** The longest start of the pattern that ends at `#position`. */
  #matched = 0;
  /** For each pattern length the longest start that is also its end; filled when first needed. */
  #borders = new Uint32Array(0);
  #borderCount = 0;

  constructor(options: OverlapOptions) {
    this.#history = options.history;
    this.#maxHeldBytes = options.maxHeldBytes;
    this.#minMatchBytes = Math.max(1, options.minMatchBytes ?? 1024);
  }

  /** Takes the next frames of the new session and says which frames to pass on. */
  push(frames: readonly Frame[]): OverlapResult {
    if (this.#state !== 'searching') return { state: this.#state, frames: [...frames] };
    for (const frame of frames) this.#hold(frame);
    if (this.#history.length < this.#minMatchBytes) return this.#finish('apart', 0);
    if (this.#patternBytes >= this.#minMatchBytes) this.#search();
    if (this.#position === this.#history.length) return this.#conclude();
    if (this.#heldBytes > this.#maxHeldBytes) return this.giveUp();
    return { state: 'searching', frames: [] };
  }

  /**
   * The session ended. Held frames that all occur in the history are repeats and are dropped (`joined`);
   * too few of them to tell are passed on (`apart`).
   */
  flush(): OverlapResult {
    if (this.#state !== 'searching') return { state: this.#state, frames: [] };
    const allRepeated = this.#matched >= this.#minMatchBytes && this.#matched === this.#heldBytes;
    return allRepeated ? this.#finish('joined', this.#heldBytes) : this.#finish('apart', 0);
  }

  /** Decides now, from what is held: for a caller that waits no longer. Takes the longest overlap that is complete. */
  giveUp(): OverlapResult {
    if (this.#state !== 'searching') return { state: this.#state, frames: [] };
    while (this.#position < this.#history.length) {
      if (this.#matched === 0) break;
      this.#matched = this.#border(this.#matched);
      this.#search();
    }
    return this.#conclude();
  }

  #hold(frame: Frame): void {
    this.#held.push(frame);
    this.#heldBytes += frame.data.length;
    const wanted = Math.min(frame.data.length, this.#history.length - this.#patternBytes);
    if (wanted <= 0) return;
    const end = this.#patternBytes + wanted;
    if (end > this.#pattern.length) {
      const grown = Buffer.alloc(Math.min(this.#history.length, Math.max(4096, end, this.#pattern.length * 2)));
      this.#pattern.copy(grown, 0, 0, this.#patternBytes);
      this.#pattern = grown;
    }
    frame.data.copy(this.#pattern, this.#patternBytes, 0, wanted);
    this.#patternBytes = end;
  }

  /** Compares until the history ends or more of the pattern is needed. */
  #search(): void {
    const history = this.#history;
    const pattern = this.#pattern;
    let position = this.#position;
    let matched = this.#matched;
    while (position < history.length) {
      if (matched === 0) {
        const found = history.indexOf(pattern.subarray(0, this.#minMatchBytes), position);
        if (found < 0) {
          position = history.length;
          break;
        }
        position = found + this.#minMatchBytes;
        matched = this.#minMatchBytes;
      } else if (matched === this.#patternBytes) {
        break;
      } else if (history[position] === pattern[matched]) {
        position++;
        matched++;
      } else {
        matched = this.#border(matched);
      }
    }
    this.#position = position;
    this.#matched = matched;
  }

  /** The longest proper start of the pattern's first `length` bytes that is also their end. */
  #border(length: number): number {
    if (this.#borders.length < length) {
      const grown = new Uint32Array(this.#pattern.length);
      grown.set(this.#borders);
      this.#borders = grown;
    }
    const borders = this.#borders;
    const pattern = this.#pattern;
    if (this.#borderCount === 0) this.#borderCount = 1;
    let border = borders[this.#borderCount - 1]!;
    while (this.#borderCount < length) {
      const byte = pattern[this.#borderCount];
      while (border > 0 && pattern[border] !== byte) border = borders[border - 1]!;
      if (pattern[border] === byte) border++;
      borders[this.#borderCount++] = border;
    }
    return borders[length - 1]!;
  }

  /** The history is compared to its end: takes the longest overlap that ends where a frame ends. */
  #conclude(): OverlapResult {
    let overlap = this.#position === this.#history.length ? this.#matched : 0;
    while (overlap >= this.#minMatchBytes && !this.#canCutAt(overlap)) overlap = this.#border(overlap);
    return overlap >= this.#minMatchBytes ? this.#finish('joined', overlap) : this.#finish('apart', 0);
  }

  #canCutAt(offset: number): boolean {
    let end = 0;
    for (const frame of this.#held) {
      end += frame.data.length;
      if (end >= offset) return end === offset || frame.format.codec === 'opaque';
    }
    return false;
  }

  #finish(state: 'joined' | 'apart', dropBytes: number): OverlapResult {
    const frames = dropBytes === 0 ? this.#held : withoutStart(this.#held, dropBytes);
    this.#state = state;
    this.#held = [];
    this.#pattern = Buffer.alloc(0);
    this.#borders = new Uint32Array(0);
    return { state, frames };
  }
}

/** The frames after the first `dropBytes` bytes; an opaque frame may be split. */
function withoutStart(frames: readonly Frame[], dropBytes: number): Frame[] {
  const kept: Frame[] = [];
  let left = dropBytes;
  for (const frame of frames) {
    if (left >= frame.data.length) left -= frame.data.length;
    else {
      kept.push(left === 0 ? frame : { ...frame, data: frame.data.subarray(left) });
      left = 0;
    }
  }
  return kept;
}
