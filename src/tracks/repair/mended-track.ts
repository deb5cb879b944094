import type { ServedFlowInfo, SoundPiece } from '../../protocols/repair/messages.ts';
import { GapList } from '../proof/gap-list.ts';
import type { TakeTrack } from '../proof/take-schema.ts';
import { type PlacedTrack, placeTrack, type Wanted, wantedOf } from './place-track.ts';
import type { RecordedFile } from './recorded-file.ts';

/** Pieces of one flow that are asked for together. */
export interface Batch {
  readonly flow: number;
  readonly wanted: readonly Wanted[];
  readonly frames: number;
}

/** A track on its way to being whole: its file, and what it misses. */
export class MendedTrack {
  /** As it was when its file was read last. */
  track: TakeTrack;
  readonly file: RecordedFile;
  readonly gaps: GapList;
  /** Sample frames that were fetched. */
  fetched = 0;
  /** Whether it was written to since its file was read. */
  isChanged = false;
  /** Stretches whose sound differs although it was received: they are fetched anew. */
  suspects: readonly (readonly [start: number, frames: number])[] = [];
  readonly #skipped = new Set<number>();

  constructor(track: TakeTrack, file: RecordedFile) {
    this.track = track;
    this.file = file;
    this.gaps = GapList.of(track.gaps);
  }

  /** Where its sound comes from; undefined when these flows have nothing of it. */
  placedIn(flows: readonly ServedFlowInfo[]): PlacedTrack | undefined {
    return placeTrack(this.track, flows);
  }

  /** What to ask for, in batches that fit into an answer each. */
  *batches(
    placed: PlacedTrack,
    flows: readonly ServedFlowInfo[],
    limits: { readonly maxBytes: number; readonly maxPieces: number },
  ): Generator<Batch> {
    const maxFrames = Math.floor(limits.maxBytes / this.file.frameBytes);
    let wanted: Wanted[] = [];
    let frames = 0;
    const stretches = [...this.gaps.entries().map(([start, length]) => [start, length] as const), ...this.suspects];
    for (const stretch of stretches) {
      for (const piece of wantedOf(placed, stretch, flows, maxFrames)) {
        if (this.#skipped.has(piece.position)) continue;
        const isOther = wanted.length > 0 && wanted[0]!.flow !== piece.flow;
        if (isOther || frames + piece.frames > maxFrames || wanted.length === limits.maxPieces) {
          yield { flow: wanted[0]!.flow, wanted, frames };
          wanted = [];
          frames = 0;
        }
        wanted.push(piece);
        frames += piece.frames;
      }
    }
    if (wanted.length > 0) yield { flow: wanted[0]!.flow, wanted, frames };
  }

  /** Puts what came into the file. Throws RECORDING_FAILED. */
  async put({ wanted, frames }: Batch, pcm: Buffer): Promise<void> {
    let at = 0;
    this.isChanged = true;
    for (const { position, frames: length } of wanted) {
      const bytes = length * this.file.frameBytes;
      await this.file.write(position, pcm.subarray(at, at + bytes));
      this.gaps.fill(position, position + length);
      at += bytes;
    }
    this.fetched += frames;
  }

  /** The track with what it misses now, and what it missed before. */
  current(): TakeTrack {
    const before = this.track.gapsBeforeRepair ?? this.track.gaps;
    const history = before.length > 0 ? { gapsBeforeRepair: before } : {};
    return { ...this.track, ...history, gaps: this.gaps.entries() };
  }

  /** The sender cannot give it: it is not asked for again. */
  skip({ wanted }: Batch): void {
    for (const { position } of wanted) this.#skipped.add(position);
  }
}

/** The pieces of a batch as a request has them. */
export function piecesOf({ wanted }: Batch): SoundPiece[] {
  return wanted.map(({ start, frames }) => [start, frames]);
}
