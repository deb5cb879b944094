import { describe, expect, it } from 'vitest';
import { progressLine, timeText } from './progress-line.ts';

const progress = {
  bytesDone: 25_000_000,
  bytesTotal: 100_000_000,
  bytesPerSecond: 500_000,
  peers: 3,
  shareFromPeers: 0.62,
  bytesResumed: 0,
};

describe('the line about a download', () => {
  it('has bar, share, rate, peers, their share and the time left, and fits', () => {
    const line = progressLine(progress, 100);
    expect(line).toMatch(/^█+░+ {2}25 % {2}25\.0 MB of 100\.0 MB {2}500\.0 kB\/s {2}3 peers \(62 %\) {2}2:30 left$/);
    for (let columns = 1; columns < 120; columns++) {
      expect(progressLine(progress, columns).length).toBeLessThanOrEqual(columns);
    }
  });

  it('tells of a live stream what is known, and of no rate no time', () => {
    expect(progressLine({ ...progress, bytesTotal: undefined }, 80)).toMatch(/^live {2}25\.0 MB/);
    expect(progressLine({ ...progress, bytesPerSecond: 0 }, 100)).toContain('--:-- left');
    expect([timeText(59.2), timeText(3723)]).toEqual(['1:00', '1:02:03']);
  });
});
