/**
 * The pacing worker: opens the sockets, waits for the start, then sends every slot of every grid at its instant.
 * It waits in `Atomics.wait` until shortly before a slot and spins the rest. After a slot it returns to the event
 * loop once, for the sockets' errors and results.
 * @module
 */
import { readlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { monotonicNs, systemClock } from '../../core/clock.ts';
import { FlowQueue, type PacketSink } from './flow-queue.ts';
import { FlowSocket } from './flow-socket.ts';
import { periodNs } from './grid.ts';
import { type MainMessage, STOPPED, type WorkerFlow, type WorkerMessage, type WorkerSetup } from './messages.ts';
import { RingReader } from './ring.ts';
import { NOTHING_DUE, PaceSchedule } from './schedule.ts';
import { StatisticsWriter } from './statistics.ts';

const setup = workerData as WorkerSetup;
const port = parentPort!;
const control = new Int32Array(setup.control);
const statistics = new StatisticsWriter(setup.statistics, setup.flows.length);
const schedule = new PaceSchedule(setup.periods, setup);
const shortestNs = Math.min(...setup.periods.map(periodNs));
const spinNs = Math.min(setup.spinNs, shortestNs / 3);
const socketCount = setup.flows.reduce((sum, { destinations }) => sum + destinations.length, 0);
/** One packet a slot has a callback, as long as all flows share a grid. */
const sampleEvery = Math.min(64, socketCount);

/** The start, in nanoseconds of this thread's own clock. */
let startNs = 0;

const nowNs = (): number => systemClock.nowMs() * 1e6 - startNs;

/** A flow's sockets; counts what goes through them. */
class CountingSink implements PacketSink {
  readonly #flow: number;
  readonly #sockets: readonly FlowSocket[];
  readonly #periodNs: number;

  constructor(flow: number, sockets: readonly FlowSocket[], period: number) {
    this.#flow = flow;
    this.#sockets = sockets;
    this.#periodNs = period;
  }

  send(packet: Buffer, slotsLate: number): void {
    const dueNs = schedule.takenIdealNs - slotsLate * this.#periodNs;
    for (let index = 0; index < this.#sockets.length; index++) {
      this.#sockets[index]!.send(packet);
      statistics.countSent(this.#flow, packet.length, nowNs() - dueNs);
    }
  }
}

/** A flow in this thread. */
interface Lane {
  readonly grid: number;
  readonly flow: number;
  readonly isSparse: boolean;
  readonly queue: FlowQueue;
  readonly sockets: readonly FlowSocket[];
}

async function openLane({ destinations, grid, rtp, shape, ring, isSparse }: WorkerFlow, flow: number): Promise<Lane> {
  const sockets: FlowSocket[] = [];
  for (const [index, destination] of destinations.entries()) {
    const counters = {
      lost: () => statistics.countLost(flow, index),
      refused: () => statistics.countRefused(flow, index),
    };
    try {
      sockets.push(await FlowSocket.open(destination, counters, sampleEvery));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      post({ type: 'failed', destination, error: { code, message } });
      throw error;
    }
  }
  const sink = new CountingSink(flow, sockets, periodNs(setup.periods[grid]!));
  const reader = new RingReader(ring, shape);
  return { grid, flow, isSparse, sockets, queue: new FlowQueue(reader, rtp, sink, Math.ceil(setup.catchUpRate)) };
}

function post(message: WorkerMessage): void {
  port.postMessage(message);
}

/** The kernel's number of this thread; 0 where there is none to be had. */
function threadId(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return 0;
  }
}

const isStopped = (): boolean => Atomics.load(control, 0) === STOPPED;

/** Waits until `instantNs`, or until stopped. */
function waitUntil(instantNs: number): void {
  for (;;) {
    const sleepNs = instantNs - nowNs() - spinNs;
    if (sleepNs <= 0) break;
    Atomics.wait(control, 0, 0, sleepNs / 1e6);
    if (isStopped()) return;
  }
  while (nowNs() < instantNs);
}

function serve(lanes: readonly Lane[], grid: number): void {
  const slot = schedule.takenSlot;
  let isOver = true;
  for (let index = 0; index < lanes.length; index++) {
    const lane = lanes[index]!;
    if (lane.grid !== grid || lane.queue.isOver) continue;
    if (!lane.queue.serve(slot) && !lane.isSparse) statistics.countUnderrun(lane.flow);
    statistics.setNextSlot(lane.flow, slot + 1);
    isOver = isOver && lane.queue.isOver;
  }
  if (isOver) schedule.end(grid);
}

function close(lanes: readonly Lane[]): void {
  for (const { sockets } of lanes) for (const socket of sockets) socket.close();
  port.close();
}

function run(lanes: readonly Lane[]): void {
  const turn = () => {
    const nextNs = schedule.nextNs();
    if (nextNs === Number.POSITIVE_INFINITY || isStopped()) return close(lanes);
    waitUntil(nextNs);
    if (isStopped()) return close(lanes);
    const grid = schedule.take(nowNs());
    if (grid !== NOTHING_DUE) serve(lanes, grid);
    setImmediate(turn);
  };
  turn();
}

try {
  const lanes: Lane[] = [];
  for (const [index, flow] of setup.flows.entries()) lanes.push(await openLane(flow, index));
  port.once('message', (message: MainMessage) => {
    if (message.type === 'stop') return close(lanes);
    startNs = systemClock.nowMs() * 1e6 + Number(message.instantNs - monotonicNs());
    run(lanes);
  });
  post({
    type: 'ready',
    localPorts: lanes.map(({ sockets }) => sockets.map((one) => one.localPort)),
    threadId: threadId(),
  });
} catch {
  port.close();
}
