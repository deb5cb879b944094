/**
 * How exactly packets leave, and what that costs: distream, GStreamer and a thread for each file in Python, in turn on
 * this machine, with the kernel's receive times; beside them a program in C under SCHED_FIFO, for what the machine
 * allows at all. Needs the built program; gcc for the receiver and the program in C.
 * npm run bench:tracks -- [--scenarios 32x1x1,1x10x1,4x1x8] [--seconds 10] [--rounds 3] [--quietest 3] [--alone] [--verbose]
 * A scenario is flows x packet time in ms x channels; L24 at 48 kHz. --alone: without GStreamer and Python.
 * --quietest: of each sender's rounds only those count in which the hypervisor took least.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from '../support/process-cost.ts';
import { analyze, type Figures, type Spread } from './analyze.ts';

const PORT = 26_000;
const SAMPLE_RATE = 48_000;
const { values } = parseArgs({
  options: {
    scenarios: { type: 'string', default: '32x1x1,1x10x1,4x1x8' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    quietest: { type: 'string' },
    alone: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const folder = mkdtempSync(join(tmpdir(), 'distream-bench-'));

interface Scenario {
  readonly flows: number;
  readonly ptimeMicroseconds: number;
  readonly channels: number;
}

interface Result extends Figures {
  readonly cpuSeconds: number;
  readonly drops: string;
  /** The share of the machine's time that the hypervisor gave to others. */
  readonly stolen: number;
}

type Sender = (scenario: Scenario) => string[];

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const built = (name: string) => fileURLToPath(new URL(`./${name}.js`, import.meta.url));
const source = (name: string) => fileURLToPath(new URL(`../../tracks/${name}`, import.meta.url));
const shape = ({ flows, ptimeMicroseconds, channels }: Scenario) =>
  [PORT, flows, ptimeMicroseconds, seconds, channels].map(String);

/** All branches in one pipeline, so that they share a clock and a start. */
const gstreamer: Sender = ({ flows, ptimeMicroseconds, channels }) => {
  const frames = (SAMPLE_RATE * ptimeMicroseconds) / 1e6;
  const buffers = (seconds * 1e6) / ptimeMicroseconds;
  const ptime = ptimeMicroseconds * 1000;
  const branch = (flow: number) =>
    `audiotestsrc samplesperbuffer=${frames} num-buffers=${buffers} ! audio/x-raw,format=S24BE,rate=${SAMPLE_RATE},channels=${channels} ` +
    `! rtpL24pay mtu=1500 min-ptime=${ptime} max-ptime=${ptime} ssrc=${flow + 1} timestamp-offset=0 seqnum-offset=0 ` +
    `! udpsink host=127.0.0.1 port=${PORT}`;
  const branches = Array.from({ length: flows }, (_, flow) => branch(flow));
  return ['gst-launch-1.0', '-q', ...branches.join(' ').split(' ')];
};

function sendersFor({ channels }: Scenario): Map<string, Sender> {
  const senders = new Map<string, Sender>([
    ...(reference ? [['C, SCHED_FIFO', (scenario: Scenario) => [reference, ...shape(scenario)]] as const] : []),
    ['distream --realtime', (scenario) => [process.execPath, built('sender'), ...shape(scenario), 'realtime']],
    ['distream', (scenario) => [process.execPath, built('sender'), ...shape(scenario)]],
  ]);
  if (channels > 1 || values.alone) return senders;
  if (has('gst-launch-1.0')) senders.set('GStreamer', gstreamer);
  if (has('python3'))
    senders.set('Python threads', (scenario) => ['python3', source('threads.py'), ...shape(scenario)]);
  return senders;
}

/** A program in C, compiled; undefined where that is not possible. */
function compiled(name: string): string | undefined {
  const binary = join(folder, name);
  if (!has('gcc')) return undefined;
  const { status } = spawnSync('gcc', ['-O2', '-o', binary, source(`${name}.c`)], { stdio: 'inherit' });
  return status === 0 ? binary : undefined;
}

