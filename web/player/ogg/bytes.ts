/** Bytes one after the other; of a single part the part itself. */
export function concat(parts: readonly (Uint8Array<ArrayBuffer> | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const [first] = parts;
  if (parts.length === 1 && first instanceof Uint8Array) return first;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
