/** A set of small whole numbers with a dense order: adding, removing and taking the n-th cost the same at any size. */
export class RowList {
  #rows: Int32Array = new Int32Array(64);
  #places: Int32Array = new Int32Array(64).fill(-1);
  size = 0;

  at(place: number): number {
    return this.#rows[place]!;
  }

  has(row: number): boolean {
    return row < this.#places.length && this.#places[row]! >= 0;
  }

  add(row: number): void {
    if (this.has(row)) return;
    if (row >= this.#places.length) this.#places = grown(this.#places, row, -1);
    if (this.size >= this.#rows.length) this.#rows = grown(this.#rows, this.size, 0);
    this.#places[row] = this.size;
    this.#rows[this.size++] = row;
  }

  delete(row: number): void {
    if (!this.has(row)) return;
    const place = this.#places[row]!;
    const last = this.#rows[--this.size]!;
    this.#rows[place] = last;
    this.#places[last] = place;
    this.#places[row] = -1;
  }
}

function grown(values: Int32Array, index: number, fill: number): Int32Array {
  const larger = new Int32Array(Math.max(values.length * 2, index + 1)).fill(fill);
  larger.set(values);
  return larger;
}
