const MINUTE_MS = 60_000;
const MINUTES = 60;

/** The lowest of the values of the last hour, to the minute; bounded: one number a minute. */
export class LowestOfHour {
  // Oldest first, at most one more than the minutes of an hour.
  readonly #minutes: { readonly minute: number; lowest: number }[] = [];

  /** Notes a value at a monotonic time. */
  note(value: number, nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    const newest = this.#minutes.at(-1);
    if (newest?.minute === minute) newest.lowest = Math.min(newest.lowest, value);
    else this.#minutes.push({ minute, lowest: value });
    this.#forget(minute);
  }

  /** The lowest; undefined when nothing was noted within the hour. */
  lowest(nowMs: number): number | undefined {
    this.#forget(Math.floor(nowMs / MINUTE_MS));
    return this.#minutes.length > 0 ? Math.min(...this.#minutes.map(({ lowest }) => lowest)) : undefined;
  }

  #forget(minute: number): void {
    while (this.#minutes.length > 0 && this.#minutes[0]!.minute < minute - MINUTES) this.#minutes.shift();
  }
}
