/** Looks so often before it looks less often. */
const QUICK_TRIES = 20;

/** Waits until `check` gives a value that is neither undefined nor false; throws with `what` when it never does. */
export async function eventually<T>(what: string, check: () => T | Promise<T>, tries = 1200): Promise<NonNullable<T>> {
  for (let turn = 0; turn < tries; turn++) {
    const value = await check();
    if (value !== undefined && value !== null && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, turn < QUICK_TRIES ? 1 : 5));
  }
  throw new Error(`waited in vain for ${what}`);
}
