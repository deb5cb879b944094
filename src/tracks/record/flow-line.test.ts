import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestSender, testSignal } from '../../../test/support/rtp-sender.ts';
import { ntpOfUtcMs } from '../../protocols/ntp/timestamp.ts';
import type { RtcpMessage } from '../../protocols/rtp/rtcp.ts';
import { FlowLine } from './flow-line.ts';
import type { FlowLineOptions, FrameSink, TrackGap, TrackRun } from './flow-line-types.ts';
import { TakeLine } from './take-line.ts';

const FROM = '192.0.2.1';
const OPTIONS: FlowLineOptions = { sampleRate: 48_000, frameBytes: 2, payloadTypes: [96], bufferMs: 100 };

class Track implements FrameSink {
  readonly parts: Buffer[] = [];
  readonly gaps: TrackGap[] = [];
  readonly runs: TrackRun[] = [];

  samples(bytes: Buffer): void {
    this.parts.push(Buffer.from(bytes).swap16());
  }

  silence(gap: TrackGap): void {
    this.gaps.push(gap);
    this.parts.push(Buffer.alloc((gap.end - gap.start) * 2));
  }

  run(run: TrackRun): void {
    this.runs.push(run);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

function newTake() {
  const starts: number[] = [];
  const line = new TakeLine((startMs) => void starts.push(startMs));
  const flow = (options: Partial<FlowLineOptions> = {}) => {
    const track = new Track();
    return { track, line: new FlowLine({ ...OPTIONS, ...options }, line, track) };
  };
  return { flow, starts };
}

const reports = (sender: TestSender, cname: string, utcMs: number, frame = 0): RtcpMessage[] => [
  {
    kind: 'sender-report',
    ssrc: sender.ssrc,
    ntp: ntpOfUtcMs(utcMs),
    rtpTimestamp: sender.firstTimestamp + frame,
    packets: 0,
    octets: 0,
    blocks: [],
  },
  { kind: 'source-description', sources: [{ ssrc: sender.ssrc, cname }] },
];

describe('a flow without loss', () => {
  it('comes out as it came in, over the wraps of sequence number and timestamp', () => {
    const { flow, starts } = newTake();
    const { track, line } = flow();
    const sender = new TestSender();
    for (let index = 0; index < 500; index++) {
      line.receive(sender.packet(index), FROM, 1000 + index);
      line.tick(1000 + index);
    }
    line.finish();
    expect(track.bytes.equals(testSignal(0, 500 * 48))).toBe(true);
    expect(track.gaps).toEqual([]);
    expect(starts).toEqual([1000]);
    expect(track.runs).toEqual([
      { start: 0, ssrc: 0x1234, timestamp: 2 ** 32 - 480, from: FROM, cause: 'first', placedBy: 'arrival' },
    ]);
  });

  it('waits the length of the buffer, and holds no more', () => {
    const { flow } = newTake();
    const { track, line } = flow();
    const sender = new TestSender();
    for (let index = 0; index < 100; index++) {
      line.receive(sender.packet(index), FROM, index);
      line.tick(index);
    }
    expect(track.bytes.length).toBe(0);
    for (let index = 100; index < 1000; index++) {
      line.receive(sender.packet(index), FROM, index);
      line.tick(index);
      expect(line.bufferedMs).toBeLessThan(110);
    }
    expect(track.bytes.length).toBeGreaterThan(880 * 96);
  });

  it('writes nothing beyond the last packet, however long nothing comes', () => {
    const { flow } = newTake();
    const { track, line } = flow();
    const sender = new TestSender();
    for (let index = 0; index < 10; index++) line.receive(sender.packet(index), FROM, index);
    for (let now = 0; now < 60_000; now += 100) line.tick(now);
    expect(track.bytes.equals(testSignal(0, 480))).toBe(true);
  });
});

describe('loss', () => {
  it('is silence of exactly that length, with the gap told', () => {
    const { flow } = newTake();
    const { track, line } = flow();
    const sender = new TestSender();
    const lost = new Set([3, 4, 9, 250]);
    for (let index = 0; index < 400; index++) {
      if (!lost.has(index)) line.receive(sender.packet(index), FROM, index);
      line.tick(index);
    }
    line.finish();
    const gaps = [
      { start: 144, end: 240 },
      { start: 432, end: 480 },
      { start: 12_000, end: 12_048 },
    ];
    expect(track.gaps).toEqual(gaps.map((gap) => ({ ...gap, cause: 'lost' })));
    expect(track.bytes.equals(testSignal(0, 400 * 48, gaps))).toBe(true);
    expect(line.counters).toMatchObject({ lost: 4, gaps: 3, gapFrames: 192 });
  });

  it('is mended by packets that come late, within the buffer only', () => {
    const { flow } = newTake();
    const { track, line } = flow();
    const sender = new TestSender();
    const delays = new Map([
      [50, 80],
      [120, 150],
    ]);
    const arrivals = Array.from({ length: 400 }, (_, index) => ({ index, at: index + (delays.get(index) ?? 0) }));
    for (const { index, at } of arrivals.sort((a, b) => a.at - b.at || a.index - b.index)) {
      line.receive(sender.packet(index), FROM, at);
      line.tick(at);
    }
    line.finish();
    expect(track.gaps).toEqual([{ start: 120 * 48, end: 121 * 48, cause: 'lost' }]);
    expect(line.counters).toMatchObject({ late: 1, reordered: 2 });
  });

  it('tells what to ask for again while it may still come', () => {
    const { flow } = newTake();
    const { line } = flow();
    const sender = new TestSender({ firstSequence: 100 });
    for (let index = 0; index < 50; index++) if (index !== 20) line.receive(sender.packet(index), FROM, index);
    expect(line.missingSequences(10)).toEqual([120]);
    for (let index = 50; index < 300; index++) line.receive(sender.packet(index), FROM, index);
    line.tick(300);
    expect(line.missingSequences(10)).toEqual([]);
  });

  it('of an hour takes no memory and is placed to the frame', () => {
    const { flow } = newTake();
    const { track, line } = flow();
    const sender = new TestSender({ frames: 480 });
    for (let index = 0; index < 20; index++) line.receive(sender.packet(index), FROM, index * 10);
    const after = 360_000;
    for (let index = after; index < after + 20; index++) line.receive(sender.packet(index), FROM, index * 10);
    track.silence = (gap) => void track.gaps.push(gap);
    line.finish();
    expect(track.gaps).toEqual([{ start: 9600, end: after * 480, cause: 'lost' }]);
    expect(line.written).toBe((after + 20) * 480);
  });

  it('of any kind leaves an exact list of gaps', () => {
    const fate = fc.record({
      isLost: fc.integer({ min: 0, max: 9 }),
      delay: fc.nat(60),
      copies: fc.integer({ min: 1, max: 2 }),
    });
    const run = fc.array(fate, { minLength: 10, maxLength: 200 });
    fc.assert(
      fc.property(run, (fates) => {
        const { flow } = newTake();
        const { track, line } = flow();
        const sender = new TestSender();
        const sent = fates.flatMap(({ isLost, delay, copies }, index) =>
          isLost === 0 && index > 1
            ? []
            : Array.from({ length: copies }, (_, copy) => ({ index, at: index + (index > 1 ? delay : 0) + copy * 5 })),
        );
        for (const { index, at } of sent.sort((a, b) => a.at - b.at || a.index - b.index)) {
          line.receive(sender.packet(index), FROM, at);
          line.tick(at);
        }
        line.finish();
        const came = new Set(sent.map(({ index }) => index));
        const last = Math.max(...came);
        const gaps: { start: number; end: number }[] = [];
        for (let index = 0; index < last; index++) {
          if (came.has(index)) continue;
          const before = gaps.at(-1);
          if (before?.end === index * 48) before.end += 48;
          else gaps.push({ start: index * 48, end: index * 48 + 48 });
        }
        expect(track.gaps).toEqual(gaps.map((gap) => ({ ...gap, cause: 'lost' })));
        expect(track.bytes.equals(testSignal(0, (last + 1) * 48, gaps))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('survives a burst longer than the buffer, which a stalled network hands over at once', () => {
    const { flow } = newTake();
    const { track, line } = flow();
    const sender = new TestSender();
    for (let index = 0; index < 10; index++) line.receive(sender.packet(index), FROM, index);
    for (let index = 10; index < 3000; index++) line.receive(sender.packet(index), FROM, 3000);
    line.finish();
    expect(track.gaps).toEqual([]);
    expect(track.bytes.equals(testSignal(0, 3000 * 48))).toBe(true);
  });
});

describe('a restarted sender', () => {
  const play = (sender: TestSender, line: FlowLine, count: number, fromMs: number) => {
    for (let index = 0; index < count; index++) {
      line.receive(sender.packet(index), FROM, fromMs + index);
      line.tick(fromMs + index);
    }
  };

  it('goes on where the time since its last packet says', () => {
    const { flow } = newTake();
    const { track, line } = flow();
    play(new TestSender(), line, 500, 0);
    play(new TestSender({ ssrc: 7, firstTimestamp: 99, firstSequence: 3 }), line, 500, 2000);
    line.finish();
    // The last packet of the first one came at 499 ms and ends at 500 ms.
    expect(track.gaps).toEqual([{ start: 24_000, end: 24_000 + 1501 * 48, cause: 'restart' }]);
    expect(track.bytes.subarray(-500 * 96).equals(testSignal(0, 24_000))).toBe(true);
    expect(track.runs.map(({ cause, ssrc }) => ({ cause, ssrc }))).toEqual([
      { cause: 'first', ssrc: 0x1234 },
      { cause: 'restart', ssrc: 7 },
    ]);
  });

  it('with a media clock is placed to the frame, whatever the network did to its first packet', () => {
    const { flow } = newTake();
    const mediaClock = { key: 'ptp 1', offset: 4711 };
    const { track, line } = flow({ mediaClock });
    play(new TestSender({ firstTimestamp: 4711 }), line, 500, 0);
    play(new TestSender({ firstTimestamp: 4711 + 96_000, ssrc: 7 }), line, 500, 2013);
    line.finish();
    expect(track.gaps.map(({ start, end }) => ({ start, end }))).toEqual([{ start: 24_000, end: 96_000 }]);
  });
});

describe('flows that belong together', () => {
  it('are placed by their media clock, a late one after silence', () => {
    const { flow, starts } = newTake();
    const a = flow({ mediaClock: { key: 'ptp 1', offset: 0 } });
    const b = flow({ mediaClock: { key: 'ptp 1', offset: 1000 } });
    const one = new TestSender({ firstTimestamp: 5000 });
    const two = new TestSender({ firstTimestamp: 6000, ssrc: 2 });
    for (let index = 0; index < 1000; index++) {
      a.line.receive(one.packet(index), FROM, index);
      if (index >= 700) b.line.receive(two.packet(index), FROM, index + 7.3);
      a.line.tick(index);
      b.line.tick(index);
    }
    a.line.finish();
    b.line.finish();
    expect(starts).toEqual([0]);
    expect(b.track.gaps).toEqual([{ start: 0, end: 700 * 48, cause: 'absent' }]);
    expect(b.track.bytes.equals(testSignal(0, 48_000, b.track.gaps))).toBe(true);
    expect(b.track.runs[0]?.placedBy).toBe('media clock');
  });

  it('are placed by the sender reports of one CNAME, the earliest frame first', () => {
    const { flow } = newTake();
    const a = flow();
    const b = flow();
    const one = new TestSender({ firstTimestamp: 123_456 });
    const two = new TestSender({ firstTimestamp: 2 ** 32 - 77, ssrc: 2 });
    const utcMs = Date.UTC(2026, 10, 21, 9);
    const arrival = { from: FROM, port: 5005, arrivalMs: 0, arrivalUtcMs: utcMs + 20 };
    a.line.rtcp({ ...arrival, messages: reports(one, 'studio', utcMs) });
    b.line.rtcp({ ...arrival, messages: reports(two, 'studio', utcMs) });
    for (let index = 0; index < 300; index++) {
      b.line.receive(two.packet(index), FROM, index + 3);
      if (index >= 10) a.line.receive(one.packet(index), FROM, index);
      a.line.tick(index);
      b.line.tick(index);
    }
    a.line.finish();
    b.line.finish();
    expect(b.track.gaps).toEqual([]);
    expect(a.track.gaps).toEqual([{ start: 0, end: 480, cause: 'absent' }]);
    expect(a.track.bytes.equals(testSignal(0, 300 * 48, a.track.gaps))).toBe(true);
    expect(a.track.runs[0]?.placedBy).toBe('sender reports');
  });

  it('are in step at different rates, by the reports of their sender, with a media clock or without', () => {
    const utcMs = Date.UTC(2026, 10, 21, 9);
    for (const mediaClock of [undefined, { key: 'local 192.0.2.1', offset: 0 }]) {
      const { flow } = newTake();
      const clocked = mediaClock ? { mediaClock } : {};
      const flows = [48_000, 96_000, 44_100].map((sampleRate, which) => {
        const sender = new TestSender({ ssrc: which + 1, frames: sampleRate / 100 });
        const { line, track } = flow({ sampleRate, ...clocked });
        const messages = reports(sender, 'studio', utcMs);
        line.rtcp({ messages, from: FROM, port: 5005, arrivalMs: 0, arrivalUtcMs: utcMs });
        return { line, track, sender, delayMs: [0, 7, 3][which]! };
      });
      for (let now = 0; now < 600; now++) {
        for (const { line, sender, delayMs } of flows) {
          // The second and the third flow begin 100 ms later.
          const due = now - delayMs;
          const from = delayMs > 0 ? 10 : 0;
          if (due >= 0 && due % 10 === 0 && due / 10 >= from && due / 10 < 40)
            line.receive(sender.packet(due / 10), FROM, now);
          line.tick(now);
        }
      }
      for (const { line } of flows) line.finish();
      expect(flows.map(({ track }) => track.gaps.map(({ start, end }) => [start, end]))).toEqual([
        [],
        [[0, 9600]],
        [[0, 4410]],
      ]);
    }
  });

  it('are in step at different rates, by the media clock alone, wraps included, where no sender reports', () => {
    const { flow } = newTake();
    const mediaClock = { key: 'ptp 1', offset: 0 };
    const startSeconds = 1_763_717_400.25;
    const flows = [48_000, 44_100, 96_000, 44_100].map((sampleRate, which) => {
      const firstTimestamp = (startSeconds * sampleRate) % 2 ** 32;
      const sender = new TestSender({ ssrc: which + 1, frames: sampleRate / 100, firstTimestamp });
      return { ...flow({ sampleRate, mediaClock }), sender, delayMs: [0, 7, 3, 12][which]! };
    });
    for (let now = 0; now < 600; now++) {
      for (const { line, sender, delayMs } of flows) {
        const packet = (now - delayMs) / 10;
        // All but the first flow begin 100 ms later.
        if (Number.isInteger(packet) && packet >= (delayMs > 0 ? 10 : 0) && packet < 40)
          line.receive(sender.packet(packet), FROM, now);
        line.tick(now);
      }
    }
    for (const { line } of flows) line.finish();
    expect(flows.map(({ track }) => track.gaps.map(({ start, end }) => [start, end]))).toEqual([
      [],
      [[0, 4410]],
      [[0, 9600]],
      [[0, 4410]],
    ]);
    expect(flows.map(({ track }) => track.runs[0]?.placedBy)).toEqual(flows.map(() => 'media clock'));
  });

  it.each([
    ['an hour ahead', 3_600_000],
    ['a day behind', -86_400_000],
    ['700 ms ahead', 700],
  ])('of two senders, one whose clock is %s: each in step in itself, the two by their arrival', (_, aheadMs) => {
    const { flow } = newTake();
    const utcMs = Date.UTC(2026, 10, 21, 9);
    const flows = [0, 1, 2, 3].map((index) => {
      const isSecond = index >= 2;
      const sender = new TestSender({ ssrc: index + 1, firstTimestamp: 1_000_000 * index });
      const { line, track } = flow();
      const messages = reports(sender, isSecond ? 'truck' : 'studio', utcMs + (isSecond ? aheadMs : 0));
      line.rtcp({ messages, from: FROM, port: 5005, arrivalMs: 0, arrivalUtcMs: utcMs });
      return { line, track, sender, delayMs: [0, 9, 2, 5][index]! };
    });
    for (let now = 0; now < 400; now++) {
      for (const { line, sender, delayMs } of flows) {
        if (now >= delayMs && now < delayMs + 300) line.receive(sender.packet(now - delayMs), FROM, now);
        line.tick(now);
      }
    }
    for (const { line } of flows) line.finish();
    const silence = flows.map(({ track }) => track.gaps.map(({ start, end }) => [start, end]));
    expect(silence.slice(0, 2)).toEqual([[], []]);
    // The second sender's first flow came 2 ms after the take's beginning; its other one is placed by the same clock.
    expect(silence[2]).toEqual([[0, 96]]);
    expect(silence[3]).toEqual(silence[2]);
    for (const { track } of flows.slice(2))
      expect(track.bytes.subarray(192).equals(testSignal(0, 300 * 48))).toBe(true);
  });

  it('are not torn apart by a sender whose clock was set anew', () => {
    const { flow } = newTake();
    const tracks = [flow(), flow()];
    const utcMs = Date.UTC(2026, 10, 21, 9);
    const play = (ssrcs: number[], clockMs: number, fromMs: number) => {
      for (const [which, { line }] of tracks.entries()) {
        const sender = new TestSender({ ssrc: ssrcs[which]!, firstTimestamp: ssrcs[which]! * 1000 });
        const messages = reports(sender, 'studio', clockMs);
        line.rtcp({ messages, from: FROM, port: 5005, arrivalMs: fromMs, arrivalUtcMs: clockMs });
        for (let index = 0; index < 300; index++) line.receive(sender.packet(index), FROM, fromMs + index + which * 9);
        for (let now = fromMs; now < fromMs + 400; now += 10) line.tick(now);
      }
    };
    play([1, 2], utcMs, 0);
    play([3, 4], utcMs + 86_400_000, 5000);
    for (const { line } of tracks) line.finish();
    expect(tracks[0]!.line.written).toBe(tracks[1]!.line.written);
    expect(tracks[0]!.track.gaps).toEqual(tracks[1]!.track.gaps);
    expect(tracks[0]!.track.gaps).toHaveLength(1);
  });
});

it('leaves out strangers and what is malformed, and counts them', () => {
  const { flow } = newTake();
  const { track, line } = flow();
  const sender = new TestSender();
  const stranger = new TestSender({ ssrc: 99, firstTimestamp: 5 });
  for (let index = 0; index < 300; index++) {
    line.receive(sender.packet(index), FROM, index);
    line.receive(stranger.packet(index), '198.51.100.9', index);
    line.receive(Buffer.from([0x80, 96, 1]), '198.51.100.9', index);
  }
  line.finish();
  expect(track.bytes.equals(testSignal(0, 300 * 48))).toBe(true);
  expect(line.counters).toMatchObject({ strangers: 300, malformed: 300 });
  expect(line.strangers()).toEqual([{ ssrc: 99, from: '198.51.100.9', packets: 299 }]);
});
