import { describe, expect, it } from 'vitest';
import { newRtpPacket, readRtpPacket, writeRtpHeader } from '../../protocols/rtp/packet.ts';
import { FlowQueue, type RtpCounting } from './flow-queue.ts';
import { allocateRing, RingReader, RingWriter, ringShape } from './ring.ts';

function flow(rtp?: RtpCounting) {
  const shape = ringShape(64, 16);
  const memory = allocateRing(shape);
  const writer = new RingWriter(memory, shape);
  const sent: { packet: Buffer; slotsLate: number }[] = [];
  const sink = {
    send: (packet: Buffer, slotsLate: number) => void sent.push({ packet: Buffer.from(packet), slotsLate }),
  };
  return { writer, sent, queue: new FlowQueue(new RingReader(memory, shape), rtp, sink, 4) };
}

function fill(writer: RingWriter, slots: readonly number[]) {
  for (const slot of slots) {
    writer.packet[15] = slot;
    writer.commit(16, slot);
  }
}

const slotsOf = (sent: readonly { packet: Buffer }[]) => sent.map(({ packet }) => packet[15]);

describe('a flow', () => {
  it('sends the packets of a slot together, and none before its slot', () => {
    const { writer, sent, queue } = flow();
    fill(writer, [0, 0, 1]);
    expect([queue.serve(0), slotsOf(sent)]).toEqual([true, [0, 0]]);
    expect([queue.serve(1), slotsOf(sent)]).toEqual([true, [0, 0, 1]]);
  });

  it('makes the packet of the next slot ready, which is sent elsewhere and only once', () => {
    const { writer, sent, queue } = flow({ sequence: 7, timestamp: 1000, framesPerSlot: 48 });
    fill(writer, [0, 0, 1, 3]);
    const stampOf = (packet: Buffer) => [packet.readUInt16BE(2), packet.readUInt32BE(4)];
    expect(queue.prepare(1)).toBeUndefined();
    expect([stampOf(queue.prepare(0)!), sent.length]).toEqual([[7, 1000], 0]);
    expect(queue.serve(0, true)).toBe(true);
    // What was made ready and not sent goes as any other.
    queue.prepare(1);
    expect(queue.serve(1)).toBe(true);
    expect(sent.map(({ packet }) => stampOf(packet))).toEqual([
      [8, 1000],
      [9, 1048],
    ]);
    // The last packet of the ring: nothing was missing at its slot.
    queue.prepare(3);
    expect([queue.serve(3, true), queue.serve(4)]).toEqual([true, false]);
  });

  it('tells of an empty ring, unless it was ended', () => {
    const { writer, queue } = flow();
    expect(queue.serve(0)).toBe(false);
    fill(writer, [1]);
    writer.end();
    expect([queue.isOver, queue.serve(1), queue.isOver, queue.serve(2)]).toEqual([false, true, true, true]);
  });

  it('keeps holes that the ring has: they are no underrun and move nothing', () => {
    const { writer, sent, queue } = flow();
    fill(writer, [0, 3]);
    expect([0, 1, 2, 3].map((slot) => [queue.serve(slot), sent.length])).toEqual([
      [true, 1],
      [true, 1],
      [true, 1],
      [true, 2],
    ]);
  });

  it('sends what came too late with its own timestamp, at most four slots together', () => {
    const { writer, sent, queue } = flow({ sequence: 0xfffe, timestamp: 2 ** 32 - 48, framesPerSlot: 48 });
    const header = new Uint8Array(12);
    writeRtpHeader(header, 0, { payloadType: 97, marker: false, sequence: 0, timestamp: 0, ssrc: 0x01020304 });
    writer.prefill(header);
    for (let slot = 0; slot < 3; slot++) expect(queue.serve(slot)).toBe(false);
    fill(writer, [0, 1, 2, 3, 4]);
    queue.serve(3);
    expect(sent.map(({ slotsLate }) => slotsLate)).toEqual([3, 2, 1, 0]);
    queue.serve(4);
    expect(sent.length).toBe(5);
    const read = sent.map(({ packet }) => {
      const rtp = newRtpPacket();
      expect(readRtpPacket(packet, rtp)).toBeUndefined();
      return [rtp.sequence, rtp.timestamp, rtp.ssrc, packet[15]];
    });
    expect(read).toEqual([
      [0xfffe, 2 ** 32 - 48, 0x01020304, 0],
      [0xffff, 0, 0x01020304, 1],
      [0, 48, 0x01020304, 2],
      [1, 96, 0x01020304, 3],
      [2, 144, 0x01020304, 4],
    ]);
  });

  it('goes on across slot 2^32', () => {
    const { writer, sent, queue } = flow({ sequence: 0, timestamp: 5, framesPerSlot: 6 });
    for (let slot = 2 ** 32 - 1; slot < 2 ** 32 + 2; slot++) {
      writer.commit(16, slot);
      queue.serve(slot);
      expect(sent.at(-1)!.packet.readUInt32BE(4)).toBe((5 + slot * 6) % 2 ** 32);
    }
    expect(sent.length).toBe(3);
  });

  it('cuts the last, shorter packet', () => {
    const { writer, sent, queue } = flow();
    writer.commit(7, 0);
    queue.serve(0);
    expect(sent[0]!.packet.length).toBe(7);
  });
});
