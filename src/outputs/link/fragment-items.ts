import type { AudioItem } from '../../core/audio-item.ts';
import type { Fragment, TrackMetadata } from '../../core/fragment.ts';

/** The frames of a fragment; its time is shared out among them by their number, opaque bytes are one piece between titles. */
export function itemsOf(fragment: Fragment): AudioItem[] {
  const { data, format, frameOffsets, metadata, durationUs, originEpoch, originByte } = fragment;
  const isOpaque = frameOffsets.length === 0;
  const starts = isOpaque ? [...new Set([0, ...metadata.map(({ offset }) => offset)])] : frameOffsets;
  let holding: TrackMetadata | undefined = fragment.openingMetadata;
  let mark = 0;
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? data.length;
    for (; mark < metadata.length && metadata[mark]!.offset <= start; mark++) holding = metadata[mark]!.metadata;
    return {
      data: data.subarray(start, end),
      durationUs: durationUs * (isOpaque ? (end - start) / data.length : 1 / starts.length),
      format,
      metadata: holding,
      discontinuity: index === 0 ? fragment.discontinuity : undefined,
      origin: { epoch: originEpoch, byte: originByte + start },
    };
  });
}
