/**
 * Compares the ledgers of two ends: is what both should have the same, and where not.
 * @module
 */
import type { LedgerBlock, LedgerSnapshot } from './ledger.ts';
import { RangeSet } from './range-set.ts';

/** A place where two ledgers differ. */
export interface LedgerDifference {
  /** `only-...`: the other end lacks it; `repeated-...`: that end has it more than once. */
  readonly kind: 'different' | 'only-first' | 'only-second' | 'repeated-first' | 'repeated-second';
  readonly epoch: string;
  readonly firstByte: number;
  readonly endByte: number;
  /** When that audio was accounted at the end that has it, UTC in milliseconds; to a block. */
  readonly utcMs: number;
  /** Why it is missing, as the ledger that lacks it says; undefined: it names no gap there. */
  readonly cause: string | undefined;
}

/** What a comparison found. */
export interface LedgerComparison {
  readonly differences: readonly LedgerDifference[];
  /** Audio whose hash is the same at both ends. */
  readonly identicalBytes: number;
  /**
   * Audio that both ends have under hashes of other lengths: the first block, the last, and those beside a gap. It
   * counts as no difference.
   */
  readonly uncomparedBytes: number;
  /** Runs of audio with a hash that is the same at both ends, in the order of the first ledger. */
  readonly epochs: readonly string[];
  /** When the first and the last block that both ends have came to the first end; undefined: they share none. */
  readonly fromUtcMs: number | undefined;
  readonly toUtcMs: number | undefined;
}

/** A block, cut to the span that both ledgers should have. */
interface Piece {
  readonly block: LedgerBlock;
  readonly start: number;
  readonly end: number;
}

type Blocks = readonly LedgerBlock[];
type Coverage = ReadonlyMap<string, RangeSet>;

/**
 * Compares what both ledgers should have: from the later of their beginnings to the earlier of their ends, whatever
 * runs of audio (epochs) lie between. Blocks of the same bytes are compared by their hash; of all others only whether
 * both ends have the bytes.
 */
export function compareLedgers(first: LedgerSnapshot, second: LedgerSnapshot): LedgerComparison {
  const firstPieces = commonSpan(first.blocks, second.blocks);
  const secondPieces = commonSpan(second.blocks, first.blocks);
  const hashed = compareHashes(firstPieces, second.blocks);
  const onlyFirst = missing(firstPieces, second, 'only-first');
  const found = [
    ...hashed.differences,
    ...onlyFirst,
    ...missing(secondPieces, first, 'only-second'),
    ...repeated(firstPieces, 'repeated-first'),
    ...repeated(secondPieces, 'repeated-second'),
  ];
  const bytes = totalBytes(coverageOf(firstPieces));
  const known = hashed.identicalBytes + sizeOf(hashed.differences) + sizeOf(onlyFirst);
  return {
    differences: inOrder(found, [...first.blocks, ...second.blocks]),
    identicalBytes: hashed.identicalBytes,
    uncomparedBytes: Math.max(0, bytes - known),
    epochs: hashed.epochs,
    fromUtcMs: firstPieces[0]?.block.utcMs,
    toUtcMs: firstPieces.at(-1)?.block.utcMs,
  };
}

function endOf(block: LedgerBlock): number {
  return block.firstByte + block.bytes;
}

/** The blocks of `own` from where `other` begins to where it ends; none when the two share no epoch. */
function commonSpan(own: Blocks, other: Blocks): Piece[] {
  const epochs = new Set(own.map(({ epoch }) => epoch));
  const begin = other.find(({ epoch }) => epochs.has(epoch));
  const end = other.findLast(({ epoch }) => epochs.has(epoch));
  if (!begin || !end) return [];
  // Where own audio of that epoch ends before the other's begins, the span begins behind it; so at the end.
  let from = own.findIndex((block) => block.epoch === begin.epoch && endOf(block) > begin.firstByte);
  if (from < 0) from = own.findLastIndex(({ epoch }) => epoch === begin.epoch) + 1;
  let to = own.findLastIndex((block) => block.epoch === end.epoch && block.firstByte < endOf(end));
  if (to < 0) to = own.findIndex(({ epoch }) => epoch === end.epoch) - 1;
  return own.slice(from, to + 1).map((block, index, span) => ({
    block,
    start: index === 0 && block.epoch === begin.epoch ? Math.max(block.firstByte, begin.firstByte) : block.firstByte,
    end: index === span.length - 1 && block.epoch === end.epoch ? Math.min(endOf(block), endOf(end)) : endOf(block),
  }));
}

