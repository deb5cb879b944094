/** Numbers from 0 to 1 that spread retries; no secrets are made of them. */
export const systemRandom: () => number = () => Math.random();
