import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { planSession } from '../plan/plan-session.ts';
import type { FlowLayout } from '../plan/request.ts';
import { PcmHasher } from '../proof/pcm-hasher.ts';
import { formatOfEncoding, type PcmFormat } from '../types.ts';
import { FlowPacker, type PacketRing } from './flow-packer.ts';
import { TrackReader } from './track-reader.ts';

/** A ring that keeps all packets. */
class MemoryRing implements PacketRing {
  free = 1000;
  packet = Buffer.alloc(1500);
  isEnded = false;
  readonly packets: { payload: Buffer; slot: number }[] = [];
  commit(bytes: number, slot: number): void {
    this.packets.push({ payload: Buffer.from(this.packet.subarray(12, bytes)), slot });
    this.free--;
  }
  end(): void {
    this.isEnded = true;
  }
  /** The samples that are in all packets, big endian. */
  get wire(): Buffer {
    return Buffer.concat(this.packets.map(({ payload }) => payload));
  }
}

interface Source {
  readonly channels: number;
  readonly frames: number;
}

/** Sample `frame` of channel `channel` of track `track`, 24 bits. */
const sampleOf = (track: number, channel: number, frame: number) => ((track + 1) << 16) | (channel << 12) | frame;

function pack(sources: readonly Source[], { layout, isLoop = false }: { layout: FlowLayout; isLoop?: boolean }) {
  const formats = sources.map(
    ({ channels }): PcmFormat => ({ sampleRate: 48_000, channels, bitsPerSample: 24, isFloat: false }),
  );
  const plan = planSession({
    tracks: sources.map(({ frames }, index) => ({ name: `t${index}`, format: formats[index]!, frames })),
    layout,
  });
  const totalFrames = Math.max(...sources.map(({ frames }) => frames));
  const tracks = sources.map(({ channels, frames }, index) => {
    const audio = Buffer.alloc(frames * channels * 3);
    for (let at = 0; at < frames * channels; at++) {
      audio.writeUIntLE(sampleOf(index, at % channels, Math.floor(at / channels)), at * 3, 3);
    }
    const head = { format: formats[index]!, frames };
    const source = { head, read: async (target: Buffer, offset: number) => audio.copy(target, 0, offset) };
    const onProblem = () => {
      throw new Error('unexpected');
    };
    return new TrackReader(source, { encoding: 'L24', totalFrames, isLoop, onProblem });
  });
  const flows = plan.flows.map((flow) => ({
    ...flow,
    ring: new MemoryRing(),
    hasher: new PcmHasher({ format: formatOfEncoding(flow.encoding, flow.sampleRate, flow.channels) }),
  }));
  const packer = new FlowPacker({
    sampleRate: 48_000,
    framesPerPacket: 48,
    totalFrames: isLoop ? undefined : totalFrames,
    tracks,
    flows,
  });
  return { plan, flows, packer };
}

/** The samples of a flow's wire at a sample frame. */
const frameAt = (wire: Buffer, channels: number, frame: number) =>
  Array.from({ length: channels }, (_, channel) => wire.readUIntBE((frame * channels + channel) * 3, 3));

describe('packing', () => {
  it('puts eight channels into each flow, a track never cut where it fits', async () => {
    const { flows, packer } = pack(
      [1, 5, 2, 3].map((channels) => ({ channels, frames: 100 })),
      { layout: 8 },
    );
    await packer.fillTo(10);
    expect(flows.map(({ channels }) => channels)).toEqual([8, 3]);
    expect(frameAt(flows[0]!.ring.wire, 8, 99)).toEqual([
      sampleOf(0, 0, 99),
      ...[0, 1, 2, 3, 4].map((channel) => sampleOf(1, channel, 99)),
      ...[0, 1].map((channel) => sampleOf(2, channel, 99)),
    ]);
    expect(frameAt(flows[1]!.ring.wire, 3, 7)).toEqual([0, 1, 2].map((channel) => sampleOf(3, channel, 7)));
  });

  it('makes a flow of every channel when asked for mono', async () => {
    const { flows, packer } = pack([{ channels: 3, frames: 50 }], { layout: 'mono' });
    await packer.fillTo(10);
    expect(flows.map(({ ring }) => frameAt(ring.wire, 1, 49))).toEqual(
      [0, 1, 2].map((channel) => [sampleOf(0, channel, 49)]),
    );
  });

  it('divides a track of more than eight channels', async () => {
    const { flows, packer } = pack([{ channels: 11, frames: 10 }], { layout: 'track' });
    await packer.fillTo(1);
    expect(flows.map(({ channels }) => channels)).toEqual([8, 3]);
    expect(frameAt(flows[1]!.ring.wire, 3, 9)).toEqual([8, 9, 10].map((channel) => sampleOf(0, channel, 9)));
  });

  it('gives all flows the same slots, pads what ends earlier, ends with a shorter packet, and counts it', async () => {
    const { flows, packer } = pack(
      [
        { channels: 1, frames: 30 },
        { channels: 2, frames: 130 },
      ],
      { layout: 'track' },
    );
    await packer.fillTo(1000);
    for (const { ring, channels } of flows) {
      expect(ring.packets.map(({ slot, payload }) => [slot, payload.length])).toEqual([
        [0, 48 * channels * 3],
        [1, 48 * channels * 3],
        [2, 34 * channels * 3],
      ]);
      expect(ring.isEnded).toBe(true);
    }
    expect([packer.slots, packer.position, packer.isOver]).toEqual([3, 130, true]);
    expect(frameAt(flows[0]!.ring.wire, 1, 29)).toEqual([sampleOf(0, 0, 29)]);
    expect(flows[0]!.ring.wire.subarray(90).every((byte) => byte === 0)).toBe(true);
  });

  it('hashes what it packs as a file has it', async () => {
    const { flows, packer } = pack([{ channels: 2, frames: 5000 }], { layout: 'track' });
    for (let slot = 1; slot < 120; slot += 7) await packer.fillTo(slot);
    const { ring, hasher } = flows[0]!;
    const little = Buffer.from(ring.wire);
    for (let at = 0; at < little.length; at += 3) little.writeUIntLE(ring.wire.readUIntBE(at, 3), at, 3);
    expect(hasher.account()).toMatchObject({ frames: 5000, sha256: createHash('sha256').update(little).digest('hex') });
  });

  it('waits for rings that are full, all flows together', async () => {
    const { flows, packer } = pack(
      [
        { channels: 1, frames: 4800 },
        { channels: 1, frames: 4800 },
      ],
      { layout: 'track' },
    );
    flows[1]!.ring.free = 3;
    await packer.fillTo(50);
    expect(flows.map(({ ring }) => ring.packets.length)).toEqual([3, 3]);
    flows[1]!.ring.free = 100;
    await packer.fillTo(50);
    expect(flows.map(({ ring }) => ring.packets.length)).toEqual([50, 50]);
  });

  it('goes round without end and without a seam when it is looped', async () => {
    const { flows, packer } = pack([{ channels: 1, frames: 100 }], { layout: 'track', isLoop: true });
    await packer.fillTo(10);
    const { wire } = flows[0]!.ring;
    expect([99, 100, 101, 479].map((frame) => frameAt(wire, 1, frame)[0])).toEqual(
      [99, 0, 1, 79].map((frame) => sampleOf(0, 0, frame)),
    );
    expect(packer.isOver).toBe(false);
    packer.end();
    expect([packer.isOver, flows[0]!.ring.isEnded]).toEqual([true, true]);
  });
});
