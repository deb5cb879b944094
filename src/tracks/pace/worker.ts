/**
 * The pacing worker: opens the sockets, waits for the start, then sends every slot of every grid at its instant.
 * @module
 */
import { readlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { monotonicNs, systemClock } from '../../core/clock.ts';
import { FlowSocket } from './flow-socket.ts';
import { periodNs } from './grid.ts';
import { Lane } from './lane.ts';
import type { MainMessage, WorkerFlow, WorkerMessage, WorkerSetup } from './messages.ts';
import { PaceLoop } from './pace-loop.ts';
import { PaceSchedule } from './schedule.ts';
import { PaceSession } from './session.ts';
import { StatisticsWriter } from './statistics.ts';
import { warmUp } from './warm-up.ts';

const setup = workerData as WorkerSetup;
const port = parentPort!;
const statistics = new StatisticsWriter(setup.statistics, setup.flows.length);
const shortestNs = Math.min(...setup.periods.map(periodNs));
const spinNs = Math.min(setup.spinNs, shortestNs / 3);
const socketCount = setup.flows.reduce((sum, { destinations }) => sum + destinations.length, 0);
/** One packet a slot has a callback, as long as all flows share a grid. */
const sampleEvery = Math.min(64, socketCount);

const session = new PaceSession(new PaceSchedule(setup.periods, setup), statistics, setup.catchUpRate, systemClock);

async function openLane(flow: WorkerFlow, index: number): Promise<Lane<FlowSocket>> {
  const sockets: FlowSocket[] = [];
  for (const [number, destination] of flow.destinations.entries()) {
    const counters = {
      lost: () => statistics.countLost(index, number),
      refused: () => statistics.countRefused(index, number),
    };
    try {
      sockets.push(await FlowSocket.open(destination, counters, sampleEvery));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      post({ type: 'failed', destination, error: { code, message } });
      throw error;
    }
  }
  return new Lane(session, flow, index, sockets);
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

function close(lanes: readonly Lane[]): void {
  for (const lane of lanes) lane.close();
  port.close();
}

function run(loop: PaceLoop, lanes: readonly Lane[]): void {
  const turn = () => {
    if (loop.run()) setImmediate(turn);
    else close(lanes);
  };
  turn();
}

try {
  const lanes: Lane<FlowSocket>[] = [];
  for (const [index, flow] of setup.flows.entries()) lanes.push(await openLane(flow, index));
  await warmUp();
  port.once('message', (message: MainMessage) => {
    if (message.type === 'stop') return close(lanes);
    session.startIn(Number(message.instantNs - monotonicNs()));
    run(new PaceLoop({ session, lanes, control: new Int32Array(setup.control), spinNs }), lanes);
  });
  post({
    type: 'ready',
    localPorts: lanes.map(({ sockets }) => sockets.map((one) => one.localPort)),
    threadId: threadId(),
  });
} catch {
  port.close();
}
