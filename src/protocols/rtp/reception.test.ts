import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeRtpHeader } from './packet.ts';
import { RtpReception } from './reception.ts';
import type { Gap, ReceptionOptions, Timeline } from './reception-types.ts';

const FRAMES = 48;
const HOST = '192.0.2.1';

interface Sent {
  sequence: number;
  timestamp: number;
  ssrc?: number;
  payloadType?: number;
  payloadBytes?: number;
}

function datagramOf({ sequence, timestamp, ssrc = 7, payloadType = 98, payloadBytes = FRAMES * 3 }: Sent): Buffer {
  const datagram = Buffer.alloc(12 + payloadBytes);
  writeRtpHeader(datagram, 0, { payloadType, marker: false, sequence, timestamp, ssrc });
  return datagram;
}

function listen(options: Partial<ReceptionOptions> = {}) {
  const heard: { position: number; frames: number; isLate: boolean; timeline: number }[] = [];
  const gaps: Gap[] = [];
  const timelines: Timeline[] = [];
  const moved: string[] = [];
  const reception = new RtpReception(
    { sampleRate: 48_000, frameBytes: 3, payloadTypes: [98], ...options },
    {
      timeline: (timeline) => timelines.push(timeline),
      gap: (gap) => gaps.push(gap),
      moved: (from) => moved.push(from),
      packet: ({ position, frames, isLate, timeline }) => heard.push({ position, frames, isLate, timeline }),
    },
  );
  // Packet n of a stream whose first packet has this sequence number and timestamp, at its right time.
  const send = (n: number, { at = n, from = HOST, sequence = 0, timestamp = 0, ...rest }: SendOptions = {}) =>
    reception.receive(
      datagramOf({ ...rest, sequence: sequence + n, timestamp: timestamp + n * FRAMES }),
      from,
      1e6 + at,
    );
  return { reception, heard, gaps, timelines, moved, send, positions: () => heard.map((each) => each.position) };
}

interface SendOptions extends Partial<Sent> {
  at?: number;
  from?: string;
}

