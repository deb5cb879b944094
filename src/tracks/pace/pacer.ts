import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { RtpCounting } from './flow-queue.ts';
import type { PaceDestination } from './flow-socket.ts';
import { type GridPeriod, periodNs } from './grid.ts';
import { type MainMessage, STOPPED, type SystemError, type WorkerMessage, type WorkerSetup } from './messages.ts';
import { allocateRing, RingWriter, ringShape } from './ring.ts';
import { allocateStatistics, MAX_DESTINATIONS, type PaceStatistics, StatisticsReader } from './statistics.ts';

/** A flow to pace. */
export interface PaceFlow {
  /** One or two; each gets every packet of the flow. */
  readonly destinations: readonly PaceDestination[];
  /** Index of its period in `PacerOptions.periods`. */
  readonly grid: number;
  /** Undefined: packets go as they are. Else the first 12 bytes of each are an RTP header, whose counts are set when it leaves. */
  readonly rtp?: RtpCounting | undefined;
  /** Nothing may be due at a slot: that is no underrun. */
  readonly isSparse?: boolean | undefined;
  /** The largest packet, header included. */
  readonly packetBytes: number;
  /** The most packets that leave at one slot; 1 when undefined. */
  readonly packetsPerSlot?: number | undefined;
}

/** What a pacer is made of. */
export interface PacerOptions {
  /** The grids; all begin at the start instant. */
  readonly periods: readonly GridPeriod[];
  readonly flows: readonly PaceFlow[];
  /** How much the rings hold, in ms; 500 when undefined. A ring has room for two slots at least. */
  readonly aheadMs?: number | undefined;
  /** How long before a slot the worker stops sleeping and spins, in us; 150 when undefined, 0 for no spinning. */
  readonly spinMicroseconds?: number | undefined;
  /** How many times real time late packets leave; 4 when undefined. */
  readonly catchUpRate?: number | undefined;
}

/** The most flows of one pacer. */
export const MAX_FLOWS = 256;
const DEFAULT_AHEAD_MS = 500;
const DEFAULT_SPIN_MICROSECONDS = 150;
const DEFAULT_CATCH_UP_RATE = 4;

/** Flows that leave on their grids, sent by a worker thread of their own. Made by `openPacer`. */
export class Pacer {
  /** One for each flow, in their order; filled by the caller, best 200 ms ahead and more, and ended after the last packet. */
  readonly rings: readonly RingWriter[];
  /** The ports from which each flow's destinations are sent to. */
  readonly localPorts: readonly (readonly number[])[];
  /** The kernel's number of the worker's thread, for `askForRealtime`; 0 where there is none. */
  readonly threadId: number;
  /** Resolves when everything was sent or the pacer was stopped. Rejects when the worker failed. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #control: Int32Array;
  readonly #statistics: StatisticsReader;

  /** For `openPacer`. */
  constructor(worker: Worker, setup: WorkerSetup, ready: Extract<WorkerMessage, { type: 'ready' }>) {
    this.#worker = worker;
    this.#control = new Int32Array(setup.control);
    this.#statistics = new StatisticsReader(setup.statistics, setup.flows.length);
    this.rings = setup.flows.map(({ ring, shape }) => new RingWriter(ring, shape));
    this.localPorts = ready.localPorts;
    this.threadId = ready.threadId;
    this.ended = new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => resolve());
    });
    this.ended.catch(() => {});
  }

  /** Lets slot 0 leave at `instantNs` of `monotonicNs`; call it once, after the rings were filled. What is past is caught up. */
  start(instantNs: bigint): void {
    this.#worker.postMessage({ type: 'start', instantNs } satisfies MainMessage);
  }

  /** Ends within one slot; what waits in the rings is not sent. Resolves when the sockets are closed. */
  async stop(): Promise<void> {
    Atomics.store(this.#control, 0, STOPPED);
    Atomics.notify(this.#control, 0);
    this.#worker.postMessage({ type: 'stop' } satisfies MainMessage);
    await this.ended;
  }

  /** A snapshot of the counters; also after the end. */
  statistics(): PaceStatistics {
    return this.#statistics.read();
  }
}

/**
 * Starts a worker and opens the sockets of all flows. Nothing is sent before `Pacer.start`.
 * @throws DistreamError PORT_IN_USE, ADDRESS_UNAVAILABLE, UNREACHABLE; RangeError for options that cannot be
 */
export async function openPacer(options: PacerOptions): Promise<Pacer> {
  const setup = setUp(options);
  // The built worker lies beside the built pacer, the source beside the source.
  const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), { workerData: setup });
  const ready = await new Promise<Extract<WorkerMessage, { type: 'ready' }>>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => reject(new DistreamError('INTERNAL', { reason: 'the pacing thread ended' })));
    worker.once('message', (message: WorkerMessage) => {
      if (message.type === 'failed') return reject(refusal(message.destination, message.error));
      worker.removeAllListeners();
      resolve(message);
    });
  });
  return new Pacer(worker, setup, ready);
}

function setUp({ periods, flows, aheadMs, spinMicroseconds, catchUpRate }: PacerOptions): WorkerSetup {
  if (flows.length < 1 || flows.length > MAX_FLOWS) throw new RangeError(`1 to ${MAX_FLOWS} flows can be paced`);
  const workerFlows = flows.map(({ destinations, grid, rtp, isSparse = false, packetBytes, packetsPerSlot = 1 }) => {
    const period = periods[grid];
    if (!period) throw new RangeError('a flow needs a grid');
    if (destinations.length < 1 || destinations.length > MAX_DESTINATIONS) {
      throw new RangeError(`a flow has 1 to ${MAX_DESTINATIONS} destinations`);
    }
    const slots = Math.max(2, Math.ceil(((aheadMs ?? DEFAULT_AHEAD_MS) * 1e6) / periodNs(period)));
    const shape = ringShape(slots * packetsPerSlot, packetBytes);
    return { destinations, grid, rtp, isSparse, shape, ring: allocateRing(shape) };
  });
  return {
    periods,
    flows: workerFlows,
    statistics: allocateStatistics(flows.length),
    control: new SharedArrayBuffer(4),
    spinNs: (spinMicroseconds ?? DEFAULT_SPIN_MICROSECONDS) * 1000,
    catchUpRate: catchUpRate ?? DEFAULT_CATCH_UP_RATE,
  };
}

function refusal(destination: PaceDestination, error: SystemError): DistreamError {
  const { address, port, localAddress = 'any address', localPort = 0 } = destination;
  const cause = { cause: error };
  if (error.code === 'EADDRINUSE')
    return new DistreamError('PORT_IN_USE', { port: localPort, host: localAddress, holder: '' }, cause);
  if (error.code === 'EADDRNOTAVAIL') return new DistreamError('ADDRESS_UNAVAILABLE', { host: localAddress }, cause);
  return new DistreamError('UNREACHABLE', { url: `udp://${address}:${port}`, reason: reasonOf(error) }, cause);
}
