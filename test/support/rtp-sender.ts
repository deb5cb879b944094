import { RTP_HEADER_BYTES, writeRtpHeader } from '../../src/protocols/rtp/packet.ts';

/** The sample of a frame in the test signal, never 0: 16 bits, big endian on the wire. */
export function testSample(frame: number): number {
  return 1 + ((((frame * 7919) % 65_535) + 65_535) % 65_535);
}

/** The test signal as it stands in a mono file of 16 bit (little endian), with silence in the gaps. */
export function testSignal(from: number, to: number, gaps: readonly { start: number; end: number }[] = []): Buffer {
  const bytes = Buffer.alloc((to - from) * 2);
  for (let frame = from; frame < to; frame++) {
    if (gaps.some(({ start, end }) => frame >= start && frame < end)) continue;
    bytes.writeUInt16LE(testSample(frame), (frame - from) * 2);
  }
  return bytes;
}

/** Makes packets of the test signal, mono L16: the packet `index` has the frames from `index * frames` on. */
export class TestSender {
  readonly frames: number;
  readonly ssrc: number;
  readonly firstSequence: number;
  readonly firstTimestamp: number;
  readonly payloadType: number;

  constructor(options: { frames?: number; ssrc?: number; firstSequence?: number; firstTimestamp?: number } = {}) {
    this.frames = options.frames ?? 48;
    this.ssrc = options.ssrc ?? 0x1234;
    this.firstSequence = options.firstSequence ?? 65_530;
    this.firstTimestamp = options.firstTimestamp ?? 2 ** 32 - 480;
    this.payloadType = 96;
  }

  packet(index: number): Buffer {
    const bytes = Buffer.alloc(RTP_HEADER_BYTES + this.frames * 2);
    writeRtpHeader(bytes, 0, {
      payloadType: this.payloadType,
      marker: false,
      sequence: this.firstSequence + index,
      timestamp: this.firstTimestamp + index * this.frames,
      ssrc: this.ssrc,
    });
    for (let frame = 0; frame < this.frames; frame++) {
      bytes.writeUInt16BE(testSample(index * this.frames + frame), RTP_HEADER_BYTES + frame * 2);
    }
    return bytes;
  }
}
