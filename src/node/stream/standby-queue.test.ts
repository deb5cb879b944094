import { describe, expect, it } from 'vitest';
import { testFormat } from '../../../test/support/frames.ts';
import type { AudioItem } from '../../core/audio-item.ts';
import { StandbyQueue } from './standby-queue.ts';

const format = testFormat({ primeFrames: 3 });

/** Frames of 100 ms, each with its number as its only byte. */
function items(from: number, to: number, overrides: Partial<AudioItem> = {}): AudioItem[] {
  return Array.from({ length: to - from }, (_, index) => ({
    data: Buffer.from([from + index]),
    durationUs: 100_000,
    format,
    metadata: undefined,
    discontinuity: undefined,
    ...overrides,
  }));
}

const numbers = (taken: AudioItem[]) => taken.map(({ data }) => data[0]);

describe('StandbyQueue', () => {
  it('keeps the newest audio', () => {
    const queue = new StandbyQueue(500);
    for (const item of items(0, 50)) queue.push([item]);
    expect([...queue.data]).toEqual([45, 46, 47, 48, 49]);
    expect(numbers(queue.take(10_000))).toEqual([45, 46, 47, 48, 49]);
    expect(queue.take(10_000)).toEqual([]);
  });

  it('keeps no more than 8 MiB', () => {
    const queue = new StandbyQueue(1e9);
    for (let count = 0; count < 200; count++) queue.push(items(0, 1, { data: Buffer.alloc(100_000) }));
    expect(queue.data.length).toBeLessThanOrEqual(8 * 2 ** 20);
    expect(queue.data.length).toBeGreaterThan(8 * 2 ** 20 - 200_000);
  });

  it('gives no less than the frames that a decoder needs', () => {
    const queue = new StandbyQueue(2000);
    queue.push(items(0, 10));
    expect(numbers(queue.take(0))).toEqual([7, 8, 9]);
    queue.push(items(0, 10));
    expect(numbers(queue.take(450))).toEqual([5, 6, 7, 8, 9]);
  });

  it('gives only the last run: nothing before a discontinuity or another format', () => {
    const queue = new StandbyQueue(2000);
    queue.push([...items(0, 4), ...items(4, 5, { discontinuity: { cause: 'source-restart', lostMs: undefined } })]);
    queue.push(items(5, 7));
    expect(numbers(queue.take(2000))).toEqual([4, 5, 6]);
    queue.push([...items(0, 4), ...items(4, 7, { format: testFormat() })]);
    expect(numbers(queue.take(2000))).toEqual([4, 5, 6]);
  });
});
