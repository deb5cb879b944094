import { describe, expect, it } from 'vitest';
import { firstBreak, patternPosition } from '../support/counting-pattern.ts';
import { DistreamerLine, FRAGMENT_BYTES, LINE_PROTOCOLS } from '../support/distreamer-line.ts';
import { seededRandom } from '../support/seeded-random.ts';

const METADATA_INTERVAL = 4000;

const PROTOCOLS = Object.entries(LINE_PROTOCOLS).map(([name, protocol]) => ({ name, protocol }));
const PULLS = PROTOCOLS.filter(({ name }) => name.endsWith('pull'));
const PUSHES = PROTOCOLS.filter(({ name }) => name.endsWith('push'));

describe.each(PROTOCOLS)('$name over a failing line', ({ protocol }) => {
  it('loses and repeats nothing over outages shorter than the buffer, 100 schedules', async () => {
    let outages = 0;
    let reconnects = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed);
      const fragmentSize = seed % 3 === 0 ? `${300 + seed * 40}B` : undefined;
      const line = new DistreamerLine({
        protocol,
        random,
        output: { metadataInterval: METADATA_INTERVAL, fragmentSize },
      });
      await line.startOutput();
      await line.play(random() * 5000, titleNow(random));
      line.startInput();
      for (let turn = 0; turn < 4; turn++) {
        await line.play(500 + random() * 6000, titleNow(random));
        outages++;
        if (random() < 0.3) line.line.cut();
        line.line.down();
        await line.play(500 + random() * 9500, titleNow(random));
        line.line.up();
        if (random() < 0.3) line.line.cut();
      }
      await line.play(8000, titleNow(random));
      await line.clock.run(4000);
      const { sessions } = line;
      reconnects += sessions.continuities.length - 1 + line.outputFailures.length;
      expect(sessions.causes).toEqual([]);
      expect(sessions.continuities).toEqual(['new', ...sessions.continuities.slice(1).map(() => 'exact')]);
      expect(patternPosition(sessions.bytes)).toBe(0);
      expect(firstBreak(sessions.bytes)).toBe(-1);
      const unsentBytes = fragmentSize ? 300 + seed * 40 : 0;
      expect(sessions.length).toBeGreaterThanOrEqual(line.produced - unsentBytes - FRAGMENT_BYTES * 2);
      expectTitlesInPlace(line);
      await line.stop();
      expect(line.clock.pendingCount).toBe(0);
    }
    expect(reconnects).toBeGreaterThan(outages / 3);
  });

  it('tells of the loss when an outage is longer than the buffer, and repeats nothing', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const line = new DistreamerLine({ protocol, random: seededRandom(seed), bufferMs: 5000 });
      await line.startOutput();
      line.startInput();
      await line.play(6000);
      line.line.down();
      await line.play(15_000);
      line.line.up();
      await line.play(10_000);
      const { sessions } = line;
      expect(sessions.causes).toEqual(['line-loss']);
      const gapAt = sessions.events.find((event) => event.kind === 'discontinuity')!.at;
      expect(firstBreak(sessions.bytes.subarray(0, gapAt))).toBe(-1);
      expect(firstBreak(sessions.bytes.subarray(gapAt))).toBe(-1);
      expect(sessions.length).toBeLessThan(line.produced);
      expect((line.produced - sessions.length) % FRAGMENT_BYTES).toBe(0);
      await line.stop();
    }
  });

  it('stays connected while the source is silent', async () => {
    const line = new DistreamerLine({ protocol, random: seededRandom(1) });
    await line.startOutput();
    line.startInput();
    await line.clock.run(30_000);
    expect(line.failures).toEqual([]);
    expect(line.sessions.events).toEqual([]);
    await line.play(2000);
    await line.clock.run(30_000);
    expect(line.failures).toEqual([]);
    expect(line.sessions.bytes.length).toBe(line.produced);
    await line.stop();
  });
});

describe.each(PULLS)('$name', ({ name, protocol }) => {
  it('gives up a silent line after the timeout, and comes back', async () => {
    const line = new DistreamerLine({ protocol, random: seededRandom(1), input: { timeout: '2s' } });
    await line.startOutput();
    line.startInput();
    await line.play(4000);
    expect(line.failures).toEqual([]);
    line.line.down();
    await line.play(6000);
    expect(line.failures[0]).toMatchObject({ code: 'TIMED_OUT' });
    line.line.up();
    await line.play(6000);
    expect(firstBreak(line.sessions.bytes)).toBe(-1);
    expect(line.sessions.continuities).toEqual(['new', 'exact']);
    expect(line.outputFailures).toEqual([]);
    await line.stop();
  });

  it('says so when the password is wrong', async () => {
    const line = new DistreamerLine({ protocol, random: seededRandom(1), input: { password: 'other' } });
    await line.startOutput();
    line.startInput();
    await line.play(1000);
    const reason = name.startsWith('polling') ? 'Invalid password' : 'Password incorrect';
    expect(line.failures[0]).toMatchObject({ code: 'REFUSED', details: { reason } });
    expect(line.report().counters!.passwords_refused).toBeGreaterThanOrEqual(line.failures.length);
    await line.stop();
  });
});

describe.each(PUSHES)('$name', ({ protocol }) => {
  it('gives up a silent line after the timeout, and comes back', async () => {
    const line = new DistreamerLine({ protocol, random: seededRandom(1), output: { timeout: '2s' } });
    line.startInput();
    await line.startOutput();
    await line.play(4000);
    expect(line.outputFailures).toEqual([]);
    line.line.down();
    await line.play(6000);
    expect(line.outputFailures[0]).toMatchObject({ code: expect.stringMatching(/^(TIMED_OUT|UNREACHABLE)$/) });
    line.line.up();
    await line.play(6000);
    expect(firstBreak(line.sessions.bytes)).toBe(-1);
    expect(line.sessions.length).toBeGreaterThan(line.produced - 8 * FRAGMENT_BYTES);
    expect(line.sessions.continuities.slice(1).every((continuity) => continuity === 'exact')).toBe(true);
    expect(line.failures).toEqual([]);
    await line.stop();
  });

  it('says so when the password is wrong', async () => {
    const line = new DistreamerLine({ protocol, random: seededRandom(1), output: { password: 'other' } });
    line.startInput();
    await line.startOutput();
    await line.play(1000);
    expect(line.outputFailures[0]).toMatchObject({ code: 'REFUSED', details: { reason: 'Invalid password' } });
    expect(line.sessions.events).toEqual([]);
    await line.stop();
  });
});

function titleNow(random: () => number): (number: number) => string | undefined {
  return (number) => (random() < 0.15 ? `Title ${number}` : undefined);
}

/** Each title that was heard began at most one metadata interval before: none early, none twice. */
function expectTitlesInPlace({ sessions, titles }: DistreamerLine): void {
  for (const heard of sessions.titles.slice(1)) {
    const meant = titles.find(({ title }) => title === heard.title)!;
    expect(heard.at - meant.at).toBeGreaterThanOrEqual(0);
    expect(heard.at - meant.at).toBeLessThanOrEqual(METADATA_INTERVAL);
  }
  expect(new Set(sessions.titles.map(({ title }) => title)).size).toBe(sessions.titles.length);
}
