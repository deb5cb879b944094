import type { FlowLine } from './flow-line.ts';

/** How long a flow must have been silent to count as ended once another one has said BYE: its own may be lost. */
const SILENT_MS = 5000;

/**
 * Whether all senders have stopped: at least one has said BYE, every other one has too or has been silent for 5 s, and
 * what was asked for again has had the buffer's time to come. Flows that were never heard do not matter.
 */
export function hasEnded(
  lines: readonly Pick<FlowLine, 'hasSaidBye' | 'lastArrivalMs'>[],
  bufferMs: number,
  nowMs: number,
): boolean {
  let hasBye = false;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const { hasSaidBye, lastArrivalMs } of lines) {
    if (lastArrivalMs === undefined) continue;
    if (hasSaidBye) hasBye = true;
    else if (nowMs - lastArrivalMs < Math.max(SILENT_MS, bufferMs)) return false;
    newestMs = Math.max(newestMs, lastArrivalMs);
  }
  return hasBye && nowMs - newestMs >= bufferMs;
}
