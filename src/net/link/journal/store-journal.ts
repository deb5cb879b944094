import { z } from 'zod';
import type { StoreSnapshot } from '../../../protocols/link/channel-store.ts';
import { endOf, isPinned, type StoredRecord } from '../../../protocols/link/stored-record.ts';
import { RecordReader, type StreamRecord } from '../../../protocols/link/stream-records.ts';
import { type JournalOptions, type KeptEntries, KeptLog } from './kept-log.ts';
import type { FoundSegment } from './segment-log.ts';

const KIND = 'distream published stream';
const VERSION = 1;

const whole = z.int().min(0);
const place = {
  offset: whole,
  mediaTimeUs: z.number().min(0),
  audioBytes: whole,
  repeat: z.object({ bytes: whole, ticks: whole }),
};
const headerShape = z.object({
  kind: z.literal(KIND),
  version: z.literal(VERSION),
  name: z.string(),
  epoch: z.string().regex(/^[0-9a-f]{16}$/),
  bootId: z.string(),
  ticksPerSecond: z.int().min(1),
  ...place,
  pinned: z.array(z.object({ ...place, bytes: z.base64() })),
});

type Header = z.output<typeof headerShape>;

/** What a journal had of a stream: a store made with it goes on where it ended. */
export interface KeptStore {
  readonly epoch: string;
  readonly held: StoreSnapshot;
}

export interface StoreJournalOptions extends JournalOptions {
  /** Of the channel. */
  readonly name: string;
}

/** Keeps a published stream on the disk, record by record, before any session learns of it. */
export class StoreJournal {
  readonly #log: KeptLog;
  readonly #name: string;
  #epoch = '';
  #pinned: StoredRecord[] = [];
  #ticksPerSecond = 1_000_000;
  /** What was kept before; undefined: a new epoch must begin. */
  readonly kept: KeptStore | undefined;

  constructor(options: StoreJournalOptions) {
    this.#log = new KeptLog(options);
    this.#name = options.name;
    const found = this.#log.open();
    this.kept = this.#restore(found);
    if (!this.kept && found.length > 0) this.#log.clear();
  }

  /** Whether what is added is kept. */
  get isKeeping(): boolean {
    return this.#log.isKeeping;
  }

  /** Binds the journal to its store, which was made with `kept` and `keep`. */
  follow(epoch: string, snapshot: () => StoreSnapshot): void {
    this.#epoch = epoch;
    const { pinned, records, ticksPerSecond } = snapshot();
    for (const record of [...pinned, ...records]) this.#pin(record);
    this.#ticksPerSecond = ticksPerSecond;
    this.#log.whole = () => this.#everything(snapshot());
  }

  /** Takes a record as a store keeps it. Never throws. */
  keep(record: StoredRecord): void {
    this.#log.append({
      timeUs: record.mediaTimeUs,
      entries: [record.bytes],
      header: () => this.#header(record, this.#pinned, this.#ticksPerSecond),
    });
    this.#pin(record);
  }

  close(): void {
    this.#log.close();
  }

  #pin(record: StoredRecord): void {
    if (!isPinned(record)) return;
    this.#pinned = [...this.#pinned.filter(({ type }) => type !== record.type), record];
    const decoded = record.type === 'format' ? decode(record) : undefined;
    if (decoded?.type === 'format') this.#ticksPerSecond = decoded.ticksPerSecond;
  }

  #everything({ pinned, records, end }: StoreSnapshot): KeptEntries {
    const first = records[0] ?? end;
    const format = pinned.find(({ type }) => type === 'format');
    const decoded = format && decode(format);
    const ticksPerSecond = decoded?.type === 'format' ? decoded.ticksPerSecond : this.#ticksPerSecond;
    return {
      timeUs: first.mediaTimeUs,
      entries: records.map(({ bytes }) => bytes),
      header: () => this.#header(first, pinned, ticksPerSecond),
    };
  }

  #header(at: StoredRecord, pinned: readonly StoredRecord[], ticksPerSecond: number): Header {
    const { offset, mediaTimeUs, audioBytes, repeat } = at;
    return {
      kind: KIND,
      version: VERSION,
      name: this.#name,
      epoch: this.#epoch,
      bootId: this.#log.bootId ?? '',
      ticksPerSecond,
      offset,
      mediaTimeUs,
      audioBytes,
      repeat: { ...repeat },
      pinned: pinned.map((record) => ({
        offset: record.offset,
        mediaTimeUs: record.mediaTimeUs,
        audioBytes: record.audioBytes,
        repeat: { ...record.repeat },
        bytes: record.bytes.toString('base64'),
      })),
    };
  }

  // Only what surely ends with the last byte that was sent: written whole, since the machine started.
  #restore(found: readonly FoundSegment[]): KeptStore | undefined {
    const { bootId } = this.#log;
    if (bootId === undefined) return undefined;
    const run: { header: Header; segment: FoundSegment }[] = [];
    let isNewest = true;
    for (const segment of [...found].reverse()) {
      // A file that was cut off in its header holds nothing that was sent.
      if (segment.header === undefined && segment.isIntact && segment.entries.length === 0 && isNewest) continue;
      const header = headerShape.safeParse(segment.header).data;
      const fits = header && header.name === this.#name && header.bootId === bootId;
      if (!fits || (!segment.isIntact && isNewest)) break;
      const next = run[0]?.header;
      if (next && (next.epoch !== header.epoch || next.offset !== endOffset(header, segment))) break;
      run.unshift({ header, segment });
      isNewest = false;
    }
    return run.length === 0 ? undefined : storeOf(run);
  }
}

