import type { LinkPolicy } from '../../src/protocols/link/path-policy.ts';
import { ReceiveChannel } from '../../src/protocols/link/receive-channel.ts';
import type { SessionStatus } from '../../src/protocols/link/session-types.ts';
import { hexOf, SimEnd, SimPath, SimSource, type SimSourceKind } from './link-ends.ts';
import { SimListener } from './link-listener.ts';
import { type LineState, LinkNetwork } from './link-network.ts';

/** One of the lab's schedules: the lines at the start, and what happens when. */
export interface Scenario {
  readonly name: string;
  readonly durationMs: number;
  /** State of each path's lines, both ways. */
  readonly paths: readonly Partial<LineState>[];
  readonly outages?: readonly { atMs: number; forMs: number; path?: number }[];
  /** The receiver gets another address: its path is dead, a new one comes when it is noticed. */
  readonly newAddressMs?: number;
  readonly policy?: LinkPolicy;
  readonly reserveMs?: number;
  readonly payloadBytes?: number;
  readonly maxPayloadBytes?: number;
  readonly kind?: SimSourceKind;
}

/** What a scenario came to. */
export interface ScenarioResult {
  /** Bytes on the link for each byte of audio, lost packets included, both ways and from the sender alone (as the lab counts). */
  readonly bothWays: number;
  readonly oneWay: number;
  readonly listener: SimListener;
  readonly status: SessionStatus;
  readonly source: SimSource;
  readonly queueDrops: number;
  /** Packets of the sender that the lines lost. */
  readonly droppedPackets: number;
  readonly droppedBytes: number;
  /** When the backlog of the last outage was gone, counted from the outage's end. */
  readonly refillMs: number | undefined;
  readonly violations: unknown[];
}

/** Dialling a new path: three round trips of handshake, and what notices the dead one. */
const DIAL_MS = 120;

/** Plays a scenario: one publisher of 128 kbit/s, one subscriber. */
export function runScenario(scenario: Scenario, seed: number): ScenarioResult {
  const network = new LinkNetwork(seed);
  const sessionId = hexOf(network.random, 16);
  const { policy = 'race', reserveMs = 25_000, payloadBytes = 1200, maxPayloadBytes = 1447 } = scenario;
  const source = new SimSource(network, { kind: scenario.kind ?? 'mp3', keepMs: reserveMs + 10_000 });
  const listener = new SimListener(network, () => source);
  const options = { payloadBytes, maxPayloadBytes, idlePingMs: Math.min(5000, Math.max(1000, reserveMs / 5)) };
  const all: SimPath[] = [];
  let refillFromMs = Number.POSITIVE_INFINITY;
  let refillMs: number | undefined;
  const redial = () => {
    if (scenario.newAddressMs === undefined || all.length > scenario.paths.length) return;
    const path = new SimPath(network, all.length, options);
    path.set(scenario.paths[0]!);
    all.push(path);
    network.at(network.nowMs + DIAL_MS, () => {
      a.attach(path, path.forth, () => b);
      b.attach(path, path.back, () => a);
    });
  };
  const a = new SimEnd({ network, sessionId, policy, reserveMs });
  const b = new SimEnd({
    network,
    sessionId,
    policy,
    reserveMs,
    events: { pathState: (_, state) => state === 'suspect' && redial() },
  });
  a.session.publish(source.store);
  b.session.subscribe(new ReceiveChannel({ name: source.store.name, sink: listener, backMs: reserveMs }));
  for (const [id, state] of scenario.paths.entries()) {
    const path = new SimPath(network, id, options);
    path.set(state);
    all.push(path);
    a.attach(path, path.forth, () => b);
    b.attach(path, path.back, () => a);
  }
  for (const { atMs, forMs, path = 0 } of scenario.outages ?? []) {
    network.at(atMs, () => all[path]!.set({ isDown: true }));
    network.at(atMs + forMs, () => {
      all[path]!.set({ isDown: false });
      refillFromMs = network.nowMs;
    });
  }
  if (scenario.newAddressMs !== undefined) network.at(scenario.newAddressMs, () => all[0]!.set({ isDown: true }));
  const watch = () => {
    const [send] = a.session.status().sends;
    if (refillFromMs < network.nowMs - 1500 && send!.lagMs < 300) {
      refillMs = network.nowMs - refillFromMs;
      refillFromMs = Number.POSITIVE_INFINITY;
    }
    network.at(network.nowMs + 50, watch);
  };
  watch();
  network.runUntil(scenario.durationMs);
  const [forth, back] = [
    sum(all.map((path) => path.forth.offeredBytes)),
    sum(all.map((path) => path.back.offeredBytes)),
  ];
  const audioBytes = 16 * scenario.durationMs;
  return {
    bothWays: (forth + back) / audioBytes,
    oneWay: forth / audioBytes,
    listener,
    status: a.session.status(),
    source,
    queueDrops: sum(all.map((path) => path.forth.queueDrops)),
    droppedPackets: sum(all.map((path) => path.forth.droppedPackets)),
    droppedBytes: sum(all.map((path) => path.forth.droppedBytes)),
    refillMs,
    violations: [...a.violations, ...b.violations],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}

/** The lab's S1 to S9. */
export const LAB_SCENARIOS: readonly Scenario[] = [
  { name: 'S1', durationMs: 60_000, paths: [{ delayMs: 10 }] },
  { name: 'S2', durationMs: 90_000, paths: [{ delayMs: 20, jitterMs: 2, loss: 0.05 }] },
  { name: 'S3', durationMs: 90_000, paths: [{ delayMs: 40, jitterMs: 5, loss: 0.2 }] },
  {
    name: 'S4',
    durationMs: 90_000,
    paths: [{ delayMs: 30, jitterMs: 5, burst: { share: 0.3, meanMs: 400, loss: 0.9, goodLoss: 0.005 } }],
  },
  {
    name: 'S5',
    durationMs: 150_000,
    paths: [{ delayMs: 20 }],
    outages: [
      { atMs: 15_000, forMs: 5000 },
      { atMs: 45_000, forMs: 10_000 },
      { atMs: 90_000, forMs: 15_000 },
    ],
  },
  { name: 'S6', durationMs: 100_000, paths: [{ delayMs: 20 }], outages: [{ atMs: 20_000, forMs: 25_000 }] },
  { name: 'S7', durationMs: 90_000, paths: [{ delayMs: 20 }], newAddressMs: 30_000 },
  {
    name: 'S8',
    durationMs: 120_000,
    paths: [{ delayMs: 20, bytesPerSecond: 20_800, queueBytes: 16_000 }],
    outages: [{ atMs: 20_000, forMs: 10_000 }],
  },
  {
    name: 'S9',
    durationMs: 120_000,
    reserveMs: 1000,
    paths: [{ delayMs: 20 }, { delayMs: 30 }],
    outages: [10_000, 25_000, 40_000, 55_000, 70_000, 85_000].map((atMs, index) => ({
      atMs,
      forMs: 10_000,
      path: index % 2,
    })),
  },
];
