import { describe, expect, it } from 'vitest';
import type { Fragment } from '../../core/fragment.ts';
import { FlowFeed } from './flow-feed.ts';

const pcm = { sampleRate: 48_000, channels: 1, bitsPerSample: 16, isFloat: false } as const;

/** A ring without a worker: `leave` sends. */
class TestRing {
  packet = Buffer.alloc(12 + 96);
  readonly waiting: Buffer[] = [];
  readonly sent: Buffer[] = [];
  readonly slots: number[] = [];
  readonly #capacity = 4096;

  get filled(): number {
    return this.waiting.length;
  }

  get free(): number {
    return this.#capacity - this.waiting.length;
  }

  commit(bytes: number, slot: number): void {
    this.waiting.push(Buffer.from(this.packet.subarray(12, bytes)));
    this.slots.push(slot);
  }

  leave(packets: number): void {
    this.sent.push(...this.waiting.splice(0, packets));
  }
}

/** Half a second of samples that count from `first`, never 0. */
function counting(first: number, frames = 24_000): Fragment {
  const data = Buffer.alloc(frames * 2);
  for (let at = 0; at < frames; at++) data.writeInt16LE(1 + ((first + at) % 30_000), at * 2);
  return { data } as Fragment;
}

function newFeed() {
  const ring = new TestRing();
  const feed = new FlowFeed({ pcm, encoding: 'L16', framesPerPacket: 48, delayMs: 200, ring });
  return { ring, feed };
}

const heard = (ring: TestRing) => Buffer.concat([...ring.sent, ...ring.waiting]).swap16();

describe('FlowFeed', () => {
  it('waits for the delay in silence, then sends every sample once, in order', () => {
    const { ring, feed } = newFeed();
    for (let count = 0; count < 4; count++) {
      feed.take(counting(count * 24_000));
      for (let step = 0; step < 25; step++) {
        ring.leave(20);
        feed.tick();
      }
    }
    const wire = heard(ring);
    const silent = 200 * 96;
    expect(wire.subarray(0, silent).every((byte) => byte === 0)).toBe(true);
    const audio = Buffer.concat([0, 1, 2, 3].map((count) => counting(count * 24_000).data));
    expect(wire.subarray(silent).equals(audio)).toBe(true);
    expect(feed.counters).toMatchObject({ silentFrames: 0, droppedFrames: 0, starvations: 0 });
    expect(ring.slots.every((slot, index) => slot === index)).toBe(true);
  });

  it('goes on with silence while the stream has nothing, and counts it', () => {
    const { ring, feed } = newFeed();
    feed.take(counting(0));
    for (let step = 0; step < 100; step++) {
      ring.leave(20);
      feed.tick();
    }
    expect(ring.sent.length).toBe(2000);
    expect(feed.counters.starvations).toBe(1);
    expect(feed.counters.silentFrames).toBeGreaterThan(1200 * 48);
  });

  it('leaves out what is too much, so that the delay does not grow', () => {
    const { ring, feed } = newFeed();
    for (let count = 0; count < 8; count++) feed.take(counting(count * 24_000));
    expect(feed.aheadMs).toBeLessThan(2000);
    expect(feed.counters.droppedFrames).toBeGreaterThan(0);
    expect(ring.filled * 48 + feed.counters.droppedFrames).toBe(8 * 24_000 + 200 * 48);
  });
});
