import { seededRandom } from '../schedule/seeded-random.ts';
import { type FileOptions, type FilePeer, type FileResult, simulateFile } from './file-run.ts';
import { type LiveOptions, type LiveResult, simulateLive } from './live-run.ts';
import { type SteadyResult, simulateSteady } from './steady.ts';

/** What `distream simulate` can run, with one line each for its help. */
export const SCENARIOS = {
  spare: 'a stream in slots, uplinks 10 % above the need',
  full: 'a stream in slots, uplinks of just the need',
  file20: '20 MB to 20 peers of 4 Mbit/s up, server 8 Mbit/s',
  file40: 'the same to 40 peers',
  hetero: '20 peers with uplinks of 2, 4 and 10 Mbit/s',
  firewalled: '40 % of 20 peers cannot be reached',
  churn: '40 % of 20 peers killed every 15 s on average, away for 5 s',
  leaving: '20 peers, each leaves when it has the file',
  pipe: '20 peers play while they fetch, at 80 % of the fair rate',
  live: '128 kbit/s to 30 peers of 256 kbit/s up, server 512 kbit/s',
  poison: 'live, 30 % leave and join a minute, 10 % send wrong bytes',
  badmouth: 'live, 10 % complain about good chunks',
  exodus: 'live, half of the peers leave within a second',
} as const;

/** Name of a scenario. */
export type ScenarioName = keyof typeof SCENARIOS;

/** A scenario to run; the number of peers is the scenario's own when left out. */
export interface ScenarioOptions {
  readonly name: ScenarioName;
  readonly peers?: number;
  readonly seed: number;
  /** One way, in the network model; the lab has 0 or 25 ms. */
  readonly oneWayMs?: number;
}

/** One figure that the scheduler must reach. */
export interface Target {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly atLeast: boolean;
}

/** What a scenario showed. */
export interface ScenarioReport {
  readonly scenario: ScenarioName;
  readonly seed: number;
  /** What was reached over what physics allows. */
  readonly score: number;
  readonly targets: readonly Target[];
  readonly result: SteadyResult | FileResult | LiveResult;
}

const MEGABIT = 1_000_000;
const CHUNK_BYTES = 65_536;
const STEADY_PEERS = 2000;
const STEADY_SLOTS = 60;
const DEADLINE_SLOTS = 26;
const FILE_PEERS = 20;
const EFFICIENCY = { file20: 0.88, file40: 0.88, pipe: 0.7 } as const;
const OTHER_EFFICIENCY = 0.8;

/** Runs a scenario. The same options give the same report. */
export function runScenario(options: ScenarioOptions): ScenarioReport {
  switch (options.name) {
    case 'spare':
      return steady(options, 1.1, 0.99);
    case 'full':
      return steady(options, 1, 0.97);
    case 'live':
    case 'poison':
    case 'badmouth':
    case 'exodus':
      return live(options);
    default:
      return file(options);
  }
}

/** True when the value is on the right side of the limit. */
export function isMet({ value, limit, atLeast }: Target): boolean {
  return atLeast ? value >= limit : value <= limit;
}

function steady({ name, peers = STEADY_PEERS, seed }: ScenarioOptions, uplink: number, share: number): ScenarioReport {
  const uplinks = new Array<number>(peers).fill(uplink);
  const result = simulateSteady({ uplinks, slots: STEADY_SLOTS, deadlineSlots: DEADLINE_SLOTS, seed });
  const score = result.offload / result.bound;
  return {
    scenario: name,
    seed,
    score,
    targets: [atLeast('offload over the bound', score, share), atMost('stalls', result.stalls, 0)],
    result,
  };
}

function file(options: ScenarioOptions): ScenarioReport {
  const { name, seed } = options;
  const result = simulateFile(fileOptions(options));
  const limit = name in EFFICIENCY ? EFFICIENCY[name as keyof typeof EFFICIENCY] : OTHER_EFFICIENCY;
  const targets = [
    atLeast('peers complete', result.complete, result.peers),
    atLeast('efficiency', result.efficiency, limit),
  ];
  if (name === 'file20' || name === 'file40') targets.push(atMost('server copies', result.serverCopies, 1.5));
  if (name === 'pipe') targets.push(atMost('waits after 2 s', result.waits, 0));
  return { scenario: name, seed, score: result.efficiency, targets, result };
}

function fileOptions({ name, peers, seed, oneWayMs = 0.01 }: ScenarioOptions): FileOptions {
  const count = peers ?? (name === 'file40' ? 2 * FILE_PEERS : FILE_PEERS);
  return {
    sizeBytes: 20_000_000,
    chunkBytes: CHUNK_BYTES,
    serverUpBitsPerSecond: 8 * MEGABIT,
    peers: Array.from({ length: count }, (_, index) => filePeer(name, index, seededRandom(seed * 1000 + index))),
    oneWayMs,
    seed,
    leaves: name === 'leaving',
  };
}

function filePeer(name: ScenarioName, index: number, random: () => number): FilePeer {
  const line = { upBitsPerSecond: 4 * MEGABIT, downBitsPerSecond: 40 * MEGABIT };
  if (name === 'hetero') {
    const factor = [0.5, 1, 0.5, 1, 2.5][index % 5]!;
    return { upBitsPerSecond: line.upBitsPerSecond * factor, downBitsPerSecond: line.downBitsPerSecond * factor };
  }
  if (name === 'pipe') return { ...line, inOrder: true };
  if (name === 'firewalled') return { ...line, firewalled: index % 5 < 2 };
  if (name === 'churn' && index % 5 < 2) return { ...line, switchesAtMs: switches(random) };
  return line;
}

/** Times of kills and returns: 15 s there and 5 s away on average, both exponential. */
function switches(random: () => number): number[] {
  const times: number[] = [];
  let atMs = 0;
  for (let count = 0; count < 60; count++) {
    atMs -= Math.log(1 - random()) * (count % 2 === 0 ? 15_000 : 5000);
    times.push(atMs);
  }
  return times;
}

function live(options: ScenarioOptions): ScenarioReport {
  const { name, seed } = options;
  const result = simulateLive(liveOptions(options));
  const targets = [
    atMost('stalls', result.stalls, 0),
    atMost('delay behind the server, s', result.playDelayS, 4),
    atMost('99 % arrived after, s', result.arrivalP99S, 4),
    atMost('honest peers excluded', result.honestOut, 0),
  ];
  if (name === 'poison') targets.push(atMost('wrong chunks of one poisoner', result.badChunks, 3));
  return { scenario: name, seed, score: result.offload / result.bound, targets, result };
}

function liveOptions({ name, peers = 30, seed, oneWayMs = 25 }: ScenarioOptions): LiveOptions {
  return {
    peers,
    streamBitsPerSecond: 128_000,
    serverUpBitsPerSecond: 512_000,
    peerLine: { upBitsPerSecond: 256_000, downBitsPerSecond: 2_560_000 },
    oneWayMs,
    durationMs: 180_000,
    seed,
    ...(name === 'poison' ? { churnPerMinute: 0.3, poisoners: 0.1 } : {}),
    ...(name === 'badmouth' ? { liars: 0.1 } : {}),
    ...(name === 'exodus' ? { exodusAtMs: 60_000 } : {}),
  };
}

function atLeast(name: string, value: number, limit: number): Target {
  return { name, value, limit, atLeast: true };
}

function atMost(name: string, value: number, limit: number): Target {
  return { name, value, limit, atLeast: false };
}
