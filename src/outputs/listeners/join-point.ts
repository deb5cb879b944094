import { endMediaTimeUs, type Fragment, type StreamFormat } from '../../core/fragment.ts';
import type { FragmentBuffer } from '../../core/fragment-buffer.ts';

/** Where a new listener begins. */
export interface JoinPoint {
  readonly fragment: Fragment;
  /** Byte in the fragment, at a codec frame. */
  readonly offset: number;
}

/** How far before the burst's start a join may move to share its bytes with others. */
const SLACK_US = 1_300_000;

/**
 * Finds where a new listener begins: the codec frame `burstMs` before the end of `newest` (later where another
 * kind of audio was played until then, which the answer's content type would not fit), or one a little earlier that `prefers` likes, given the bytes from there to the end of
 * `newest` (codec headers of format changes on the way included).
 */
export function findJoinPoint(
  buffer: FragmentBuffer,
  newest: Fragment,
  burstMs: number,
  prefers?: { any: () => number | undefined; bytesToEnd: (bytes: number) => boolean; interval: number },
): JoinPoint {
  const startUs = endMediaTimeUs(newest) - burstMs * 1000;
  let wanted = newest;
  while (wanted.mediaTimeUs > startUs) {
    const before = fragmentBefore(buffer, wanted);
    if (!before) break;
    wanted = before;
  }
  if (!prefers || burstMs === 0) return { fragment: wanted, offset: 0 };
  let bytes = 0;
  for (let fragment: Fragment | undefined = newest; fragment; ) {
    const toEndOfFragment = bytes;
    bytes += fragment.data.length;
    if (fragment.sequence <= wanted.sequence) {
      const offset = preferredOffset(fragment, toEndOfFragment, prefers, lastOffset(fragment, startUs));
      if (offset !== undefined) return { fragment, offset };
      if (fragment.mediaTimeUs < startUs - SLACK_US) break;
    }
    const before = fragmentBefore(buffer, fragment);
    if (before && before.format !== fragment.format) {
      if (fragment.sequence <= wanted.sequence) break;
      bytes += fragment.format.headers.length;
    }
    fragment = before;
  }
  return { fragment: wanted, offset: 0 };
}

/** What `findJoinPoint` may be told to prefer. */
type Preference = NonNullable<Parameters<typeof findJoinPoint>[3]>;

/** The byte up to which a join gives no less than the burst, at the fragment's mean bitrate. */
function lastOffset({ data, mediaTimeUs, durationUs }: Fragment, startUs: number): number {
  const aheadUs = startUs - mediaTimeUs;
  if (aheadUs <= 0) return 0;
  return aheadUs >= durationUs ? data.length : (data.length * aheadUs) / durationUs;
}

function preferredOffset(
  fragment: Fragment,
  toEndOfFragment: number,
  prefers: Preference,
  maxOffset: number,
): number | undefined {
  const headers = fragment.format.headers.length;
  if (fragment.format.codec === 'opaque') {
    const rest = prefers.any();
    if (rest === undefined) return undefined;
    // Opaque bytes may begin anywhere: choose the last byte that leaves `rest` modulo the interval.
    const excess =
      (((toEndOfFragment + fragment.data.length - rest) % prefers.interval) + prefers.interval) % prefers.interval;
    return excess < fragment.data.length && excess <= maxOffset ? excess : undefined;
  }
  for (let index = fragment.frameOffsets.length - 1; index >= 0; index--) {
    const offset = fragment.frameOffsets[index]!;
    if (offset <= maxOffset && prefers.bytesToEnd(headers + toEndOfFragment + fragment.data.length - offset))
      return offset;
  }
  return undefined;
}

/** The fragment before, if one decoder can play both under one content type. */
function fragmentBefore(buffer: FragmentBuffer, fragment: Fragment): Fragment | undefined {
  const before = buffer.get(fragment.sequence - 1);
  return before && isSameKind(before.format, fragment.format) ? before : undefined;
}

function isSameKind(a: StreamFormat, b: StreamFormat): boolean {
  if (a === b) return true;
  const isSameSound = a.codec === b.codec && a.sampleRate === b.sampleRate && a.channels === b.channels;
  return isSameSound && a.contentType === b.contentType;
}
