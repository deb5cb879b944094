import { describe, expect, it } from 'vitest';
import { FakeIo } from '../../../test/support/fake-io.ts';
import type { SendProgress } from '../../tracks/send/send-session.ts';
import { SendDisplay } from './send-display.ts';
import { progressText, sendScreen } from './send-view.ts';

const flow: SendProgress['flows'][number] = {
  sent: 12_000,
  bytes: 1,
  lost: 2,
  refused: 0,
  underruns: 1,
  nextSlot: 0,
  destinations: [
    { lost: 2, refused: 0 },
    { lost: 5, refused: 0 },
  ],
  address: '239.69.1.1',
  port: 5004,
  receivers: [{ ssrc: 1, fractionLost: 0.25, packetsLost: 9, jitterMs: 0.4, roundTripMs: 1.25, reportedMs: 0 }],
  resends: { asked: 4, resent: 3, gone: 0, refused: 1 },
};

const progress: SendProgress = {
  elapsedSeconds: 62.9,
  totalSeconds: 3725,
  lateness: { count: 1, p50Ms: 0.1, p99Ms: 0.25, p999Ms: 1, maxMs: 3.1 },
  behindMs: 0.12,
  bufferMs: 395,
  clock: { server: 'time.example.org', offsetMs: -1.5, errorBoundMs: 0.25 },
  redundancy: 'a parity packet for 10',
  tracks: [
    { name: 'kick', peak: 1 },
    { name: 'a long name of a track that is cut', peak: 0.1, problem: 'cannot read' },
    { name: 'quiet', peak: 0 },
  ],
  flows: [flow],
};

const style = { colour: false, columns: 120, rows: 40 };

describe('the screen', () => {
  it('has levels, packets, lateness, buffer, receivers, clock and redundancy', () => {
    const text = sendScreen(progress, style);
    expect(text).toContain('1:02 of 1:02:05, 1 flow\n');
    expect(text).toMatch(/kick +█{12} {3}0\n/);
    expect(text).toMatch(/a long name.* █{8}░{4} -20 +silence: cannot be read/);
    expect(text).toMatch(/quiet +░{12}\s*\n/);
    expect(text).toMatch(
      /packets +12000 packets, 1 read too late, 2 not taken by the network, 5 not taken by the second/,
    );
    expect(text).toMatch(/behind +0\.25 ms \(99 of 100\), 3\.1 ms \(the worst\), now 0\.12 ms/);
    expect(text).toMatch(/buffer +395 ms read ahead/);
    expect(text).toMatch(/receivers +1 of a flow, 25\.0 % lost at worst, jitter 0\.4 ms, round trip 1\.3 ms/);
    expect(text).toMatch(/clock +ours against time\.example\.org: 1\.500 ms, within 0\.250 ms/);
    expect(text).toMatch(/redundancy +a parity packet for 10/);
  });

  it('shows as many tracks as fit, and no line is longer than the terminal', () => {
    const tracks = Array.from({ length: 64 }, (_, index) => ({ name: `track ${index}`, peak: 0.5 }));
    const text = sendScreen({ ...progress, tracks }, { colour: false, columns: 40, rows: 20 });
    const lines = text.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(20);
    expect(lines.every((line) => [...line].length < 40)).toBe(true);
    expect(text).toContain('and 54 more');
  });

  it('counts down before the start', () => {
    expect(progressText({ ...progress, elapsedSeconds: -2.2 })).toBe('starts in 3 s');
  });
});

describe('the display', () => {
  it('draws over what it drew, and puts messages above it', () => {
    const io = new FakeIo();
    io.errIsTerminal = true;
    const display = new SendDisplay(io, { json: false, colour: false });
    display.progress(progress);
    const lines = io.stderr.split('\n').length - 1;
    display.note('Something happened.');
    expect(io.stderr.endsWith(`\r\u001b[${lines}A\u001b[JSomething happened.\n`)).toBe(true);
    display.note('More.');
    expect(io.stderr.endsWith('happened.\nMore.\n')).toBe(true);
  });

  it('writes lines without a terminal, and JSON lines for machines', () => {
    const io = new FakeIo();
    new SendDisplay(io, { json: false, colour: false }).progress(progress);
    expect(io.stderr).toBe(`${progressText(progress)}\n`);
    const display = new SendDisplay(io, { json: true, colour: false });
    display.progress(progress);
    display.note('Hello.');
    expect(
      io.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { type: 'progress', ...progress },
      { type: 'note', text: 'Hello.' },
    ]);
  });
});
