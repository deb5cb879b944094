import type { SwarmSource } from './sight.ts';

const running = new Map<SwarmSource, number>();

/**
 * Lets a server that outputs of this process publish in be seen on the pages of the process's node. Answers what takes it
 * away; a server may be shown by several outputs.
 */
export function showSwarm(source: SwarmSource): () => void {
  running.set(source, (running.get(source) ?? 0) + 1);
  let isShown = true;
  return () => {
    if (!isShown) return;
    isShown = false;
    const left = running.get(source)! - 1;
    if (left > 0) running.set(source, left);
    else running.delete(source);
  };
}

/** The servers that outputs of this process publish in now. */
export function runningSwarms(): Iterable<SwarmSource> {
  return running.keys();
}
