import type { Fragment, MetadataMark, StreamFormat, TrackMetadata } from '../../core/fragment.ts';

/** What every listener at the live edge is sent next: audio with codec headers where the format changes. */
export interface WireBatch {
  /** Shared by all listeners; never written to. */
  readonly data: Buffer;
  /** Metadata that holds at byte 0. */
  readonly opening: TrackMetadata | undefined;
  /** Metadata changes inside, ascending. */
  readonly marks: readonly MetadataMark[];
  /** The format of the last byte. */
  readonly format: StreamFormat | undefined;
}

/**
 * Joins fragments for the wire.
 * @param format the format that the listener's decoder has now; its headers are not sent again
 * @param skipBytes bytes left out at the start of the first fragment
 */
export function joinFragments(
  fragments: Iterable<Fragment>,
  format: StreamFormat | undefined,
  skipBytes = 0,
): WireBatch {
  const parts: Buffer[] = [];
  const marks: MetadataMark[] = [];
  let opening: TrackMetadata | undefined;
  let current = format;
  let bytes = 0;
  let skip = skipBytes;
  let first = true;
  for (const fragment of fragments) {
    if (fragment.format !== current) {
      current = fragment.format;
      if (current.headers.length > 0) parts.push(current.headers);
      bytes += current.headers.length;
    }
    if (first) opening = fragment.openingMetadata;
    for (const { offset, metadata } of fragment.metadata) {
      if (first && offset <= skip) opening = metadata;
      else marks.push({ offset: bytes + offset - skip, metadata });
    }
    parts.push(skip > 0 ? fragment.data.subarray(skip) : fragment.data);
    bytes += fragment.data.length - skip;
    skip = 0;
    first = false;
  }
  const data = parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes);
  return { data, opening, marks, format: current };
}

/** The metadata that holds at a byte of a batch. */
export function metadataAt(batch: WireBatch, offset: number): TrackMetadata | undefined {
  let metadata = batch.opening;
  for (const mark of batch.marks) {
    if (mark.offset > offset) break;
    metadata = mark.metadata;
  }
  return metadata;
}
