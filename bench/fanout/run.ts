/**
 * What a listener costs: distream and Icecast in turn on this machine, byte-exact.
 * npm run bench:fanout -- [--listeners 2000] [--seconds 30] [--rounds 3] [--icy] [--streams 1] [--tick 500ms] [--no-icecast]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cpuSeconds, median, pssBytes } from '../support/process-cost.ts';
import { type Server, startDistream, startIcecast } from './servers.ts';

const BYTES_PER_SECOND = 16_000;
const JOINS_PER_SECOND = 500;
const { values } = parseArgs({
  options: {
    listeners: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
    streams: { type: 'string', default: '1' },
    tick: { type: 'string', default: '500ms' },
    icy: { type: 'boolean', default: false },
    'no-icecast': { type: 'boolean', default: false },
  },
});
const listeners = Number(values.listeners);
const seconds = Number(values.seconds);

interface Result {
  readonly cpuPer1000ListenerMinutes: number;
  readonly pssPerListener: number;
  readonly firstByteP50Ms: number;
  readonly firstByteP99Ms: number;
  readonly alive: number;
  readonly errors: number;
  readonly bytesPerListenerSecond: number;
}

function script(name: string, args: (string | number)[]): ChildProcess {
  const path = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  return spawn(process.execPath, [path, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function measure(start: () => Promise<Server>, mounts: readonly string[]): Promise<Result> {
  const server = await start();
  const pid = server.process.pid!;
  const source = script('source', [server.port, BYTES_PER_SECOND, ...mounts]);
  const children = [source];
  try {
    await createInterface({ input: source.stdout! })[Symbol.asyncIterator]().next();
    await new Promise((resolve) => setTimeout(resolve, 7000)); // the server gathers its burst
    const emptyBytes = pssBytes(pid);
    const load = script('load', [server.port, listeners, JOINS_PER_SECOND, values.icy ? 1 : 0, seconds, ...mounts]);
    children.push(load);
    let before = 0;
    let used = 0;
    let pss = 0;
    for await (const line of createInterface({ input: load.stdout! })) {
      if (line === 'settled') before = cpuSeconds(pid);
      else if (line === 'done') {
        used = cpuSeconds(pid) - before;
        pss = (pssBytes(pid) - emptyBytes) / listeners;
      } else {
        const cpuPer1000ListenerMinutes = (used / ((listeners * seconds) / 60)) * 1000;
        return { ...JSON.parse(line), cpuPer1000ListenerMinutes, pssPerListener: pss };
      }
    }
    throw new Error('the listeners ended without a result');
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await server.stop();
  }
}

function row(name: string, results: readonly Result[]): string {
  const of = (pick: (result: Result) => number, digits = 0) => median(results.map(pick)).toFixed(digits).padStart(10);
  const lost = results.reduce((sum, { alive }) => sum + listeners - alive, 0);
  const errors = results.reduce((sum, result) => sum + result.errors, 0);
  return (
    name.padEnd(12) +
    of((r) => r.cpuPer1000ListenerMinutes, 2) +
    of((r) => r.pssPerListener) +
    of((r) => r.firstByteP50Ms, 1) +
    of((r) => r.firstByteP99Ms, 1) +
    of((r) => r.bytesPerListenerSecond) +
    String(lost).padStart(8) +
    String(errors).padStart(8)
  );
}

function cpuRatio(results: readonly Result[], others: readonly Result[]): string {
  const cpuTime = (of: readonly Result[]) => median(of.map((r) => r.cpuPer1000ListenerMinutes));
  return (cpuTime(results) / cpuTime(others)).toFixed(2);
}

const mounts = Array.from({ length: Number(values.streams) }, (_, index) => `/bench-${index}`);
const oneMount = mounts.slice(0, 1);
const hasIcecast = !values['no-icecast'] && spawnSync('sh', ['-c', 'command -v icecast2']).status === 0;
const ours: Result[] = [];
const theirs: Result[] = [];
const single: Result[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  ours.push(await measure(() => startDistream(18_700 + round, mounts, values.tick), mounts));
  if (mounts.length > 1)
    single.push(await measure(() => startDistream(18_720 + round, oneMount, values.tick), oneMount));
  if (hasIcecast) theirs.push(await measure(() => startIcecast(18_750 + round, listeners), mounts));
}
console.log(
  `${listeners} listeners, ${mounts.length} stream(s) of 128 kbit/s${values.icy ? ', all with ICY metadata' : ''}, ` +
    `${seconds} s, median of ${values.rounds}`,
);
console.log(`${'server'.padEnd(12)}   CPU s/1000 l-min  PSS B/l  first p50  p99 ms     B/s/l    lost  errors`);
console.log(row('distream', ours));
if (single.length > 0) {
  console.log(row('one stream', single));
  console.log(`CPU time against one stream in the same run: ${cpuRatio(ours, single)}`);
}
if (hasIcecast) {
  console.log(row('icecast', theirs));
  console.log(`CPU time against Icecast in the same run: ${cpuRatio(ours, theirs)}`);
} else if (!values['no-icecast']) console.log('icecast2 is not installed: no comparison');
