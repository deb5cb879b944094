import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap triple between two full collections. Audio is held for seconds in small buffers, which is garbage of
 * middle age: with the engine's careful growth from a small heap, 200 streams made a full collection every 1.5 s, half
 * of the node's CPU time. The live heap is some 30 MB, so this may cost as much again.
 */
export function growHeapGenerously(): void {
  setFlagsFromString('--heap-growing-percent=200');
}
