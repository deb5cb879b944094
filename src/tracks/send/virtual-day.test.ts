import { describe, expect, it } from 'vitest';
import { FlowQueue } from '../pace/flow-queue.ts';
import { periodOfFrames } from '../pace/grid.ts';
import { allocateRing, RingReader, RingWriter, ringShape } from '../pace/ring.ts';
import { PaceSchedule } from '../pace/schedule.ts';

const DAY_SECONDS = 24 * 3600;
const FRAMES = 4800;

describe('24 virtual hours', () => {
  it('every packet that leaves has its number and its timestamp, through 14 wraps of the one and one of the other', () => {
    const slots = (DAY_SECONDS * 48_000) / FRAMES;
    const [sequence, timestamp] = [65_000, 2 ** 32 - 1_000_000];
    const shape = ringShape(4, 16);
    const memory = allocateRing(shape);
    const writer = new RingWriter(memory, shape);
    const schedule = new PaceSchedule([periodOfFrames(FRAMES, 48_000)], { catchUpRate: 4 });
    let sent = 0;
    let wrong = 0;
    const sink = {
      send: (packet: Buffer) => {
        const isRight =
          ((packet[2]! << 8) | packet[3]!) === (sequence + sent) % 65_536 &&
          packet.readUInt32BE(4) === (timestamp + sent * FRAMES) % 2 ** 32;
        if (!isRight) wrong++;
        sent++;
      },
    };
    const queue = new FlowQueue(new RingReader(memory, shape), { sequence, timestamp, framesPerSlot: FRAMES }, sink, 4);
    for (let slot = 0; slot < slots; slot++) {
      writer.commit(16, slot);
      const idealNs = slot * 100_000_000;
      if (schedule.take(idealNs - 1) !== -1 || schedule.take(idealNs) !== 0 || schedule.takenIdealNs !== idealNs)
        wrong++;
      queue.serve(schedule.takenSlot);
    }
    expect([sent, wrong]).toEqual([slots, 0]);
    expect(Math.floor((sequence + sent) / 65_536)).toBe(14);
    expect(Math.floor((timestamp + sent * FRAMES) / 2 ** 32)).toBe(1);
  });
});
