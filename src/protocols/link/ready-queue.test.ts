import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChannelStore } from './channel-store.ts';
import { ReadyQueue } from './ready-queue.ts';
import { SendChannel } from './send-channel.ts';

const STORE = new ChannelStore({ name: 'x', epoch: '0011223344556677', keepMs: 1000, maxBytes: 1000 });

/** A channel that says what the test wants. */
class FakeChannel extends SendChannel {
  waits = 0;
  made = 0;

  override get isReady(): boolean {
    return this.waits > 0;
  }

  override get madeMs(): number {
    return this.made;
  }

  set(made: number, waits: number): void {
    this.made = made;
    this.waits = waits;
    this.pending.clear();
    this.pending.add(0, waits);
  }
}

it('the queue of ready channels names the one that is furthest behind, and counts all that waits', () => {
  const step = fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 50 }), fc.nat({ max: 3 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const channels = Array.from({ length: 10 }, (_, id) => new FakeChannel(id, STORE));
      const queue = new ReadyQueue();
      for (const [id, made, waits] of steps) {
        const channel = channels[id]!;
        channel.set(made, waits);
        if (made === 50) queue.delete(channel);
        else queue.update(channel);
        if (made === 50) channel.set(0, 0);
        const ready = channels.filter(({ isReady }) => isReady);
        expect(new Set(queue)).toEqual(new Set(ready));
        expect(queue.bytes).toBe(ready.reduce((sum, { waits: bytes }) => sum + bytes, 0));
        const first = queue.first as FakeChannel | undefined;
        expect(first?.made).toBe(ready.length > 0 ? Math.min(...ready.map((other) => other.made)) : undefined);
      }
    }),
    { numRuns: 200 },
  );
});
