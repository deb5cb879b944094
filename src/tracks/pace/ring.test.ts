import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateRing, RingReader, RingWriter, ringShape } from './ring.ts';

function ring(packets: number, bytes: number) {
  const shape = ringShape(packets, bytes);
  const memory = allocateRing(shape);
  return { memory, shape, writer: new RingWriter(memory, shape), reader: new RingReader(memory, shape) };
}

describe('ring', () => {
  it('carries packets in order, with their sizes and slots', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 37 }), { maxLength: 60 }),
        fc.nat(7),
        (packets, lag) => {
          const { writer, reader } = ring(8, 37);
          const got: [number, number[]][] = [];
          const take = () => {
            got.push([reader.slot, [...reader.packet.subarray(0, reader.bytes)]]);
            reader.release();
          };
          packets.forEach((packet, slot) => {
            writer.packet.set(packet);
            writer.commit(packet.length, slot);
            if (writer.filled > lag) take();
          });
          while (reader.hasPacket) take();
          expect(got).toEqual(packets.map((packet, slot) => [slot, [...packet]]));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('has room for a power of two, and tells how much', () => {
    const { writer, reader, shape } = ring(5, 10);
    expect(shape.cells).toBe(8);
    for (let slot = 0; slot < 8; slot++) writer.commit(10, slot);
    expect([writer.free, writer.filled]).toEqual([0, 8]);
    reader.release();
    expect([writer.free, writer.filled]).toEqual([1, 7]);
  });

  it('counts on when its counters wrap', () => {
    const { memory, writer, reader } = ring(4, 8);
    const counters = new Int32Array(memory);
    counters[0] = 0x7fff_fffe;
    counters[16] = 0x7fff_fffe;
    for (let slot = 2 ** 32 - 2; slot < 2 ** 32 + 6; slot++) {
      writer.packet[0] = slot & 0xff;
      writer.commit(1, slot);
      expect([reader.hasPacket, reader.slot, reader.packet[0]]).toEqual([true, slot % 2 ** 32, slot & 0xff]);
      reader.release();
      expect([reader.hasPacket, writer.filled]).toEqual([false, 0]);
    }
  });

  it('is over when it was ended and is empty', () => {
    const { writer, reader } = ring(2, 8);
    writer.commit(1, 0);
    writer.end();
    expect(reader.isOver).toBe(false);
    reader.release();
    expect(reader.isOver).toBe(true);
  });

  it('begins every packet with the header', () => {
    const { writer, reader } = ring(2, 8);
    writer.prefill(Uint8Array.of(1, 2, 3));
    for (let slot = 0; slot < 2; slot++) {
      writer.packet[3] = 9;
      writer.commit(4, slot);
      expect([...reader.packet.subarray(0, 4)]).toEqual([1, 2, 3, 9]);
      reader.release();
    }
  });

  it('refuses sizes that cannot be', () => {
    for (const shape of [
      { cells: 3, packetBytes: 8 },
      { cells: 4, packetBytes: 0 },
      { cells: 2 ** 24, packetBytes: 1500 },
    ]) {
      expect(() => allocateRing(shape)).toThrow(RangeError);
    }
  });
});
