import type { RepeatState, StreamRecord } from './stream-records.ts';

/** A record as a store keeps it: its bytes and where it lies. */
export interface StoredRecord {
  readonly type: StreamRecord['type'];
  readonly offset: number;
  readonly bytes: Buffer;
  /** Position on the stream's time line at its start, in microseconds. */
  readonly mediaTimeUs: number;
  /** Audio bytes of the epoch before it. */
  readonly audioBytes: number;
  /** Length and ticks of the audio record before it. */
  readonly repeat: Readonly<RepeatState>;
}

/** Records that hold until the next of their type: who begins later is sent the last of each first. */
export const PINNED_TYPES = ['format', 'title', 'origin', 'station'] as const;

/** One of `PINNED_TYPES`. */
export type PinnedType = (typeof PINNED_TYPES)[number];

/** Whether a record holds until the next of its type. */
export function isPinned<R extends Pick<StoredRecord, 'type'>>(record: R): record is R & { readonly type: PinnedType } {
  const { type } = record;
  return type === 'format' || type === 'title' || type === 'origin' || type === 'station';
}

/** The offset after the record's last byte. */
export function endOf(record: StoredRecord): number {
  return record.offset + record.bytes.length;
}
