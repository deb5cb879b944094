import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codec, StreamFormat } from '../core/fragment.ts';
import type { Frame } from './framer.ts';
import { OverlapFinder, type OverlapResult } from './overlap.ts';

function format(codec: Codec): StreamFormat {
  return {
    contentType: 'audio/mpeg',
    codec,
    sampleRate: undefined,
    channels: undefined,
    headers: Buffer.alloc(0),
    primeFrames: 0,
    latticeBytes: undefined,
  };
}
const OPAQUE = format('opaque');
const MP3 = format('mp3');

/** Bytes that do not repeat. */
function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** Cuts `bytes` into frames of the sizes given in turn. */
function cut(bytes: Buffer, sizes: readonly number[], streamFormat: StreamFormat): Frame[] {
  const frames: Frame[] = [];
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = Math.min(bytes.length, start + sizes[turn % sizes.length]!);
    frames.push({ data: bytes.subarray(start, end), durationUs: 0, format: streamFormat });
    start = end;
  }
  return frames;
}

/** Pushes frame by frame until all are in, then flushes; all that was passed on, in one piece. */
function play(finder: OverlapFinder, frames: readonly Frame[]): { state: OverlapResult['state']; passed: Buffer } {
  const passed: Buffer[] = [];
  for (const frame of frames) passed.push(...finder.push([frame]).frames.map((each) => each.data));
  const last = finder.flush();
  passed.push(...last.frames.map((each) => each.data));
  return { state: last.state, passed: Buffer.concat(passed) };
}

const stream = noise(60_000);

