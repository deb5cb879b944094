import type { StreamFormat } from '../../core/fragment.ts';

/** What Icecast sends. */
const USUAL_BYTES = 16_000;
const LARGEST_BYTES = 65_536;

/**
 * The metadata interval for a format: near 16,000 bytes, and a multiple of the bytes after which
 * frame borders repeat where there is such a number, so that listeners who begin at different frames share their bytes.
 */
export function metadataInterval(format: StreamFormat): number {
  const { latticeBytes } = format;
  if (!latticeBytes) return USUAL_BYTES;
  const interval = latticeBytes * Math.max(1, Math.round(USUAL_BYTES / latticeBytes));
  return interval <= LARGEST_BYTES ? interval : USUAL_BYTES;
}
