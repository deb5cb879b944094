import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patternBytes } from '../../../test/support/frames.ts';
import { BYTES_PER_SECOND, Driven, streamRig as setUp } from '../../../test/support/stream-rig.ts';

describe('Stream', () => {
  it('passes audio on byte for byte', async () => {
    const { input, feed, bytes, stream } = await setUp();
    await feed(input.open(), 0, 5);
    expect(bytes().equals(patternBytes(0, 80_000))).toBe(true);
    expect(stream.status()).toMatchObject({ state: 'live', clock: { driftPpm: 0, confident: false } });
    await stream.close();
  });

  it('continues at the very next byte when an input resumes exactly', async () => {
    const { input, feed, bytes, clock, stream } = await setUp();
    const first = input.open();
    await feed(first, 0, 3);
    first.write(patternBytes(48_000, 48_100)); // not a whole fragment
    first.end();
    input.fail();
    await clock.run(900);
    const next = input.open('exact');
    await feed(next, 48_100, 4);
    expect(bytes().equals(patternBytes(0, bytes().length))).toBe(true);
    expect(stream.stats.gaps).toBe(0);
    expect(input.runs).toBe(2);
    await stream.close();
  });

  it('drops what a rejoined server repeats', async () => {
    const { input, feed, bytes, clock, stream } = await setUp();
    const first = input.open();
    await feed(first, 0, 6);
    first.end();
    await clock.run(500);
    const again = input.open('overlap');
    again.write(patternBytes(40_000, 104_000)); // the server's burst, old and new
    await feed(again, 104_000, 2);
    expect(bytes().equals(patternBytes(0, bytes().length))).toBe(true);
    expect(bytes().length).toBe(136_000);
    expect(stream.status().counters).toMatchObject({ gaps: 0, overlapBytesDropped: 56_000 });
    await stream.close();
  });

  it('names a gap when the rejoined server has moved on', async () => {
    const { input, feed, bytes, stream } = await setUp();
    const first = input.open();
    await feed(first, 0, 3);
    first.end();
    await feed(input.open('overlap'), 200_000, 3);
    expect(bytes().equals(Buffer.concat([patternBytes(0, 48_000), patternBytes(200_000, 248_000)]))).toBe(true);
    expect(stream.status().counters.causes['line-loss']).toBe(1);
    await stream.close();
  });

  it('plays a fallback while the source is away, and every byte of the source when it is back', async () => {
    const fallback = new Driven(true);
    const { input, feed, heard, clock, stream } = await setUp({}, [fallback]);
    const first = input.open();
    await feed(first, 0, 5);
    first.end();
    expect(fallback.running).toBe(false);
    await clock.run(2300);
    expect(fallback.running).toBe(true);
    const jingle = fallback.open();
    await feed(jingle, 10_000_000, 3);
    expect(stream.status().state).toBe('fallback');
    await feed(input.open(), 500_000, 4);
    expect(stream.status().state).toBe('live');
    expect(fallback.running).toBe(false);
    const runs: Buffer[] = [];
    for (const { data, discontinuity } of heard) {
      if (discontinuity || runs.length === 0) runs.push(Buffer.alloc(0));
      runs.push(Buffer.concat([runs.pop()!, data]));
    }
    expect(runs).toHaveLength(3);
    expect(runs[0]!.equals(patternBytes(0, 80_000))).toBe(true);
    expect(runs[1]!.equals(patternBytes(10_000_000, 10_000_000 + runs[1]!.length))).toBe(true);
    expect(runs[2]!.equals(patternBytes(500_000, 564_000))).toBe(true);
    await stream.close();
  });

  it('does not use the fallback while the reserve plays', async () => {
    const fallback = new Driven(true);
    const { input, clock, stream, bytes } = await setUp({ reserve: { ms: 20_000 } }, [fallback]);
    const writer = input.open();
    writer.write(patternBytes(0, 480_000)); // 30 s at once
    await clock.run(15_000);
    expect(stream.status().state).toBe('reserve');
    expect(fallback.running).toBe(false);
    writer.write(patternBytes(480_000, 720_000));
    await clock.run(1000);
    expect(stream.status().state).toBe('live');
    expect(bytes().equals(patternBytes(0, bytes().length))).toBe(true);
    await stream.close();
  });

  it('keeps titles with their bytes and tells them as listeners reach them', async () => {
    const { input, feed, stream, heard } = await setUp();
    const writer = input.open();
    writer.setMetadata({ title: 'One' });
    await feed(writer, 0, 2);
    writer.write(patternBytes(32_000, 33_000));
    writer.setMetadata({ title: 'Two' });
    await feed(writer, 33_000, 2);
    const marks = heard.flatMap(({ metadata, mediaTimeUs }) =>
      metadata.map(({ offset, metadata: { title } }) => [title, (mediaTimeUs / 1e6) * BYTES_PER_SECOND + offset]),
    );
    expect(marks).toEqual([
      ['One', 0],
      ['Two', 33_000],
    ]);
    expect(stream.status().titles.map(({ title }) => title)).toEqual(['Two', 'One']);
    await stream.close();
  });

  it('is not heard to stop, and loses and repeats nothing, over any outages shorter than the reserve', async () => {
    const outage = fc.record({
      upMs: fc.integer({ min: 12_000, max: 40_000 }),
      downMs: fc.integer({ min: 100, max: 9000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(outage, { minLength: 1, maxLength: 4 }), async (outages) => {
        const { input, clock, stream, bytes } = await setUp({ reserve: { ms: 10_000 }, start: 'full' });
        let sent = 0;
        // A line with a buffer behind it: what was made during an outage comes at once after it.
        const startMs = clock.nowMs() - 10_000;
        const due = () => Math.floor(((clock.nowMs() - startMs) * BYTES_PER_SECOND) / 1000);
        for (const { upMs, downMs } of outages) {
          const writer = input.open('exact');
          const untilMs = clock.nowMs() + upMs;
          while (clock.nowMs() < untilMs) {
            const end = due();
            writer.write(patternBytes(sent, end));
            sent = end;
            await clock.run(200);
          }
          writer.end();
          await clock.run(downMs);
        }
        expect(bytes().equals(patternBytes(0, bytes().length))).toBe(true);
        expect(stream.stats).toMatchObject({ gaps: 0, stalls: 0 });
        await stream.close();
      }),
      { numRuns: 100 },
    );
  });

  it('leaves no timer behind', async () => {
    const { input, feed, stream, clock } = await setUp({ reserve: { ms: 3000 } });
    await feed(input.open(), 0, 2);
    await stream.close();
    expect(clock.pendingCount).toBe(0);
  });
});
