/** Numbers from 0 to 1 that spread retries; no secrets are made of them. */
export const systemRandom: () => number = () => Math.random();

/** So many random bytes as hex, for names that must not meet another; not for secrets. */
export function randomHex(random: () => number, bytes: number): string {
  let text = '';
  for (let index = 0; index < bytes; index++) {
    text += Math.floor(random() * 256)
      .toString(16)
      .padStart(2, '0');
  }
  return text;
}
