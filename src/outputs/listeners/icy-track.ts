import type { TrackMetadata } from '../../core/fragment.ts';
import { interleave, nextPosition } from '../../protocols/icy/interleaver.ts';
import { encodeMetadataBlock, UNCHANGED_BLOCK } from '../../protocols/icy/metadata-block.ts';
import { metadataAt, type WireBatch } from './wire-batch.ts';

/** Where a listener with inline metadata stands; listeners with equal tracks are sent the same bytes. */
export interface IcyTrack {
  /** Audio bytes between two metadata blocks. */
  readonly metaint: number;
  /** Audio bytes since the last block, 0 to metaint. */
  position: number;
  /** The metadata that was sent last; undefined before the first block. */
  shown: TrackMetadata | undefined;
}

const blocks = new WeakMap<TrackMetadata, Buffer>();

function blockOf(metadata: TrackMetadata): Buffer {
  let block = blocks.get(metadata);
  if (!block) {
    block = encodeMetadataBlock(metadata);
    blocks.set(metadata, block);
  }
  return block;
}

/** The bytes of a batch with metadata blocks inside; moves the track on. */
export function interleaveBatch(batch: WireBatch, track: IcyTrack): Buffer {
  const data = interleave(batch.data, track.position, track.metaint, (offset) => {
    const metadata = metadataAt(batch, offset);
    if (!metadata || metadata === track.shown) return UNCHANGED_BLOCK;
    track.shown = metadata;
    return blockOf(metadata);
  });
  track.position = nextPosition(track.position, batch.data.length, track.metaint);
  return data;
}
