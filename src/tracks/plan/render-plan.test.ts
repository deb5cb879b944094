import { expect, it } from 'vitest';
import { planSession } from './plan-session.ts';
import { renderPlan } from './render-plan.ts';

const format = { sampleRate: 48_000, channels: 1, bitsPerSample: 24, isFloat: false } as const;
const stems = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `stem ${index}`, format }));

it('shows flows of one shape in a line, the sum, and the delay', () => {
  const plan = planSession({
    tracks: [...stems(32), { name: 'room', format: { ...format, channels: 2 } }],
    ptimeUs: 1000,
  });
  expect(renderPlan(plan)).toBe(
    [
      'flows  format       packet           payload  packets/s  Mbit/s',
      '32     L24/48000/1  48 frames, 1 ms  144 B    32000      56.83',
      '1      L24/48000/2  48 frames, 1 ms  288 B    1000       2.93',
      '33     34 channels                            33000      59.76',
      '',
      'delay',
      'packet time             1 ms     exact',
      'sender lateness, p99.9  50 ms    assumed',
      'network path            1 ms     assumed',
      'jitter buffer           1000 ms  chosen',
      'sink (a file)           0 ms     exact',
      'in all                  1052 ms',
      '',
    ].join('\n'),
  );
});

it('shows what stands against it, with what would do', () => {
  expect(renderPlan(planSession({ tracks: stems(8), layout: 8, ptimeUs: 4000 }))).toContain(
    'uncut.\n  Use --ptime 1ms or --layout 2.\n',
  );
  expect(renderPlan(planSession({ tracks: [] }))).toBe(
    'Not possible: there are no tracks.\n  Name WAV files, or a folder of them.\n',
  );
});