/** The command of the receiver. */
function receiver(): string[] {
  const binary = compiled('receiver');
  if (binary !== undefined) return [binary];
  console.log('no gcc: Node receives, and its own lateness is in all figures');
  return [process.execPath, built('receiver')];
}

const lines = (child: ChildProcess) => createInterface({ input: child.stdout! })[Symbol.asyncIterator]();

async function measure(receive: readonly string[], send: readonly string[]): Promise<Result> {
  const records = join(folder, 'records');
  const before = cpuTicks();
  const receiving = spawn(receive[0]!, [...receive.slice(1), String(PORT), records], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = lines(receiving);
  await said.next();
  // The shell tells the CPU time of its children when they have ended.
  const sending = spawn('sh', ['-c', '"$@"; times', 'sh', ...send], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  let times = '';
  for await (const line of createInterface({ input: sending.stdout! })) {
    times = line;
    if (values.verbose) console.log(`  ${line}`);
  }
  const after = cpuTicks();
  const stolen = (after.stolen - before.stolen) / (after.all - before.all);
  const drops = String((await said.next()).value).replace('drops ', '');
  return { ...analyze(readFileSync(records), SAMPLE_RATE), cpuSeconds: cpuOf(times), drops, stolen };
}

/** From the first line of /proc/stat (proc(5)); stolen is its eighth column. Zeros where there is none. */
function cpuTicks(): { readonly all: number; readonly stolen: number } {
  if (process.platform !== 'linux') return { all: 0, stolen: 0 };
  const columns = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.split(/\s+/).slice(1, 9).map(Number);
  return { all: columns.reduce((sum, one) => sum + one, 0), stolen: columns[7]! };
}

/** From the last line of `times`: `0m1.25s 0m0.50s`, user and system. */
function cpuOf(line: string): number {
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  );
}

function row(name: string, results: readonly Result[]): string {
  const of = (pick: (result: Result) => number) => median(results.map(pick));
  const spread = (pick: (result: Result) => Spread | undefined, keys: readonly (keyof Spread)[]) =>
    pick(results[0]!) ? keys.map((key) => time(of((result) => pick(result)![key]))).join(' / ') : '-';
  const cells = [
    spread((result) => result.error, ['p50', 'p99', 'max']),
    spread((result) => result.skew, ['p50', 'p99']),
    of((result) => result.spacingMs).toFixed(5),
    String(results.reduce((sum, result) => sum + result.lost, 0)),
    of((result) => result.cpuSeconds).toFixed(2),
    `${(100 * of((result) => result.stolen)).toFixed(1)} %`,
  ];
  return `| ${[name, ...cells].join(' | ')} |`;
}

function time(microseconds: number): string {
  return microseconds >= 1000 ? `${(microseconds / 1000).toFixed(1)} ms` : `${microseconds.toFixed(0)} us`;
}

const receive = receiver();
const reference = compiled('sender');
for (const text of values.scenarios.split(',')) {
  const [flows, ptimeMs, channels] = text.split('x').map(Number) as [number, number, number];
  const scenario = { flows, ptimeMicroseconds: ptimeMs * 1000, channels };
  const results = new Map<string, Result[]>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, sender] of sendersFor(scenario)) {
      const result = await measure(receive, sender(scenario));
      if (values.verbose) console.log(name, JSON.stringify(result));
      results.set(name, [...(results.get(name) ?? []), result]);
    }
  }
  console.log(
    `\n${flows} flows of ${channels} channel(s), a packet each ${ptimeMs} ms, ${seconds} s, median of ${values.quietest ? `the ${values.quietest} quietest of ` : ''}${values.rounds}`,
  );
  console.log('| sender | grid error p50 / p99 / max | skew p50 / p99 | mean spacing ms | lost | CPU s | stolen |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const [name, list] of results) {
    const quiet = [...list].sort((a, b) => a.stolen - b.stolen).slice(0, Number(values.quietest ?? list.length));
    console.log(row(name, quiet));
  }
}
