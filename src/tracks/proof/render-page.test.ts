import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';
import { renderTakePage } from './render-page.ts';
import type { Take, TakeTrack } from './take-schema.ts';

const EVIL = `<script>alert('1')</script>"&`;

function page(track: Partial<TakeTrack> = {}, take: Partial<Take> = {}): string {
  const recorded = {
    startFrame: 0,
    frames: 96_000,
    sha256: 'ab'.repeat(32),
    blocks: { frames: 65_536, first: 0, digests: [] },
  };
  const whole: TakeTrack = {
    name: 'drums',
    encoding: 'L24',
    sampleRate: 48_000,
    channels: 1,
    recorded,
    offsetFrames: 0,
    gaps: [],
    gapsAreExact: true,
    packets: { received: 2000, lost: 3 },
    verdict: { kind: 'identical', words: 'identical: all of it' },
    ...track,
  };
  return renderTakePage({
    version: 1,
    session: { id: 'x', name: 'stems' },
    startUtc: '2026-01-01T00:00:00.000Z',
    clocks: {},
    tracks: [whole],
    verdict: { isIdentical: true, words: 'The track is identical to what was sent, sample for sample.' },
    ...take,
  });
}

describe('the page of a take', () => {
  it('says the verdict, and is the same for the same account', () => {
    expect(page()).toContain('<p class="good"><strong>The track is identical to what was sent');
    expect(page()).toBe(page());
    expect(page({ verdict: { kind: 'gaps', words: '1 gap' } })).toContain('class="bad"');
  });

  it('draws gaps at their place, those of before the repair in another colour', () => {
    const html = page({ gaps: [[48_000, 9_600, 'lost']], gapsBeforeRepair: [[0, 960, 'late']] });
    expect(html).toContain('<rect x="500" y="0" width="100" height="24" fill="#c62828"/>');
    expect(html).toContain('<rect x="0" y="0" width="10" height="24" fill="#f9a825"/>');
    expect(html).toContain('0:00:01.000: 9600 frames (200 ms), lost on the network');
  });

  it('says what placed a track, and how far that can be off by arrival', () => {
    const run = { start: 0, ssrc: 1, timestamp: 0 };
    expect(page({ runs: [{ ...run, placedBy: 'media clock' }] })).toContain('<td>media clock</td>');
    const html = page({ runs: [{ ...run, placedBy: 'arrival' }], arrivalErrorMs: 7.25 });
    expect(html).toContain(
      '<td>arrival: up to 7.25 ms too late beside the other tracks, and what their ways differ</td>',
    );
  });

  it('stays bounded with many gaps', () => {
    const gaps = Array.from({ length: 20_000 }, (_, index) => [index * 4, 1, 'lost'] as const);
    const html = page({ gaps });
    expect(html.length).toBeLessThan(300_000);
    expect(html).toContain('and 19950 more');
  });

  it('draws histograms in at most 60 columns', () => {
    const histogram = new Histogram();
    for (let us = 1; us < 100_000; us += 37) histogram.record(us);
    const { bins, ...account } = histogram.account();
    const html = page({ lateness: { ...account, bins: bins.map(([end, count]) => [end, count]) } });
    expect(html.match(/fill="#1565c0"/g)!.length).toBeLessThanOrEqual(60);
    expect(html).toContain('Lateness: p50 ');
  });

  it('has no script and escapes every text of strangers', () => {
    const html = page(
      { name: EVIL, file: EVIL, verdict: { kind: 'gaps', words: EVIL } },
      {
        session: { id: EVIL, name: EVIL },
        verdict: { isIdentical: false, words: EVIL },
        repairs: [{ utc: '2026-01-01T00:00:00.000Z', from: EVIL, frames: 1, words: EVIL }],
        clocks: { sender: { source: 'ntp', server: EVIL, offsetMs: 1, errorBoundMs: 1 } },
      },
    );
    expect(html).not.toContain('<script');
    expect(html).not.toContain(`'1'`);
    expect(html).toContain('&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;');
  });
});
