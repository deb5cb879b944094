import { describe, expect, it } from 'vitest';
import { patternBytes } from '../../../test/support/frames.ts';
import { BYTES_PER_SECOND, Driven, streamRig } from '../../../test/support/stream-rig.ts';

/** MP3 frames of 417 bytes (128 kbit/s, 44.1 kHz), each told apart by its number. */
function mp3(from: number, to: number): Buffer {
  const frames = Array.from({ length: to - from }, (_, index) => {
    const frame = Buffer.alloc(417, 0x11);
    frame.set([0xff, 0xfb, 0x90, 0x00]);
    frame.writeUInt32BE(from + index, 100);
    return frame;
  });
  return Buffer.concat(frames);
}

describe('A stream that changes its input', () => {
  it('shows the title of the input that plays, on the way there and back', async () => {
    const fallback = new Driven();
    const { input, feed, clock, stream } = await streamRig({}, [fallback]);
    const main = input.open();
    main.setMetadata({ title: 'Main' });
    let at = await feed(main, 0, 3);
    const jingle = fallback.open();
    jingle.setMetadata({ title: 'Jingle' });
    await feed(jingle, 10_000_000, 6);
    expect(stream.status().state).toBe('fallback');
    expect(stream.metadata?.title).toBe('Jingle');
    at = await feed(main, at, 3); // the same session goes on and tells no title again
    expect(stream.status().state).toBe('live');
    expect(stream.metadata?.title).toBe('Main');
    expect(stream.status().titles.map(({ title }) => title)).toEqual(['Main', 'Jingle', 'Main']);
    await clock.run(0);
    await stream.close();
  });

  it.each([false, true])('shows no title of another input where one has none (on demand: %s)', async (onDemand) => {
    const fallback = new Driven(onDemand);
    const { input, feed, stream, clock } = await streamRig({}, [fallback]);
    const main = input.open();
    main.setMetadata({ title: 'Main' });
    await feed(main, 0, 3);
    main.end();
    await clock.run(2500);
    await feed(fallback.open(), 10_000_000, 4);
    expect(stream.status().state).toBe('fallback');
    expect(stream.metadata?.title).toBe('');
    await stream.close();
  });

  it('has a full reserve again with a warm fallback', async () => {
    const fallback = new Driven();
    const { input, clock, stream } = await streamRig({ reserve: { ms: 10_000 } }, [fallback]);
    const main = input.open('new', 'audio/mpeg');
    const spare = fallback.open('new', 'audio/mpeg');
    let sent = 0;
    const step = async (withMain: boolean) => {
      if (withMain) main.write(mp3(sent, sent + 4));
      spare.write(mp3(1_000_000 + sent, 1_000_000 + sent + 4));
      sent += 4;
      await clock.run(104.49);
    };
    main.write(mp3(0, 400)); // a burst fills the reserve
    for (let count = 0; count < 200; count++) await step(true);
    for (let count = 0; count < 200; count++) await step(false);
    expect(stream.status().state).toBe('fallback');
    expect(stream.status().buffer.reserveSeconds).toBeGreaterThan(9);
    expect(stream.status().counters.stalls).toBe(0);
    await stream.close();
  });

  it('primes the decoder from a warm fallback: whole frames from before the switch, then each that follows', async () => {
    const fallback = new Driven();
    const { input, clock, heard, stream } = await streamRig({}, [fallback]);
    const main = input.open('new', 'audio/mpeg');
    const spare = fallback.open('new', 'audio/mpeg');
    let sent = 0;
    let sentAtSwitch: number | undefined;
    const step = async (withMain: boolean) => {
      if (withMain) main.write(mp3(sent, sent + 4));
      spare.write(mp3(1_000_000 + sent, 1_000_000 + sent + 4));
      sent += 4;
      await clock.run(104);
      if (stream.activeInput === stream.inputs[1]) sentAtSwitch ??= sent;
    };
    for (let count = 0; count < 40; count++) await step(true);
    for (let count = 0; count < 60; count++) await step(false);
    const first = heard.findIndex(({ discontinuity }) => discontinuity?.cause === 'input-switch');
    const before = Buffer.concat(heard.slice(0, first).map(({ data }) => data));
    const after = Buffer.concat(heard.slice(first).map(({ data }) => data));
    expect(before.equals(mp3(0, before.length / 417))).toBe(true);
    const start = after.readUInt32BE(100);
    expect(after.equals(mp3(start, start + after.length / 417))).toBe(true);
    const { primeFrames } = heard[first]!.format;
    expect(primeFrames).toBeGreaterThanOrEqual(3);
    expect(start - 1_000_000).toBeLessThanOrEqual(sentAtSwitch! - primeFrames);
    expect(start - 1_000_000).toBeGreaterThan(sentAtSwitch! - 20); // and no more than that: the fallback is live too
    await stream.close();
  });

  it('does not flap, or call the input silent, when audio comes in lumps that play until the next', async () => {
    const fallback = new Driven(true);
    const { input, clock, stream, lines } = await streamRig({ reserve: { ms: 20_000 } }, [fallback]);
    const writer = input.open('exact');
    for (let lump = 0; lump < 12; lump++) {
      writer.write(patternBytes(lump * 5 * BYTES_PER_SECOND, (lump + 1) * 5 * BYTES_PER_SECOND));
      await clock.run(5000);
    }
    expect(lines).toEqual(['input gives audio']);
    expect(fallback.runs).toBe(0);
    expect(stream.stats.gaps).toBe(0);
    await stream.close();
  });

  it('goes on filling the reserve from the fallback when the input dies before sound starts', async () => {
    const fallback = new Driven();
    const { input, feed, stream, bytes } = await streamRig({ reserve: { ms: 10_000 }, start: 'full' }, [fallback]);
    const main = input.open();
    await feed(main, 0, 5);
    main.end();
    await feed(fallback.open(), 10_000_000, 12);
    expect(stream.status().state).toBe('fallback');
    expect(bytes().subarray(0, 80_000).equals(patternBytes(0, 80_000))).toBe(true);
    await stream.close();
  });

  it('starts an on-demand fallback again that was being stopped', async () => {
    const fallback = new Driven(true, 3000); // ends slowly
    const { input, feed, clock, stream } = await streamRig({}, [fallback]);
    await feed(input.open(), 0, 3);
    await clock.run(2500);
    await feed(fallback.open(), 10_000_000, 3);
    await feed(input.open(), 20_000_000, 2); // back: the fallback is told to stop
    expect(stream.status().state).toBe('live');
    await clock.run(2500); // and is needed before it has ended
    await clock.run(2000);
    expect(fallback.runs).toBe(2);
    await feed(fallback.open(), 30_000_000, 2);
    expect(stream.status().state).toBe('fallback');
    const closed = stream.close();
    await clock.run(4000);
    await closed;
  });
});

describe('A stream with a faulty part', () => {
  it('goes on for all others when one that is called back throws, and says it once', async () => {
    const { input, feed, stream, bytes, lines } = await streamRig();
    stream.onRelease(() => {
      throw new Error('faulty release');
    });
    stream.onAppend(() => {
      throw new Error('faulty append');
    });
    await feed(input.open(), 0, 3);
    expect(bytes().equals(patternBytes(0, 48_000))).toBe(true);
    expect(lines.filter((line) => line.includes('faulty'))).toHaveLength(2);
    await stream.close();
  });

  it('gives its status although a module cannot report', async () => {
    const { input, feed, stream, lines } = await streamRig();
    input.context!.onReport(() => {
      throw new Error('no report');
    });
    await feed(input.open(), 0, 1);
    expect(stream.status().inputs[0]).toMatchObject({ state: 'live', counters: {} });
    stream.status();
    expect(lines.filter((line) => line.includes('no report'))).toHaveLength(1);
    await stream.close();
  });
});
