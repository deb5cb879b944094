/**
 * Puts ICY metadata blocks into audio for one listener. The count starts with the first byte of the body, burst
 * included. A block that is due goes before the next audio byte, so that it tells the title of that byte.
 * @module
 */

/** Gives the block (length byte included) that goes before the audio byte at that offset. */
export type MetadataAt = (audioOffset: number) => Buffer;

/** Where the listener stands after `audioBytes` more: 0 to `metaint`; `metaint` means that a block is due. */
export function nextPosition(position: number, audioBytes: number, metaint: number): number {
  return audioBytes === 0 ? position : ((position + audioBytes - 1) % metaint) + 1;
}

/**
 * The audio with its metadata blocks as parts: views on `audio` and the buffers that `metadataAt` gave.
 * @param position audio bytes sent since the last block (see `nextPosition`); 0 for a new listener
 */
export function interleaveParts(audio: Buffer, position: number, metaint: number, metadataAt: MetadataAt): Buffer[] {
  const parts: Buffer[] = [];
  let left = metaint - position;
  let at = 0;
  while (at < audio.length) {
    if (left === 0) {
      parts.push(metadataAt(at));
      left = metaint;
    }
    const end = Math.min(audio.length, at + left);
    parts.push(at === 0 && end === audio.length ? audio : audio.subarray(at, end));
    left -= end - at;
    at = end;
  }
  return parts;
}

/** As `interleaveParts`, in one buffer of its own (or `audio` itself when no block falls into it). */
export function interleave(audio: Buffer, position: number, metaint: number, metadataAt: MetadataAt): Buffer {
  const parts = interleaveParts(audio, position, metaint, metadataAt);
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
