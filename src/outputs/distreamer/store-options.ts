import { z } from 'zod';
import { sizeBytes } from '../../modules/values.ts';

const MIN_FRAGMENT_BYTES = 256;
const MAX_FRAGMENT_BYTES = 4 * 2 ** 20;

/** Options that all outputs have which send DiStreamer fragments. */
export const STORE_OPTIONS = {
  fragmentSize: sizeBytes()
    .refine((bytes) => bytes >= MIN_FRAGMENT_BYTES && bytes <= MAX_FRAGMENT_BYTES, 'must be from 256B to 4MiB')
    .optional()
    .describe('Bytes of a fragment on the line; default: one for each fragment of the stream.'),
  fragments: z
    .int()
    .min(1)
    .max(65_536)
    .optional()
    .describe('Most fragments offered; default: all that the stream’s buffer holds.'),
  metadataInterval: z
    .int()
    .min(0)
    .max(1_048_576)
    .default(16_000)
    .describe('Audio bytes between two titles in the fragments; 0 for none. Ogg streams carry their own.'),
};

/** What `STORE_OPTIONS` give. */
export interface StoreOptions {
  readonly fragmentSize?: number | undefined;
  readonly fragments?: number | undefined;
  readonly metadataInterval: number;
}
