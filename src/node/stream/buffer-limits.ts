import type { StreamConfig } from '../../config/node-config.ts';
import type { BufferLimits } from '../../core/fragment-buffer.ts';

/** A hard bound, so that a wrong clock or bitrate cannot take all memory. */
const MAX_BYTES = 512 * 2 ** 20;
/** What 1 s of audio may take at most when the bitrate is not known yet. */
const BYTES_PER_MS = 192;

/** How much a stream keeps: what the user asked for, and what the outputs need behind the reserve. */
export function bufferLimits(config: StreamConfig): BufferLimits {
  const historyMs = Math.max(
    0,
    ...config.outputs.map(({ module, options }) => module.historyMs?.(options as never) ?? 0),
  );
  const { buffer, reserve, fragmentMs } = config;
  const slackMs = historyMs + 2 * fragmentMs;
  if ('ms' in buffer) {
    const reserveMs = 'ms' in reserve ? reserve.ms : 0;
    return { keepMs: Math.max(buffer.ms, reserveMs + slackMs), maxBytes: MAX_BYTES };
  }
  const reserveBytes = 'bytes' in reserve ? reserve.bytes : reserve.ms * BYTES_PER_MS;
  return {
    keepMs: Number.MAX_SAFE_INTEGER / 1e6,
    maxBytes: Math.min(MAX_BYTES, Math.max(buffer.bytes, reserveBytes) + slackMs * BYTES_PER_MS),
  };
}
