import type { AudioItem } from '../../core/audio-item.ts';
import type { Discontinuity, Fragment, MetadataMark, StreamFormat, TrackMetadata } from '../../core/fragment.ts';

/** UTC of a fragment may lag this far behind the time of its arrival before it is set anew. */
const MAX_LAG_US = 1_000_000;
/** And run this far ahead of it (a burst, a file's lead). */
const MAX_LEAD_US = 120_000_000;
/** Frames that claim to last no time must not make one fragment without end. */
const MAX_FRAGMENT_BYTES = 2 ** 20;
/** A second of audio has at most four titles, as have updates by request; of more the last of a fragment counts. */
const MS_PER_TITLE = 250;
/** Parts that wait to be joined; each costs more than its bytes when they are few. */
const MAX_PARTS = 4096;

/** Options of a fragment assembler. */
export interface AssemblerOptions {
  readonly fragmentMs: number;
  /** The run of what begins its way here. */
  readonly epoch: string;
  readonly utcMs: () => number;
  /** Takes each finished fragment. */
  readonly emit: (fragment: Fragment) => void;
}

/** Puts frames together to fragments of equal length, cut at frame borders. The data is copied once, here. */
export class FragmentAssembler {
  readonly #options: AssemblerOptions;
  readonly #maxMarks: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #durationUs = 0;
  #offsets: number[] = [];
  #marks: MetadataMark[] = [];
  #format: StreamFormat | undefined;
  #discontinuity: Discontinuity | undefined;
  #openingMetadata: TrackMetadata | undefined;
  #metadata: TrackMetadata | undefined;
  #sequence = 0;
  #mediaTimeUs = 0;
  #nextStartUs: number | undefined;
  #generation = 1;
  #originEpoch: string;
  /** In that run, the byte after the newest. */
  #originByte = 0;
  /** Audio that began its way here, in bytes. */
  #ownBytes = 0;

  constructor(options: AssemblerOptions) {
    this.#options = options;
    this.#maxMarks = Math.ceil(options.fragmentMs / MS_PER_TITLE);
    this.#originEpoch = options.epoch;
  }

  /** The run of the source that is being assembled. */
  get generation(): number {
    return this.#generation;
  }

  /** The bytes that are not yet part of a fragment. */
  get pending(): readonly Buffer[] {
    return this.#parts;
  }

  /** The newest metadata, also that of a fragment not finished yet. */
  get metadata(): TrackMetadata | undefined {
    return this.#metadata;
  }

  /** The next items to push, each with its origin: what begins its way here gets the place that it will have. */
  placed(items: readonly AudioItem[]): readonly AudioItem[] {
    const { epoch } = this.#options;
    let byte = this.#ownBytes;
    return items.map((item) => {
      if (item.origin) return item;
      const placed = { ...item, origin: { epoch, byte } };
      byte += item.data.length;
      return placed;
    });
  }

  push(item: AudioItem): void {
    if (item.discontinuity || item.format !== this.#format) this.flush();
    if (item.discontinuity) {
      this.#discontinuity = item.discontinuity;
      if (this.#sequence > 0) this.#generation++;
    }
    this.#format = item.format;
    this.#enterRun(item);
    if (item.format.codec === 'opaque') this.#pushOpaque(item);
    else this.#add(item.data, item.durationUs, item.metadata);
  }

  /** Ends the current fragment although it is not full. */
  flush(): void {
    if (this.#bytes === 0) return;
    const arrivalUs = Math.round(this.#options.utcMs() * 1000 - this.#durationUs);
    let startTimeUs = this.#nextStartUs ?? arrivalUs;
    if (startTimeUs < arrivalUs - MAX_LAG_US || startTimeUs > arrivalUs + MAX_LEAD_US) startTimeUs = arrivalUs;
    const fragment: Fragment = {
      generation: this.#generation,
      sequence: ++this.#sequence,
      data: this.#parts.length === 1 ? Buffer.from(this.#parts[0]!) : Buffer.concat(this.#parts, this.#bytes),
      format: this.#format!,
      startTimeUs,
      durationUs: this.#durationUs,
      mediaTimeUs: this.#mediaTimeUs,
      frameOffsets: this.#offsets,
      metadata: this.#marks,
      openingMetadata: this.#openingMetadata,
      discontinuity: this.#discontinuity,
      originEpoch: this.#originEpoch,
      originByte: this.#originByte - this.#bytes,
    };
    this.#nextStartUs = startTimeUs + this.#durationUs;
    this.#mediaTimeUs += this.#durationUs;
    this.#parts = [];
    this.#bytes = 0;
    this.#durationUs = 0;
    this.#offsets = [];
    this.#marks = [];
    this.#discontinuity = undefined;
    this.#options.emit(fragment);
  }

  /** Where the item lies in its run; what does not follow there begins a new fragment. */
  #enterRun({ data, origin }: AudioItem): void {
    const epoch = origin?.epoch ?? this.#options.epoch;
    const byte = origin?.byte ?? this.#ownBytes;
    if (!origin) this.#ownBytes += data.length;
    if (epoch === this.#originEpoch && byte === this.#originByte) return;
    this.flush();
    this.#originEpoch = epoch;
    this.#originByte = byte;
  }

  #add(data: Buffer, durationUs: number, metadata: TrackMetadata | undefined): void {
    if (metadata && !sameMetadata(metadata, this.#metadata)) {
      this.#metadata = metadata;
      if (this.#marks.length === this.#maxMarks) this.#marks.pop();
      this.#marks.push({ offset: this.#bytes, metadata });
    }
    if (this.#bytes === 0) this.#openingMetadata = this.#metadata;
    if (this.#format!.codec !== 'opaque') this.#offsets.push(this.#bytes);
    if (this.#parts.length === MAX_PARTS) this.#parts = [Buffer.concat(this.#parts, this.#bytes)];
    this.#parts.push(data);
    this.#bytes += data.length;
    this.#originByte += data.length;
    this.#durationUs += durationUs;
    if (this.#durationUs >= this.#options.fragmentMs * 1000 || this.#bytes >= MAX_FRAGMENT_BYTES) this.flush();
  }

  /** Opaque bytes have no borders: they are cut where the fragment is full. */
  #pushOpaque(item: AudioItem): void {
    const usPerByte = item.durationUs / item.data.length;
    let metadata = item.metadata;
    for (let offset = 0; offset < item.data.length; ) {
      const roomUs = this.#options.fragmentMs * 1000 - this.#durationUs;
      const room = usPerByte > 0 ? Math.max(1, Math.ceil(roomUs / usPerByte)) : item.data.length;
      const part = item.data.subarray(offset, offset + room);
      this.#add(part, part.length * usPerByte, metadata);
      metadata = undefined;
      offset += part.length;
    }
  }
}

/** Whether two sets of metadata show the same to a listener. */
export function sameMetadata(a: TrackMetadata | undefined, b: TrackMetadata | undefined): boolean {
  if (a === b) return true;
  return a?.title === b?.title && a?.artist === b?.artist && a?.url === b?.url;
}