function endOffset({ offset }: Header, { entries }: FoundSegment): number {
  return entries.reduce((sum, { length }) => sum + length, offset);
}

function storeOf(run: readonly { readonly header: Header; readonly segment: FoundSegment }[]): KeptStore | undefined {
  const { epoch, ticksPerSecond, pinned, ...start } = run[0]!.header;
  try {
    const before = pinned.map((each) => stored(each, Buffer.from(each.bytes, 'base64')));
    const walk = new RecordWalk(start, ticksPerSecond);
    const records = run.flatMap(({ segment }) => segment.entries.map((bytes) => walk.next(bytes)));
    return { epoch, held: { pinned: before, records, end: walk.end, ticksPerSecond: walk.ticksPerSecond } };
  } catch {
    return undefined;
  }
}

type Place = Pick<StoredRecord, 'offset' | 'mediaTimeUs' | 'audioBytes' | 'repeat'>;

/** Finds out what a store knew of each record. Throws ProtocolViolation and RangeError for bytes that are no record. */
class RecordWalk {
  readonly #reader: RecordReader;
  #at: Place;
  ticksPerSecond: number;

  constructor(start: Place, ticksPerSecond: number) {
    this.#at = start;
    this.#reader = new RecordReader(start.repeat);
    this.ticksPerSecond = ticksPerSecond;
  }

  get end(): StoredRecord {
    return { type: 'audio', ...this.#place(), bytes: Buffer.alloc(0) };
  }

  next(bytes: Buffer): StoredRecord {
    const records = this.#reader.push(bytes);
    const [record] = records;
    if (!record || records.length > 1 || this.#reader.heldBytes > 0) throw new RangeError('not one record');
    const found: StoredRecord = { type: record.type, ...this.#place(), bytes };
    this.#advance(record, endOf(found));
    return found;
  }

  #place(): Place {
    const { offset, mediaTimeUs, audioBytes, repeat } = this.#at;
    return { offset, mediaTimeUs, audioBytes, repeat: { ...repeat } };
  }

  #advance(record: StreamRecord, offset: number): void {
    if (record.type === 'format') this.ticksPerSecond = record.ticksPerSecond;
    const { mediaTimeUs, audioBytes, repeat } = this.#at;
    if (record.type !== 'audio') {
      this.#at = { offset, mediaTimeUs, audioBytes, repeat };
      return;
    }
    this.#at = {
      offset,
      mediaTimeUs: mediaTimeUs + (record.ticks * 1e6) / this.ticksPerSecond,
      audioBytes: audioBytes + record.data.length,
      repeat: { bytes: record.data.length, ticks: record.ticks },
    };
  }
}

function stored(at: Place, bytes: Buffer): StoredRecord {
  const record = new RecordReader(at.repeat).push(bytes)[0];
  if (!record) throw new RangeError('not a record');
  const { offset, mediaTimeUs, audioBytes, repeat } = at;
  return { type: record.type, offset, mediaTimeUs, audioBytes, repeat: { ...repeat }, bytes };
}

function decode(record: StoredRecord): StreamRecord | undefined {
  return new RecordReader(record.repeat).push(record.bytes)[0];
}
