/**
 * Makes the pacing code quick before the first slot. Cold code is interpreted, and compiled while it runs: the first
 * slot of 32 flows then takes 3 to 5 ms instead of 1. So some thousand packets go first, from a session like the real one
 * to a socket of this thread on loopback that nobody reads.
 * @module
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { systemClock } from '../../core/clock.ts';
import { FlowSocket } from './flow-socket.ts';
import { periodOfMicroseconds } from './grid.ts';
import { Lane } from './lane.ts';
import type { WorkerFlow } from './messages.ts';
import { PaceLoop } from './pace-loop.ts';
import { allocateRing, RingWriter, ringShape } from './ring.ts';
import { PaceSchedule } from './schedule.ts';
import { PaceSession } from './session.ts';
import { allocateStatistics, StatisticsWriter } from './statistics.ts';

/** At once, and then as in a session: with waiting. */
const PASSES = [
  { packets: 4096, period: periodOfMicroseconds(1) },
  { packets: 128, period: periodOfMicroseconds(250) },
];
const FLOWS = 2;
const PACKET_BYTES = 156;
const CATCH_UP_RATE = 4;
const SPIN_NS = 80_000;

/** Sends some thousand packets on loopback, which takes some 50 ms. Where that is not possible it does nothing. */
export async function warmUp(): Promise<void> {
  const sink = createSocket('udp4');
  try {
    sink.bind(0, '127.0.0.1');
    await once(sink, 'listening');
    const { port } = sink.address();
    for (const pass of PASSES) await runPass(pass, port);
  } catch {
    // The first slots are late then; sending goes on.
  } finally {
    sink.close();
  }
}

async function runPass({ packets, period }: (typeof PASSES)[number], port: number): Promise<void> {
  const session = new PaceSession(
    new PaceSchedule([period], { catchUpRate: CATCH_UP_RATE }),
    new StatisticsWriter(allocateStatistics(FLOWS), FLOWS),
    CATCH_UP_RATE,
    systemClock,
  );
  const lanes: Lane[] = [];
  try {
    for (let index = 0; index < FLOWS; index++) lanes.push(await openLane(session, packets / FLOWS, port, index));
    session.startIn(0);
    const loop = new PaceLoop({ session, lanes, control: new Int32Array(new SharedArrayBuffer(4)), spinNs: SPIN_NS });
    while (loop.run()) await new Promise(setImmediate);
  } finally {
    for (const lane of lanes) lane.close();
  }
}

async function openLane(session: PaceSession, packets: number, port: number, index: number): Promise<Lane> {
  const shape = ringShape(packets, PACKET_BYTES);
  const ring = allocateRing(shape);
  const rtp = { sequence: 0, timestamp: 0, framesPerSlot: 48 };
  const flow: WorkerFlow = { destinations: [], grid: 0, rtp, isSparse: false, shape, ring };
  const writer = new RingWriter(ring, shape);
  for (let slot = 0; slot < packets; slot++) writer.commit(PACKET_BYTES, slot);
  writer.end();
  const counters = { lost: () => {}, refused: () => {} };
  const socket = await FlowSocket.open({ address: '127.0.0.1', port }, counters, FLOWS);
  return new Lane(session, flow, index, [socket]);
}
