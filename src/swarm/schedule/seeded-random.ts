/**
 * Chance that can be repeated: the same seed gives the same numbers (mulberry32, 32 bits of state). It breaks ties of
 * the scheduler and drives the simulator; no secrets are made of it.
 * @param seed any integer; its low 32 bits count
 * @returns a function whose values are from 0 to 1, 1 not included
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
