import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { LinesLogger } from '../../../test/support/lines-logger.ts';
import { LineLog } from './line-log.ts';

const PIECE_MS = 100;

function setUp(nowMs: number, targetMs = 20_000) {
  const clock = new FakeClock();
  const log = new LinesLogger();
  const reserve = { nowMs, targetMs };
  const lost = { knownMs: 0, unknown: 0 };
  const words = new LineLog({ clock, log, reserve: () => reserve, lost: () => ({ ...lost }) });
  words.change({ kind: 'down', peer: 'studio', afterMs: 60_000 });
  log.lines.length = 0;
  words.change({ kind: 'up', peer: 'studio', afterMs: 9000 });
  /** Audio comes so many times as fast as it plays. */
  const play = async (seconds: number, rate: number) => {
    for (let left = seconds * 1000; left > 0; left -= PIECE_MS) {
      words.audio(PIECE_MS * rate);
      reserve.nowMs = Math.min(targetMs, reserve.nowMs + PIECE_MS * (rate - 1));
      await clock.run(PIECE_MS);
    }
  };
  return { clock, log, lost, reserve, words, play };
}

describe('the words on a line that is back', () => {
  it.each([
    ['a line twice as fast as the audio', [[4, 2]], /; reserve full again in (7|8)(\.\d)? s; nothing was lost$/],
    ['a wide line', [[4, 11]], /; the reserve is full; nothing was lost$/],
    ['audio in real time', [[4, 1]], /; sound lasts 10 s, the reserve grows no more; nothing/],
    [
      'a burst and then real time',
      [
        [0.9, 2],
        [3.1, 1],
      ],
      /; sound lasts 11 s, the reserve grows no more; nothing/,
    ],
    [
      'a longer burst',
      [
        [1.6, 2],
        [3.1, 1],
      ],
      /; sound lasts 12 s; nothing/,
    ],
    ['a line too slow for the audio', [[4, 0.5]], /; sound lasts 8\.\d s, the reserve grows no more; nothing/],
  ])('are true for %s', async (_, spans, expected) => {
    const { log, play } = setUp(10_000);
    for (const [seconds, rate] of spans) await play(seconds!, rate!);
    expect(log.lines).toEqual([expect.stringMatching(/^info line to studio is back after 9 s/)]);
    expect(log.lines[0]).toMatch(expected);
  });

  it('say what was lost, and that no audio has come', async () => {
    const loss = setUp(0);
    loss.lost.knownMs = 2500;
    await loss.play(4, 2);
    expect(loss.log.lines).toEqual([expect.stringMatching(/^warn .*; 2\.5 s of audio were lost$/)]);
    const silent = setUp(0);
    await silent.clock.run(6000);
    expect(silent.log.lines).toEqual(['info line to studio is back after 9 s; no audio has come yet']);
  });

  it('are not said when the line is gone again, or the module stops', async () => {
    const { log, words, play, clock } = setUp(5000);
    await play(1, 2);
    words.change({ kind: 'down', peer: 'studio', afterMs: 1000 });
    await clock.run(5000);
    words.change({ kind: 'up', peer: 'studio', afterMs: 5000 });
    await play(1, 2);
    words.close();
    await clock.run(5000);
    expect([log.lines, clock.pendingCount]).toEqual([['warn line to studio is down; sound lasts 6 s'], 0]);
  });
});