describe('OverlapFinder', () => {
  it('drops the burst that is already held, at any start and in any chunks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2000, max: 40_000 }),
        fc.integer({ min: 1024, max: 20_000 }),
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 }),
        (end, overlap, sizes) => {
          fc.pre(overlap <= end);
          const finder = new OverlapFinder({ history: stream.subarray(0, end), maxHeldBytes: 50_000 });
          const { state, passed } = play(finder, cut(stream.subarray(end - overlap), sizes, OPAQUE));
          expect(state).toBe('joined');
          expect(passed.equals(stream.subarray(end))).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('passes everything on when the stream has moved beyond the history, and says so early', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        const finder = new OverlapFinder({ history: stream.subarray(0, 30_000), maxHeldBytes: 50_000 });
        const after = stream.subarray(31_000);
        let given = 0;
        let state: OverlapResult['state'] = 'searching';
        const passed: Buffer[] = [];
        for (const frame of cut(after, sizes, OPAQUE)) {
          const result = finder.push([frame]);
          given += frame.data.length;
          if (state === 'searching' && result.state !== 'searching')
            expect(given - frame.data.length).toBeLessThan(1024);
          state = result.state;
          passed.push(...result.frames.map((each) => each.data));
        }
        expect(state).toBe('apart');
        expect(Buffer.concat(passed).equals(after)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('lets later bytes decide between repeated jingles', () => {
    const jingle = noise(5000, 7);
    const history = Buffer.concat([noise(3000, 2), jingle, noise(3000, 3), jingle, noise(2000, 4)]);
    const next = noise(4000, 5);
    const fromSecond = Buffer.concat([history.subarray(history.length - 6000), next]);
    const second = play(new OverlapFinder({ history, maxHeldBytes: 50_000 }), cut(fromSecond, [700], OPAQUE));
    expect(second.state).toBe('joined');
    expect(second.passed.equals(next)).toBe(true);
    const fromFirst = Buffer.concat([history.subarray(4000), next]);
    const first = play(new OverlapFinder({ history, maxHeldBytes: 50_000 }), cut(fromFirst, [700], OPAQUE));
    expect(first.passed.equals(next)).toBe(true);
  });

  it('finds its way through silence before sound', () => {
    const silence = Buffer.alloc(30_000);
    const history = Buffer.concat([noise(1000), silence, noise(4000, 2)]);
    const next = noise(3000, 3);
    const again = Buffer.concat([history.subarray(20_000), next]);
    const { state, passed } = play(new OverlapFinder({ history, maxHeldBytes: 80_000 }), cut(again, [417], OPAQUE));
    expect(state).toBe('joined');
    expect(passed.equals(next)).toBe(true);
  });

  it('compares each byte of silence a bounded number of times', () => {
    const history = Buffer.concat([Buffer.alloc(2_000_000), Buffer.from([1])]);
    const finder = new OverlapFinder({ history, maxHeldBytes: 4_000_000 });
    // each of the two million places fits until its last byte: anything worse than linear does not end
    const result = finder.push(cut(Buffer.alloc(2_000_001), [100_000], OPAQUE));
    expect(result.state).toBe('apart');
  });

  it('takes a framed overlap only where a frame ends', () => {
    // the second half of the history occurs in the new stream, but ends inside one of its frames
    const shared = noise(2000, 9);
    const history = Buffer.concat([noise(2000, 8), shared]);
    const shifted = Buffer.concat([shared, noise(2000, 10)]);
    const apart = play(new OverlapFinder({ history, maxHeldBytes: 50_000 }), cut(shifted, [300], MP3));
    expect(apart.state).toBe('apart');
    expect(apart.passed.equals(shifted)).toBe(true);
    const joined = play(new OverlapFinder({ history, maxHeldBytes: 50_000 }), cut(shifted, [400], MP3));
    expect(joined.state).toBe('joined');
    expect(joined.passed.equals(shifted.subarray(2000))).toBe(true);
  });

  it('never splits a framed frame and keeps what the frames carry', () => {
    const frames = cut(stream.subarray(8000, 16_000), [400], MP3).map((frame, index) => ({
      ...frame,
      metadata: { title: String(index) },
    }));
    const finder = new OverlapFinder({ history: stream.subarray(0, 10_000), maxHeldBytes: 50_000 });
    const result = finder.push(frames);
    expect(result.frames).toEqual(frames.slice(5));
  });

  it('takes a short overlap for nothing', () => {
    const again = stream.subarray(9000, 20_000);
    const finder = new OverlapFinder({
      history: stream.subarray(0, 10_000),
      maxHeldBytes: 50_000,
      minMatchBytes: 1001,
    });
    expect(play(finder, cut(again, [500], OPAQUE)).passed.equals(again)).toBe(true);
  });

  it('holds no more than it may', () => {
    const finder = new OverlapFinder({ history: stream, maxHeldBytes: 3000 });
    const frames = cut(stream.subarray(1000, 10_000), [500], OPAQUE);
    const states = frames.map((frame) => finder.push([frame]).state);
    expect(states.indexOf('apart')).toBe(6);
  });

  it('gives up on the longest overlap that is complete', () => {
    const history = Buffer.alloc(20_000);
    const finder = new OverlapFinder({ history, maxHeldBytes: 50_000 });
    expect(finder.push(cut(Buffer.alloc(4000), [400], MP3)).state).toBe('searching');
    expect(finder.giveUp()).toEqual({ state: 'joined', frames: [] });
  });

  it('passes all on when it gives up in the midst of the history', () => {
    const finder = new OverlapFinder({ history: stream, maxHeldBytes: 50_000 });
    const frames = cut(stream.subarray(1000, 5000), [400], MP3);
    expect(finder.push(frames).state).toBe('searching');
    expect(finder.giveUp()).toEqual({ state: 'apart', frames });
  });

  it('drops repeats of a session that ended before it brought anything new', () => {
    const finder = new OverlapFinder({ history: stream, maxHeldBytes: 50_000 });
    finder.push(cut(stream.subarray(1000, 5000), [400], OPAQUE));
    expect(finder.flush()).toEqual({ state: 'joined', frames: [] });
  });

  it('is apart at once without a history', () => {
    const frames = cut(stream.subarray(0, 100), [100], OPAQUE);
    expect(new OverlapFinder({ history: Buffer.alloc(0), maxHeldBytes: 10 }).push(frames)).toEqual({
      state: 'apart',
      frames,
    });
  });

  it('agrees with the plain definition on few-valued bytes', () => {
    const letters = (maxLength: number) =>
      fc.array(fc.integer({ min: 0, max: 1 }), { maxLength }).map((values) => Buffer.from(values));
    fc.assert(
      fc.property(letters(24), letters(24), fc.integer({ min: 1, max: 5 }), (history, fresh, chunk) => {
        const finder = new OverlapFinder({ history, maxHeldBytes: 1000, minMatchBytes: 2 });
        const passed: Buffer[] = [];
        let state: OverlapResult['state'] = 'searching';
        for (const frame of cut(fresh, [chunk], OPAQUE)) {
          const result = finder.push([frame]);
          state = result.state;
          passed.push(...result.frames.map((each) => each.data));
        }
        // the earliest place whose bytes up to the end of either agree, with at least two bytes to the end
        let start = 0;
        const agrees = (at: number) => {
          const length = Math.min(history.length - at, fresh.length);
          return history.subarray(at, at + length).equals(fresh.subarray(0, length));
        };
        while (start <= history.length - 2 && !agrees(start)) start++;
        const overlap = history.length - start;
        if (fresh.length === 0) expect(state).toBe('searching');
        else if (history.length < 2) expect(state).toBe('apart');
        else if (fresh.length < 2) expect(state).toBe('searching');
        else if (overlap < 2) expect(state).toBe('apart');
        else if (fresh.length < overlap) expect(state).toBe('searching');
        else expect(state).toBe('joined');
        if (state === 'joined') expect(Buffer.concat(passed).equals(fresh.subarray(overlap))).toBe(true);
        if (state === 'apart') expect(Buffer.concat(passed).equals(fresh)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
