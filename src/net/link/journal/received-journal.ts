import { z } from 'zod';
import type { ChannelPosition } from '../../../protocols/link/receive-channel.ts';
import { isPinned, PINNED_TYPES, type PinnedType } from '../../../protocols/link/stored-record.ts';
import { encodeRecord, RecordReader, type StreamRecord } from '../../../protocols/link/stream-records.ts';
import { type JournalOptions, KeptLog } from './kept-log.ts';
import type { FoundSegment } from './segment-log.ts';

const KIND = 'distream received stream';
const VERSION = 1;
const NUMBERS_AT = 8;
const HEAD_BYTES = 8 + 3 * 8;
const NO_POSITION = -1;

const headerShape = z.object({
  kind: z.literal(KIND),
  version: z.literal(VERSION),
  name: z.string(),
  pinned: z.array(z.base64()).max(PINNED_TYPES.length),
});

type Pinned = ReadonlyMap<PinnedType, StreamRecord>;

/** Records that follow each other without a hole. */
export interface ReceivedRun {
  /** Of the channel. */
  readonly epoch: string;
  /** Audio bytes of that epoch before the first audio record. */
  readonly audioOffset: number;
  readonly records: readonly StreamRecord[];
}

/** What a journal had of a stream. */
export interface KeptReception {
  /** Where the stream goes on. */
  readonly position: ChannelPosition;
  /** Oldest first; the first begins with the format, title, origin and station that hold there. */
  readonly runs: readonly ReceivedRun[];
  /** When it was written last, UTC in milliseconds. */
  readonly writtenMs: number;
}

export interface ReceivedJournalOptions extends JournalOptions {
  /** Of the channel. */
  readonly name: string;
}

/** Keeps what was received of a stream on the disk, so that a process that starts again has its reserve at once. */
export class ReceivedJournal {
  readonly #log: KeptLog;
  readonly #name: string;
  #pinned = new Map<PinnedType, StreamRecord>();
  #timeUs = 0;
  #ticksPerSecond = 1_000_000;
  /** What is being added. */
  #entries: readonly Buffer[] = [];
  /** What was kept before, at most `keepMs` of it. */
  readonly kept: KeptReception | undefined;

  constructor(options: ReceivedJournalOptions) {
    this.#log = new KeptLog(options);
    this.#name = options.name;
    this.kept = this.#restore(this.#log.open(), options.keepMs);
    for (const run of this.kept?.runs ?? []) this.#follow(run.records);
    // A disk that takes nothing for a while leaves a hole: from then on it is as if nothing had been kept before.
    this.#log.whole = () => ({
      timeUs: this.#timeUs,
      entries: this.#entries,
      header: () => this.#header(this.#pinned),
    });
  }

  /** Whether what is added is kept. */
  get isKeeping(): boolean {
    return this.#log.isKeeping;
  }

  /** Takes what was received, and where the stream stands after all of it. Never throws. */
  keep(runs: readonly ReceivedRun[], position: ChannelPosition | undefined): void {
    this.#entries = runs.map((run, index) => encodeRun(run, index === runs.length - 1 ? position : undefined));
    const header = () => this.#header(this.#pinned);
    this.#log.append({ timeUs: this.#timeUs, entries: this.#entries, header });
    this.#entries = [];
    for (const { records } of runs) this.#follow(records);
  }

  close(): void {
    this.#log.close();
  }

  #follow(records: readonly StreamRecord[]): void {
    for (const record of records) {
      pin(this.#pinned, record);
      if (record.type === 'format') this.#ticksPerSecond = record.ticksPerSecond;
      if (record.type === 'audio') this.#timeUs += (record.ticks * 1e6) / this.#ticksPerSecond;
    }
  }

  #header(pinned: Pinned): z.output<typeof headerShape> {
    const records = [...pinned.values()].map((record) => encodeRecord(record, noRepeat()).toString('base64'));
    return { kind: KIND, version: VERSION, name: this.#name, pinned: records };
  }

  #restore(found: readonly FoundSegment[], keepMs: number): KeptReception | undefined {
    const runs: ReceivedRun[] = [];
    let position: ChannelPosition | undefined;
    let complete = 0;
    let isWhole = false;
    for (const { header, entries, isIntact } of found) {
      const parsed = headerShape.safeParse(header).data;
      if (!isWhole) runs.length = complete = 0;
      isWhole = isIntact && parsed?.name === this.#name;
      if (!parsed || parsed.name !== this.#name) continue;
      try {
        if (runs.length === 0) runs.push({ epoch: '', audioOffset: 0, records: parsed.pinned.map(decodePinned) });
        for (const entry of entries) {
          const decoded = decodeRun(entry);
          runs.push(decoded.run);
          if (!decoded.position) continue;
          position = decoded.position;
          complete = runs.length;
        }
      } catch {
        isWhole = false;
      }
      // What came after the last position comes again.
      runs.length = complete;
    }
    const writtenMs = found.at(-1)?.modifiedMs ?? 0;
    return position && { position, runs: newest(runs, keepMs), writtenMs };
  }
}

