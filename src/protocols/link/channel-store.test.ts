import { describe, expect, it } from 'vitest';
import { ChannelStore, type ChannelStoreOptions } from './channel-store.ts';
import type { StreamRecord } from './stream-records.ts';

const OPTIONS: ChannelStoreOptions = { name: 'live', epoch: '0011223344556677', keepMs: 100, maxBytes: 1 << 20 };

function recordsOf(count: number): StreamRecord[] {
  const audio = Array.from({ length: count }, (_, index): StreamRecord[] => [
    ...(index % 7 === 3 ? [{ type: 'title', title: `title ${index}`, artist: '', url: '' } as const] : []),
    { type: 'audio', data: Buffer.alloc(index % 3 === 0 ? 417 : 418, index), ticks: 1152 },
  ]);
  const headers = Buffer.alloc(0);
  return [
    { type: 'format', contentType: 'audio/mpeg', codec: 'mp3', ticksPerSecond: 44_100, channels: 2, headers },
    ...audio.flat(),
  ];
}

describe('a snapshot of a store', () => {
  it('makes a store that goes on byte for byte', () => {
    const records = recordsOf(40);
    const whole = new ChannelStore(OPTIONS);
    for (const record of records) whole.append(record);
    for (let cut = 1; cut < records.length; cut++) {
      const before = new ChannelStore(OPTIONS);
      for (const record of records.slice(0, cut)) before.append(record);
      const after = new ChannelStore({ ...OPTIONS, held: before.snapshot() });
      for (const record of records.slice(cut)) after.append(record);
      expect(after.snapshot()).toEqual(whole.snapshot());
      expect(after.heldBytes).toBe(whole.heldBytes);
      expect(after.read(after.oldest, 1 << 20)).toEqual(whole.read(whole.oldest, 1 << 20));
      expect(after.startAt(undefined)).toEqual(whole.startAt(undefined));
    }
  });

  it('keeps each record before a session is told of it', () => {
    const order: string[] = [];
    const store = new ChannelStore({ ...OPTIONS, keep: ({ type, offset }) => order.push(`${type} ${offset}`) });
    store.watch(() => order.push('told'));
    for (const record of recordsOf(1)) store.append(record);
    expect(order).toEqual(['format 0', 'told', 'audio 22', 'told']);
  });
});