describe('RtpReception', () => {
  it('hears a stream from its first packet on, once a second one fits', () => {
    const { send, positions, timelines, reception } = listen();
    send(0, { timestamp: 5000 });
    expect(positions()).toEqual([]);
    send(1, { timestamp: 5000 });
    send(2, { timestamp: 5000 });
    expect(positions()).toEqual([5000, 5048, 5096]);
    expect(timelines).toMatchObject([{ index: 0, ssrc: 7, position: 5000, cause: 'first', arrivalMs: 1e6 }]);
    expect(reception.counters).toMatchObject({ packets: 3, frames: 144, lost: 0, strangers: 0, jitterMs: 0 });
  });

  it('keeps counting over the wraps of sequence number and timestamp', () => {
    const { send, positions, reception } = listen();
    const first = { sequence: 65_534, timestamp: 2 ** 32 - 96 };
    for (let n = 0; n < 5; n++) send(n, first);
    expect(positions()).toEqual([0, 48, 96, 144, 192].map((each) => 2 ** 32 - 96 + each));
    expect(reception.counters).toMatchObject({ lost: 0, timelines: 1 });
  });

  it('tells lost, duplicated, reordered and late packets, and gaps to the frame', () => {
    const { send, reception, gaps } = listen();
    for (const n of [0, 1, 2, 5, 4, 4, 8]) send(n);
    expect(reception.missingSequences(0, 10)).toEqual([3, 6, 7]);
    reception.advance(8 * FRAMES);
    expect(gaps).toEqual([
      { timeline: 0, start: 3 * FRAMES, end: 4 * FRAMES },
      { timeline: 0, start: 6 * FRAMES, end: 8 * FRAMES },
    ]);
    send(6, { at: 9 });
    send(6, { at: 9 });
    expect(reception.counters).toMatchObject({
      lost: 2,
      duplicated: 2,
      reordered: 2,
      late: 1,
      gaps: 2,
      gapFrames: 144,
    });
  });

  it('hands late packets over, marked', () => {
    const { send, reception, heard } = listen();
    for (const n of [0, 1, 3]) send(n);
    reception.advance(3 * FRAMES);
    send(2, { at: 4 });
    expect(heard.at(-1)).toEqual({ position: 96, frames: 48, isLate: true, timeline: 0 });
  });

  it('takes an outage of any length for an outage', () => {
    const { send, reception, gaps } = listen();
    for (const n of [0, 1]) send(n);
    const day = 30 * 3_600_000;
    for (const n of [day, day + 1]) send(n);
    reception.advance((day + 2) * FRAMES);
    expect(gaps).toEqual([{ timeline: 0, start: 96, end: day * FRAMES }]);
    expect(reception.counters).toMatchObject({ lost: day - 2, packets: 4, timelines: 1 });
  });

  it('takes a pause of the sender, whose sequence numbers go on, for a gap without loss', () => {
    const { send, reception, gaps } = listen();
    for (const n of [0, 1]) send(n);
    for (const n of [2, 3]) send(n, { at: 600_000 + n, timestamp: 600_000 * FRAMES });
    reception.advance(600_004 * FRAMES);
    expect(gaps).toEqual([{ timeline: 0, start: 96, end: 600_002 * FRAMES }]);
    expect(reception.counters).toMatchObject({ lost: 0, timelines: 1 });
  });

  it('hears a restarted sender from its first packet on', () => {
    const { send, timelines, heard, reception } = listen();
    for (let n = 0; n < 10; n++) send(n);
    for (let n = 0; n < 300; n++) send(n, { at: 60 + n, ssrc: 9, sequence: 40_000, timestamp: 900_000 });
    expect(timelines).toMatchObject([
      {},
      { index: 1, ssrc: 9, position: 900_000, cause: 'restart', arrivalMs: 1e6 + 60 },
    ]);
    expect(heard.filter((each) => each.timeline === 1).map((each) => each.position)).toEqual(
      Array.from({ length: 300 }, (_, n) => 900_000 + n * FRAMES),
    );
    expect(reception.counters).toMatchObject({ strangers: 0, lost: 0, droppedWhileHeld: 0 });
  });

  it('hears another source at once after a BYE', () => {
    const { send, timelines, reception } = listen();
    for (const n of [0, 1]) send(n);
    expect(reception.bye(8, HOST)).toBe(false);
    expect(reception.bye(7, '192.0.2.66')).toBe(false);
    expect(reception.bye(7, HOST)).toBe(true);
    for (const n of [0, 1]) send(n, { at: n + 3, ssrc: 9, from: '192.0.2.2' });
    expect(timelines.at(-1)).toMatchObject({ ssrc: 9, from: '192.0.2.2', cause: 'restart' });
  });

  it('follows a jump of the timestamp within a stream, losing no packet', () => {
    const { send, timelines, positions } = listen();
    for (const n of [0, 1, 2]) send(n);
    const jump = 3_000_000_000;
    for (const n of [3, 4, 5]) send(n, { timestamp: jump });
    expect(timelines.at(-1)).toMatchObject({ cause: 'jump', position: jump + 3 * FRAMES });
    expect(positions().slice(3)).toEqual([3, 4, 5].map((n) => jump + n * FRAMES));
  });

  it('goes on in the same timeline after a restart when timestamps share an epoch', () => {
    const { send, timelines, reception, gaps } = listen({ hasSharedEpoch: true });
    const timestamp = 2 ** 32 - 100 * FRAMES;
    for (let n = 0; n < 10; n++) send(n, { timestamp });
    for (let n = 1000; n < 1300; n++) send(n, { timestamp, ssrc: 9, sequence: 77 });
    expect(timelines.at(-1)).toMatchObject({ isContinued: true, position: timestamp + 1000 * FRAMES });
    reception.advance(timestamp + 1300 * FRAMES);
    expect(gaps).toEqual([{ timeline: 1, start: timestamp + 10 * FRAMES, end: timestamp + 1000 * FRAMES }]);
  });

  it('tells the open holes of a timeline that ends', () => {
    const { send, gaps } = listen();
    for (const n of [0, 1, 3]) send(n);
    for (const n of [0, 1]) send(n, { at: 500 + n, ssrc: 9, timestamp: 1e6 });
    expect(gaps).toEqual([{ timeline: 0, start: 96, end: 144 }]);
  });

  it('leaves a second source alone while the stream is alive, whatever its address', () => {
    const { send, timelines, reception, positions } = listen();
    for (let n = 0; n < 500; n++) {
      send(n);
      send(n, { ssrc: 9, timestamp: 77 });
      send(n, { ssrc: 10, from: '192.0.2.2' });
      send(n, { ssrc: 7, timestamp: 2e9, from: '192.0.2.2' });
    }
    expect(timelines).toHaveLength(1);
    expect(positions()).toHaveLength(500);
    expect(reception.counters.strangers).toBe(1500);
    expect(reception.strangers().map((each) => each.ssrc)).toContain(10);
  });

  it('takes the same packets from a second network as duplicates', () => {
    const { send, reception } = listen();
    for (let n = 0; n < 10; n++) {
      send(n);
      send(n, { from: '198.51.100.1' });
    }
    expect(reception.counters).toMatchObject({ packets: 10, duplicated: 9, strangers: 1, lost: 0 });
  });

  it('is heard from the second network alone when the first one is down, and takes its BYE', () => {
    const { send, reception, moved, timelines } = listen();
    const other = '198.51.100.1';
    for (let n = 0; n < 100; n++) {
      send(n);
      send(n, { from: other });
    }
    expect(reception.bye(7, other)).toBe(false);
    for (let n = 100; n < 5098; n++) send(n, { from: other });
    expect(moved).toEqual([]);
    for (let n = 5098; n < 5200; n++) send(n, { from: other });
    expect(moved).toEqual([other]);
    expect([reception.bye(7, HOST), reception.bye(7, other)]).toEqual([false, true]);
    expect(timelines).toHaveLength(1);
    expect(reception.counters).toMatchObject({ packets: 5200, lost: 0 });
  });

  it('hears another address only after a long silence', () => {
    const { send, timelines } = listen();
    for (const n of [0, 1]) send(n);
    for (let n = 2; n < 5000; n += 100) send(n, { ssrc: 9, from: '192.0.2.2' });
    expect(timelines).toHaveLength(1);
    for (let n = 5002; n < 5004; n++) send(n, { ssrc: 9, from: '192.0.2.2' });
    expect(timelines.at(-1)).toMatchObject({ ssrc: 9, position: 5002 * FRAMES });
  });

  it('stays bounded in a flood of strangers and hears the stream through it', () => {
    const { send, reception, positions } = listen();
    const flood = Buffer.alloc(12 + 1440);
    for (let n = 0; n < 300; n++) {
      for (let index = 0; index < 100; index++) {
        const ssrc = Math.imul(n * 100 + index, 0x9e37_79b1) >>> 0;
        writeRtpHeader(flood, 0, { payloadType: 98, marker: false, sequence: index, timestamp: index, ssrc });
        reception.receive(flood, `203.0.113.${index % 7}`, 1e6 + n);
      }
      send(n);
    }
    expect(positions().at(-1)).toBe(299 * FRAMES);
    expect(positions().length).toBeGreaterThan(250);
    expect(reception.strangers().length).toBeLessThanOrEqual(64);
    expect(reception.counters.strangers).toBeGreaterThanOrEqual(30_000);
  });

  it('counts what is no packet of the stream', () => {
    const { send, reception } = listen({ frameBytes: 12 });
    reception.receive(Buffer.from('hello'), HOST, 0);
    for (let bytes = 0; bytes < 12; bytes++) send(0, { payloadBytes: bytes });
    send(0, { payloadType: 99 });
    for (const n of [0, 1]) send(n, { payloadBytes: 48 * 12 + 5 });
    expect(reception.counters).toMatchObject({
      malformed: 13,
      foreignPayloadTypes: 1,
      unevenPayloads: 2,
      frames: 96,
      packets: 2,
    });
  });

  it('measures jitter as RFC 3550 A.8 does', () => {
    const { send, reception } = listen();
    for (const [n, at] of [0, 1, 2, 4, 4].entries()) send(n, { at });
    // Transit changes: 0, 0, 48, -48 sample frames.
    const expected = (48 / 16) * (15 / 16) + 48 / 16;
    expect(reception.counters.jitterMs).toBeCloseTo(expected / 48, 9);
    expect(reception.counters.maximumJitterMs).toBe(1);
  });

  it('reports like RFC 3550 A.3: the fraction since the last block, the sum since the source began', () => {
    const { send, reception } = listen();
    for (const n of [0, 1, 2, 4]) send(n);
    reception.senderReport({ ssrc: 7, ntp: 0x1234_5678_9abc_def0n, rtpTimestamp: 48 }, 1e6 + 4, Date.UTC(2026, 0, 1));
    expect(reception.reportBlock(1e6 + 504)).toEqual({
      ssrc: 7,
      fractionLost: Math.floor(256 / 5),
      cumulativeLost: 1,
      highestSequence: 4,
      jitter: 0,
      lastSenderReport: 0x5678_9abc,
      delaySinceLastSenderReport: 32_768,
    });
    for (const n of [5, 6]) send(n);
    expect(reception.reportBlock(1e6 + 600)).toMatchObject({ fractionLost: 0, cumulativeLost: 1, highestSequence: 6 });
    for (const n of [0, 1]) send(n, { at: 700 + n, ssrc: 9, sequence: 100 });
    expect(reception.reportBlock(1e6 + 800)).toMatchObject({
      ssrc: 9,
      cumulativeLost: 0,
      highestSequence: 101,
      lastSenderReport: 0,
    });
  });

  it('knows the sender time of a frame after a sender report', () => {
    const { send, reception } = listen();
    for (const n of [0, 1]) send(n, { timestamp: 2 ** 32 - 48 });
    const utc = Date.UTC(2026, 6, 1);
    const ntp = BigInt(utc / 1000 + 2_208_988_800) << 32n;
    reception.senderReport({ ssrc: 7, ntp, rtpTimestamp: 0 }, 1e6, utc + 40);
    expect(reception.senderClock.utcMsAt(2 ** 32 + 4800)).toBeCloseTo(utc + 100, 6);
  });

  it('accounts for every frame of a stream with loss, reordering and duplicates', () => {
    const plan = fc.array(fc.record({ lost: fc.boolean(), delay: fc.nat(6), twice: fc.boolean() }), {
      minLength: 30,
      maxLength: 120,
    });
    fc.assert(
      fc.property(plan, fc.nat(0xffff), fc.nat(0xffff_ffff), (packets, sequence, timestamp) => {
        const { send, reception, gaps, heard } = listen();
        const arrivals = packets
          .flatMap((packet, n) => {
            if (packet.lost && n > 1) return [];
            const at = n < 2 ? n : n + packet.delay;
            return packet.twice && n > 1
              ? [
                  { n, at },
                  { n, at },
                ]
              : [{ n, at }];
          })
          .sort((a, b) => a.at - b.at);
        for (const { n, at } of arrivals) send(n, { at, sequence, timestamp });
        reception.advance(timestamp + packets.length * FRAMES);
        const frames = new Set(heard.map((each) => (each.position - timestamp) / FRAMES));
        const missing = new Set<number>();
        for (const { start, end } of gaps)
          for (let at = start; at < end; at += FRAMES) missing.add((at - timestamp) / FRAMES);
        expect(frames.size).toBe(heard.length);
        expect([...missing]).toEqual(packets.map((_, n) => n).filter((n) => !frames.has(n)));
        const last = Math.max(...frames);
        expect(reception.counters.lost).toBe(last + 1 - frames.size);
        expect(reception.counters.duplicated).toBe(arrivals.length - heard.length);
      }),
      { numRuns: 100 },
    );
  });

  it('survives whatever comes', () => {
    const { reception } = listen();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(3), fc.nat(20_000), (bytes, host, at) => {
        if (bytes.length > 1) [bytes[0], bytes[1]] = [0x80, 98];
        reception.receive(Buffer.from(bytes), `192.0.2.${host}`, at);
      }),
      { numRuns: 300 },
    );
  });
});
