import { coarsen } from './block-digests.ts';
import type { GapList } from './gap-list.ts';
import type { PcmAccount } from './pcm-hasher.ts';

/** Sample frames: the first one's position, and how many. */
export type FrameRange = readonly [start: number, frames: number];

/** How what was recorded of a track compares to what was sent. */
export interface PcmComparison {
  /** Every sample is there, at its place. */
  readonly isIdentical: boolean;
  /** How much later the recording has it; null when nothing of it is recognised. */
  readonly offsetFrames: number | null;
  /** Frames in blocks that were compared and are equal. */
  readonly equalFrames: number;
  /** Blocks that differ although nothing in them is known to be missing; the first 100. */
  readonly differences: readonly FrameRange[];
}

const MAX_DIFFERENCES = 100;

/**
 * Compares by hashes. Where these differ, by the hashes of blocks, whose size is as exact as a difference can be told.
 * @param gaps what is known to be missing in the recording
 */
export function comparePcm(sent: PcmAccount, recorded: PcmAccount, gaps: GapList): PcmComparison {
  if (sent.sha256 === recorded.sha256 && sent.frames === recorded.frames) {
    const offsetFrames = recorded.startFrame - sent.startFrame;
    return { isIdentical: offsetFrames === 0, offsetFrames, equalFrames: sent.frames, differences: [] };
  }
  const blocks = compareBlocks(sent, recorded);
  const unexplained = blocks.different.filter(([start, frames]) => !gaps.touches(start, start + frames));
  const isSameSpan = sent.startFrame === recorded.startFrame && sent.frames === recorded.frames;
  const edges = isSameSpan && blocks.different.length === 0 ? edgesOf(sent, blocks, gaps) : [];
  return {
    isIdentical: false,
    offsetFrames: blocks.equalFrames > 0 ? 0 : null,
    equalFrames: blocks.equalFrames,
    differences: [...joined(unexplained), ...edges].slice(0, MAX_DIFFERENCES),
  };
}

interface BlockComparison {
  readonly equalFrames: number;
  readonly different: readonly FrameRange[];
  /** The first position that was compared, and the one after the last; undefined when none was. */
  readonly compared: { readonly start: number; readonly end: number } | undefined;
}

function compareBlocks(sent: PcmAccount, recorded: PcmAccount): BlockComparison {
  const frames = Math.max(sent.blocks.frames, recorded.blocks.frames);
  const left = coarsen(sent.blocks, frames);
  const right = coarsen(recorded.blocks, frames);
  const first = Math.max(left.first, right.first);
  const end = Math.min(left.first + left.digests.length, right.first + right.digests.length);
  const different: FrameRange[] = [];
  let compared: BlockComparison['compared'];
  let equalFrames = 0;
  for (let block = first; block < end; block++) {
    const one = left.digests[block - left.first];
    const other = right.digests[block - right.first];
    if (!one || !other) continue;
    compared = { start: compared?.start ?? block * frames, end: (block + 1) * frames };
    if (one === other) equalFrames += frames;
    else different.push([block * frames, frames]);
  }
  return { equalFrames, different, compared };
}

/**
 * Where all whole blocks of the same span are equal and the hashes differ: it is before or after them. None where
 * something there is known to be missing, which explains it.
 */
function edgesOf(sent: PcmAccount, { compared }: BlockComparison, gaps: GapList): readonly FrameRange[] {
  const { startFrame } = sent;
  const end = startFrame + sent.frames;
  const { start: from, end: to } = compared ?? { start: end, end };
  const edges: FrameRange[] = [
    [startFrame, from - startFrame],
    [to, end - to],
  ];
  const open = edges.filter(([, frames]) => frames > 0);
  return open.some(([start, frames]) => gaps.touches(start, start + frames)) ? [] : open;
}

function joined(ranges: readonly FrameRange[]): FrameRange[] {
  const result: [number, number][] = [];
  for (const [start, frames] of ranges) {
    const last = result.at(-1);
    if (last && last[0] + last[1] === start) last[1] += frames;
    else result.push([start, frames]);
  }
  return result;
}
