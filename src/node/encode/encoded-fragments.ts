import type { AudioItem } from '../../core/audio-item.ts';
import type { Discontinuity, Fragment, MetadataMark, TrackMetadata } from '../../core/fragment.ts';
import type { Frame } from '../../media/framer.ts';

/** A title on its way: it holds from a time of the encoded audio on. */
interface DueTitle {
  readonly atUs: number;
  readonly metadata: TrackMetadata;
}

/** A fragment of encoded audio and its frames, for who takes those. */
export interface EncodedFragment {
  readonly fragment: Fragment;
  readonly items: readonly AudioItem[];
}

/**
 * Makes fragments of encoded frames: one for each fragment of the source, with the titles of the source at the frames
 * that carry the same time. Fragments of the source that are encoded already are passed on, numbered anew.
 */
export class EncodedFragments {
  readonly #epoch: string;
  #sequence = 0;
  #mediaTimeUs = 0;
  #byte = 0;
  /** Audio that went into the encoder, and that came out of it, since it began. */
  #takenUs = 0;
  #givenUs = 0;
  #titles: DueTitle[] = [];
  #metadata: TrackMetadata | undefined;
  #discontinuity: Discontinuity | undefined;
  #source: Fragment | undefined;

  /** @param epoch names the run of the encoded bytes */
  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** Another encoder begins. */
  restart(): void {
    this.#takenUs = 0;
    this.#givenUs = 0;
    // Titles of audio that never came out hold for what comes now.
    const last = this.#titles.at(-1);
    this.#titles = last ? [{ ...last, atUs: 0 }] : [];
  }

  /** The encoder is handed this fragment: its titles wait for the frames of their time. */
  taken(source: Fragment): void {
    this.#source = source;
    if (source.sequence > 1) this.#discontinuity ??= source.discontinuity;
    if (this.#takenUs === 0 && source.openingMetadata && this.#titles.length === 0) {
      this.#titles.push({ atUs: 0, metadata: source.openingMetadata });
    }
    for (const { offset, metadata } of source.metadata) {
      const withinUs = (source.durationUs * offset) / Math.max(1, source.data.length);
      this.#titles.push({ atUs: this.#takenUs + withinUs, metadata });
    }
    this.#takenUs += source.durationUs;
  }

  /** What is encoded by now; undefined when that is nothing. Frames of one call have one format. */
  given(frames: readonly Frame[]): EncodedFragment | undefined {
    const source = this.#source;
    if (frames.length === 0 || !source) return undefined;
    // The encoder is behind by what it looks ahead.
    const startTimeUs = source.startTimeUs + source.durationUs - (this.#takenUs - this.#givenUs);
    const frameOffsets: number[] = [];
    const marks: MetadataMark[] = [];
    let openingMetadata = this.#metadata;
    let bytes = 0;
    let durationUs = 0;
    for (const frame of frames) {
      const metadata = this.#titleAt(this.#givenUs + durationUs);
      if (metadata) marks.push({ offset: bytes, metadata });
      if (bytes === 0) openingMetadata = this.#metadata;
      frameOffsets.push(bytes);
      bytes += frame.data.length;
      durationUs += frame.durationUs;
    }
    this.#givenUs += durationUs;
    const data = Buffer.concat(frames.map((frame) => frame.data));
    const { format } = frames[0]!;
    const told = { frameOffsets, metadata: marks, openingMetadata, startTimeUs };
    return this.#number({ ...source, ...told, data, durationUs, format, discontinuity: this.#takeDiscontinuity() });
  }

  /** Audio that is not encoded here. */
  passed(source: Fragment): EncodedFragment {
    this.#metadata = source.metadata.at(-1)?.metadata ?? source.openingMetadata ?? this.#metadata;
    const discontinuity = this.#takeDiscontinuity() ?? source.discontinuity;
    return this.#number({ ...source, discontinuity });
  }

  /** Audio is missing before the next fragment. */
  lost(discontinuity: Discontinuity): void {
    this.#discontinuity = discontinuity;
  }

  #takeDiscontinuity(): Discontinuity | undefined {
    const discontinuity = this.#discontinuity;
    this.#discontinuity = undefined;
    return discontinuity;
  }

  #titleAt(atUs: number): TrackMetadata | undefined {
    let due: TrackMetadata | undefined;
    while (this.#titles[0] && this.#titles[0].atUs <= atUs) due = this.#titles.shift()!.metadata;
    if (due) this.#metadata = due;
    return due;
  }

  #number(fragment: Fragment): EncodedFragment {
    const numbered: Fragment = {
      ...fragment,
      sequence: ++this.#sequence,
      mediaTimeUs: this.#mediaTimeUs,
      originEpoch: this.#epoch,
      originByte: this.#byte,
    };
    this.#mediaTimeUs += numbered.durationUs;
    this.#byte += numbered.data.length;
    return { fragment: numbered, items: itemsOf(numbered) };
  }
}

function itemsOf(fragment: Fragment): AudioItem[] {
  const { data, format, frameOffsets, metadata, durationUs, originEpoch, originByte } = fragment;
  const starts = frameOffsets.length > 0 ? frameOffsets : [0];
  let holding = fragment.openingMetadata;
  let mark = 0;
  return starts.map((start, index) => {
    for (; metadata[mark] && metadata[mark]!.offset <= start; mark++) holding = metadata[mark]!.metadata;
    return {
      data: data.subarray(start, starts[index + 1] ?? data.length),
      durationUs: durationUs / starts.length,
      format,
      metadata: holding,
      discontinuity: index === 0 ? fragment.discontinuity : undefined,
      origin: { epoch: originEpoch, byte: originByte + start },
    };
  });
}