function compareHashes(pieces: readonly Piece[], blocks: Blocks) {
  const nameOf = ({ epoch, firstByte, bytes }: LedgerBlock) => `${epoch} ${firstByte} ${bytes}`;
  const others = new Map(blocks.map((block) => [nameOf(block), block]));
  const differences: LedgerDifference[] = [];
  const epochs = new Set<string>();
  let identicalBytes = 0;
  for (const { block } of pieces) {
    const name = nameOf(block);
    const other = others.get(name);
    if (!other) continue;
    others.delete(name); // once, also where the first end repeats it
    if (other.sha256 === block.sha256) {
      identicalBytes += block.bytes;
      epochs.add(block.epoch);
    } else differences.push(difference('different', block, block.firstByte, endOf(block)));
  }
  return { differences, identicalBytes, epochs: [...epochs] };
}

/** What `pieces` hold and `other` does not. */
function missing(pieces: readonly Piece[], other: LedgerSnapshot, kind: LedgerDifference['kind']): LedgerDifference[] {
  const coverage = coverageOf(other.blocks.map(wholePiece));
  const causes = new Map(other.gaps.map(({ epoch, atByte, cause }) => [`${epoch} ${atByte}`, cause]));
  const found: LedgerDifference[] = [];
  for (const { block, start, end } of pieces) {
    const held = coverage.get(block.epoch) ?? new RangeSet();
    for (const hole of held.missing(start, end)) {
      const before = found.at(-1);
      if (before?.epoch === block.epoch && before.endByte === hole.start) {
        found[found.length - 1] = { ...before, endByte: hole.end };
      } else found.push(difference(kind, block, hole.start, hole.end, causes.get(`${block.epoch} ${hole.start}`)));
    }
  }
  return found;
}

/** What `pieces` hold more than once. */
function repeated(pieces: readonly Piece[], kind: LedgerDifference['kind']): LedgerDifference[] {
  const seen = new Map<string, RangeSet>();
  const found: LedgerDifference[] = [];
  for (const { block, start, end } of pieces) {
    const held = rangesOf(seen, block.epoch);
    if (held.add(start, end) < end - start) found.push(difference(kind, block, start, end));
  }
  return found;
}

function difference(
  kind: LedgerDifference['kind'],
  { epoch, utcMs }: LedgerBlock,
  firstByte: number,
  endByte: number,
  cause?: string,
): LedgerDifference {
  return { kind, epoch, firstByte, endByte, utcMs, cause };
}

function wholePiece(block: LedgerBlock): Piece {
  return { block, start: block.firstByte, end: endOf(block) };
}

function coverageOf(pieces: readonly Piece[]): Coverage {
  const coverage = new Map<string, RangeSet>();
  for (const { block, start, end } of pieces) rangesOf(coverage, block.epoch).add(start, end);
  return coverage;
}

function rangesOf(coverage: Map<string, RangeSet>, epoch: string): RangeSet {
  const known = coverage.get(epoch);
  if (known) return known;
  const made = new RangeSet();
  coverage.set(epoch, made);
  return made;
}

function totalBytes(coverage: Coverage): number {
  let total = 0;
  for (const ranges of coverage.values()) total += ranges.total;
  return total;
}

function sizeOf(differences: readonly LedgerDifference[]): number {
  return differences.reduce((sum, { firstByte, endByte }) => sum + endByte - firstByte, 0);
}

/** By the order in which the epochs came, then by byte. */
function inOrder(differences: readonly LedgerDifference[], blocks: Blocks): LedgerDifference[] {
  const places = new Map<string, number>();
  for (const { epoch } of blocks) if (!places.has(epoch)) places.set(epoch, places.size);
  return [...differences].sort(
    (a, b) => (places.get(a.epoch) ?? 0) - (places.get(b.epoch) ?? 0) || a.firstByte - b.firstByte,
  );
}
