/** What became of the packets of a moment. */
export const LOSS = { none: 0, whole: 1, repaired: 2, lost: 3 } as const;
/** One of `LOSS`. The higher one counts where a moment has several. */
export type Loss = (typeof LOSS)[keyof typeof LOSS];

/** Moments of a map: an even number. */
const CELLS = 240;
/** They are told in pieces, of which only the newest change. */
const PIECE = 30;
const FIRST_CELL_SECONDS = 0.5;

/** A map as it is told. */
export interface LossMapView {
  readonly cellSeconds: number;
  /** Piece n has the cells from 30 n on, a digit for each: 0 nothing yet, 1 whole, 2 repaired, 3 lost. */
  readonly pieces: { readonly [piece: string]: string };
}

/**
 * What became of a flow's packets over the time of the take. Its size does not depend on how long that is: when it is
 * full, two moments become one.
 */
export class LossMap {
  readonly #cells = new Uint8Array(CELLS);
  #cellSeconds = FIRST_CELL_SECONDS;
  #used = 0;

  /** That is how it was from `start` to before `end`, in seconds since the beginning of the take. */
  mark(start: number, end: number, loss: Loss): void {
    if (!(end > start) || start < 0 || loss === LOSS.none) return;
    while (end > CELLS * this.#cellSeconds) this.#fold();
    const first = Math.floor(start / this.#cellSeconds);
    const last = Math.max(first, Math.min(CELLS - 1, Math.ceil(end / this.#cellSeconds) - 1));
    for (let cell = first; cell <= last; cell++) if (loss > this.#cells[cell]!) this.#cells[cell] = loss;
    this.#used = Math.max(this.#used, last + 1);
  }

  view(): LossMapView {
    const pieces: Record<string, string> = {};
    for (let from = 0; from < this.#used; from += PIECE) {
      pieces[from / PIECE] = this.#cells.subarray(from, Math.min(from + PIECE, this.#used)).join('');
    }
    return { cellSeconds: this.#cellSeconds, pieces };
  }

  #fold(): void {
    for (let cell = 0; cell < CELLS; cell++) {
      const from = 2 * cell;
      this.#cells[cell] = from < CELLS ? Math.max(this.#cells[from]!, this.#cells[from + 1]!) : LOSS.none;
    }
    this.#cellSeconds *= 2;
    this.#used = Math.ceil(this.#used / 2);
  }
}
