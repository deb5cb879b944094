import { readFileSync } from 'node:fs';

/** One side of a recorded session of DiStreamer 2.0 (test/captures/distreamer). */
export function distreamerCapture(name: string): Buffer {
  return readFileSync(new URL(`../captures/distreamer/${name}.bin`, import.meta.url));
}
