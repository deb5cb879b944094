/**
 * The link and SRT over bad lines on this machine, byte-exact.
 * npm run bench:link -- [--scenarios s1,s3] [--carriers distream,srt-20s] [--seeds 1,2,3] [--jobs 6]
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type Carrier, distream, srt } from './carriers.ts';
import { BYTES_PER_SECOND, PatternPlayer } from './player.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { PatternSource } from './source.ts';
import { UdpLine } from './udp-line.ts';

const WARM_UP_SECONDS = 30;
const hasSrt = spawnSync('srt-live-transmit', ['-version']).error === undefined;
const CARRIERS: Record<string, () => Carrier> = {
  distream: () => distream('25s'),
  ...(hasSrt ? { 'srt-20s': () => srt(20_000), 'srt-20s-idle60': () => srt(20_000, '&peeridletimeo=60000') } : {}),
};
const { values } = parseArgs({
  options: {
    scenarios: { type: 'string', default: Object.keys(SCENARIOS).join(',') },
    carriers: { type: 'string', default: Object.keys(CARRIERS).join(',') },
    seeds: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '6' },
  },
});

interface Task {
  readonly name: string;
  readonly scenarioName: string;
  readonly seed: number;
}

const wait = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000));

/** A generator of numbers from 0 to 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function play(line: UdpLine, { line: state, seconds, outages }: Scenario): Promise<void> {
  line.line = state;
  const timers = outages.flatMap(([at, length]) => [
    setTimeout(() => (line.isDown = true), at * 1000),
    setTimeout(() => (line.isDown = false), (at + length) * 1000),
  ]);
  await wait(seconds);
  for (const timer of timers) clearTimeout(timer);
}

async function run({ name, scenarioName, seed }: Task): Promise<string> {
  const scenario = SCENARIOS[scenarioName]!;
  const carrier = CARRIERS[name]!();
  const source = new PatternSource();
  const line = await UdpLine.open(await carrier.send(source), { delayMs: 0 }, seeded(seed));
  const player = new PatternPlayer(source.startMs);
  const timer = setInterval(() => player.advance(), 10);
  try {
    await wait(1);
    carrier.receive(line, (chunk) => player.data(chunk));
    await wait(WARM_UP_SECONDS - 1);
    await play(line, scenario);
    const audioBytes = BYTES_PER_SECOND * (WARM_UP_SECONDS + scenario.seconds);
    const { lostBytes, repeatedBytes, gaps, gapMs, latencyMs } = player;
    const cells = [
      lostBytes,
      repeatedBytes,
      gaps,
      (gapMs / 1000).toFixed(1),
      latencyMs === undefined ? 'none' : (latencyMs / 1000).toFixed(1),
      (line.serverBytes / audioBytes).toFixed(3),
    ];
    return `| ${scenarioName} ${scenario.title} | ${name} | ${seed} | ${cells.join(' | ')} |`;
  } finally {
    clearInterval(timer);
    carrier.close();
    line.close();
    source.close();
  }
}

const tasks: Task[] = values.scenarios
  .split(',')
  .flatMap((scenarioName) =>
    values.seeds
      .split(',')
      .flatMap((seed) => values.carriers.split(',').map((name) => ({ name, scenarioName, seed: Number(seed) }))),
  );
for (const { name, scenarioName } of tasks) {
  if (!CARRIERS[name]) throw new Error(`no carrier ${name}; there are: ${Object.keys(CARRIERS).join(', ')}`);
  if (!SCENARIOS[scenarioName]) throw new Error(`no scenario ${scenarioName}`);
}
console.log('| scenario | carrier | seed | lost B | twice B | gaps | gap s | late s | line B per audio B |');
console.log('|---|---|---:|---:|---:|---:|---:|---:|---:|');
const lines: string[] = [];
let next = 0;
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async (_, worker) => {
    await wait(worker / 2);
    while (next < tasks.length) {
      const index = next++;
      lines[index] = await run(tasks[index]!);
      console.error(lines[index]);
    }
  }),
);
console.log(lines.join('\n'));
process.exit(0);