function noRepeat() {
  return { bytes: 0, ticks: 0 };
}

function pin(pinned: Map<PinnedType, StreamRecord>, record: StreamRecord): void {
  if (isPinned(record)) pinned.set(record.type, record);
}

function encodeRun({ epoch, audioOffset, records }: ReceivedRun, position: ChannelPosition | undefined): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  // A run without audio may be of the epoch before.
  head.write(position?.epoch ?? epoch, 'hex');
  const numbers = [position?.offset ?? NO_POSITION, position?.mediaTimeUs ?? 0, audioOffset];
  for (const [index, value] of numbers.entries()) head.writeDoubleBE(value, NUMBERS_AT + index * 8);
  const repeat = noRepeat();
  return Buffer.concat([head, ...records.map((record) => encodeRecord(record, repeat))]);
}

function decodeRun(entry: Buffer): { run: ReceivedRun; position: ChannelPosition | undefined } {
  const epoch = entry.toString('hex', 0, NUMBERS_AT);
  const number = (index: number) => entry.readDoubleBE(NUMBERS_AT + index * 8);
  const [offset, mediaTimeUs, audioOffset] = [number(0), number(1), number(2)];
  const reader = new RecordReader();
  const records = reader.push(entry.subarray(HEAD_BYTES));
  if (reader.heldBytes > 0) throw new RangeError('a record that was cut off');
  const position = offset === NO_POSITION ? undefined : { epoch, offset, mediaTimeUs };
  return { run: { epoch, audioOffset, records }, position };
}

function decodePinned(text: string): StreamRecord {
  const [record] = new RecordReader().push(Buffer.from(text, 'base64'));
  if (!record) throw new RangeError('not a record');
  return record;
}

/** The newest runs with so much audio, and in front of them what holds where they begin. */
function newest(runs: readonly ReceivedRun[], keepMs: number): ReceivedRun[] {
  const lengths: number[] = [];
  let ticksPerSecond = 1_000_000;
  for (const { records } of runs) {
    let lengthUs = 0;
    for (const record of records) {
      if (record.type === 'format') ticksPerSecond = record.ticksPerSecond;
      if (record.type === 'audio') lengthUs += (record.ticks * 1e6) / ticksPerSecond;
    }
    lengths.push(lengthUs);
  }
  let first = runs.length;
  for (let leftUs = keepMs * 1000; first > 0 && leftUs >= lengths[first - 1]!; first--) leftUs -= lengths[first - 1]!;
  const pinned = new Map<PinnedType, StreamRecord>();
  for (const { records } of runs.slice(0, first)) for (const record of records) pin(pinned, record);
  const kept = runs.slice(first);
  if (pinned.size === 0) return kept;
  return [{ epoch: kept[0]?.epoch ?? '', audioOffset: 0, records: [...pinned.values()] }, ...kept];
}
