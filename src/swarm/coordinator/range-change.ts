import { chunksCovered, chunksTouched } from '../../protocols/pdtp/chunks.ts';
import type { RangeMessage } from '../../protocols/pdtp/messages.ts';
import type { ChunkRun } from './chunk-set.ts';
import type { Holding, Member } from './member.ts';
import type { SharedFile } from './shared-file.ts';

/** The chunks that a range means; of a live stream only the publisher gives what is still to come. */
export function runOf({ type, range = {} }: RangeMessage, file: SharedFile, isInside: boolean): ChunkRun {
  if (file.isStreaming && range.max === undefined && (type !== 'provide' || isInside)) {
    const first = Math.max(file.firstChunk, Math.floor((range.min ?? 0) / file.chunkSize));
    return { first, end: Number.POSITIVE_INFINITY };
  }
  const { first, end } = type === 'provide' ? chunksCovered(file, range) : chunksTouched(file, range);
  return { first: Math.max(first, file.firstChunk), end };
}

/** A member wants or gives these chunks of a file, or no longer does. Throws RangeError for too many pieces. */
export function changeHolding(
  member: Member,
  holding: Holding,
  type: RangeMessage['type'],
  { first, end }: ChunkRun,
): void {
  const { requested, open, gives } = holding;
  if (type === 'provide') gives.add(first, end);
  else if (type === 'unprovide') gives.remove(first, end);
  else if (type === 'request') {
    requested.add(first, end);
    open.add(first, end);
    for (const { sharedFile, chunk } of member.taking) if (sharedFile === holding.file) open.remove(chunk);
  } else {
    requested.remove(first, end);
    open.remove(first, end);
  }
}
