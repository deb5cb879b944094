import { expect, it } from 'vitest';
import type { FlowProgress } from '../../tracks/record/record-progress.ts';
import { recordLine, recordScreen } from './record-view.ts';

const FLOW: FlowProgress = {
  title: 'Kick',
  state: 'recording',
  peaks: [0.5],
  writtenSeconds: 61,
  bufferedMs: 1012,
  jitterMs: 0.2,
  driftPpm: 3.04,
  packets: 61_000,
  lost: 0,
  late: 0,
  duplicated: 0,
  reordered: 0,
  repaired: 0,
  malformed: 0,
  strangers: 0,
  gaps: 0,
  gapSeconds: 0,
  restarts: 0,
  failures: [],
};
const STYLE = { colour: false, columns: 200, rows: 10 };

it('shows a line for each flow with its meter', () => {
  const screen = recordScreen({ path: 'takes/a', startUtc: undefined, seconds: 61, flows: [FLOW] }, STYLE);
  expect(screen).toContain('recording 1 of 1 flows  0:01:01  takes/a');
  expect(screen).toMatch(/Kick +█{11}░ {2}-6 +recording +61000 +0 +0 +0 +1012 ms +3\.0 ppm/);
});

it('shows those in trouble first when there is no room for all, and never more lines than there is room for', () => {
  const flows = Array.from({ length: 64 }, (_, index) => ({ ...FLOW, title: `t${index}` }));
  flows[40] = { ...flows[40]!, gaps: 2, gapSeconds: 0.25, lost: 9 };
  flows[50] = { ...flows[50]!, failures: ['the disk is full'] };
  const screen = recordScreen({ path: 'takes/a', startUtc: undefined, seconds: 61, flows }, STYLE);
  const lines = screen.trimEnd().split('\n');
  expect(lines.length).toBeLessThan(STYLE.rows);
  expect(lines[2]).toMatch(/^t50 .* disk /);
  expect(lines[3]).toMatch(/^t40 .* 2 \(0\.25 s\)$/);
  expect(screen).toContain('and 60 more, without trouble');
});

it('is one line without a terminal, which tells what is wrong only when there is something', () => {
  const flows = [FLOW, { ...FLOW, lost: 3, strangers: 7 }];
  expect(recordLine({ path: undefined, startUtc: undefined, seconds: 0, flows })).toBe('waiting for audio, 2 flows');
  expect(recordLine({ path: 'takes/a', startUtc: undefined, seconds: 61, flows })).toBe(
    '0:01:01, 2 of 2 flows, 122000 packets, 3 lost, 7 of strangers',
  );
});
