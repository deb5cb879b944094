import { type Clock, sleep } from '../../core/clock.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { NtpClient } from '../ntp-client.ts';
import type { Take as TakeAccount, TakeClock } from '../proof/take-schema.ts';
import type { TakeFileSystem } from './file-system.ts';
import type { FlowLine } from './flow-line.ts';
import { FlowReceiver } from './flow-receiver.ts';
import { type FlowPath, type FlowSpec, frameBytesOfFlow } from './flow-spec.ts';
import { localAddressFor } from './local-interface.ts';
import { type RecordProgress, recordProgress } from './record-progress.ts';
import { RecordWatch } from './record-watch.ts';
import { RtcpFeedback } from './rtcp-feedback.ts';
import { Take } from './take.ts';
import { hasEnded } from './take-end.ts';
import { Troubles } from './troubles.ts';

/** What is recorded, and where. */
export interface RecordOptions {
  readonly flows: readonly FlowSpec[];
  /** The folder of all takes; the take makes one of its own in it. */
  readonly folder: string;
  readonly fs: TakeFileSystem;
  /** The jitter buffer. */
  readonly bufferMs: number;
  /** Whether a flow of several channels stays one file. */
  readonly keepsFlows: boolean;
  /** The take's length; undefined: until it ends otherwise. */
  readonly maxMs?: number | undefined;
  /** Whether the take ends when all senders have said BYE. */
  readonly endsWithBye: boolean;
  /** Whether losses are concealed; see `TakeOptions`. */
  readonly conceals?: boolean;
  /** Whether lost packets are asked for again. */
  readonly asksAgain: boolean;
  /** The address of the interface for all groups; undefined: the one that their senders are on. */
  readonly localAddress?: string | undefined;
  /** The NTP server whose clock is compared with ours, with its client, which the session closes. */
  readonly ntp?: { readonly server: string; readonly client: NtpClient } | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** State changes, a sentence each. */
  readonly onNote: (text: string) => void;
}

const PROGRESS_EVERY_MS = 1000;

/** A take with its sockets and reports. Made by `RecordSession.open`; `run` closes all. */
export class RecordSession {
  readonly #options: RecordOptions;
  readonly take: Take;
  readonly #receivers: FlowReceiver[] = [];
  readonly #feedback: RtcpFeedback;
  #isClosed = false;
  #watch: RecordWatch | undefined;

  private constructor(options: RecordOptions) {
    this.#options = options;
    const { bufferMs, asksAgain, clock, random } = options;
    this.#feedback = new RtcpFeedback({ flows: [], bufferMs, asksAgain, clock, random });
    this.take = new Take({
      clock: options.clock,
      fs: options.fs,
      folder: options.folder,
      flows: [],
      bufferMs: options.bufferMs,
      keepsFlows: options.keepsFlows,
      maxMs: options.maxMs,
      conceals: options.conceals === true,
      clockAccount: () => this.#clockAccount(),
      onNote: options.onNote,
      repairedOf: (line) => this.#repairedOf(line),
    });
  }

  /**
   * Opens the ports of all flows.
   * @throws DistreamError PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_UNAVAILABLE, UNREACHABLE, MULTICAST_UNAVAILABLE, USAGE, RECORDING_FAILED
   */
  static async open(options: RecordOptions): Promise<RecordSession> {
    checkPaths(options.flows);
    const session = new RecordSession(options);
    try {
      await makeFolder(options);
      for (const spec of options.flows) await session.add(spec);
      return session;
    } catch (error) {
      session.#close();
      throw error;
    }
  }

  /**
   * Records until `signal` aborts, the take has its length, or all senders have said BYE. Resolves with the account when
   * all files are closed; undefined when nothing came.
   */
  async run(signal: AbortSignal, onProgress: (progress: RecordProgress) => void): Promise<TakeAccount | undefined> {
    const { clock, bufferMs } = this.#options;
    const tickMs = Math.max(5, Math.min(50, bufferMs / 10));
    this.#feedback.start();
    const troubles = new Troubles(this.#options.onNote);
    let nextProgressMs = clock.nowMs() + PROGRESS_EVERY_MS;
    try {
      while (!signal.aborted && !this.#hasEnded()) {
        await sleep(clock, tickMs, signal);
        this.take.tick();
        this.#feedback.tick();
        if (clock.nowMs() < nextProgressMs) continue;
        nextProgressMs = clock.nowMs() + PROGRESS_EVERY_MS;
        troubles.look(this.take.flows);
        this.#watch?.tick();
        onProgress(this.progress());
      }
    } finally {
      this.#feedback.stop();
      this.#close();
    }
    const account = await this.take.finish();
    onProgress(this.progress());
    return account;
  }

  /**
   * Takes up another flow, also while the take runs. Calls are made one after the other.
   * @throws DistreamError as `open`, and USAGE when it comes in where another one does; the take goes on without it
   */
  async add(spec: FlowSpec): Promise<void> {
    if (this.#isClosed) return;
    const { clock, localAddress } = this.#options;
    checkPaths([...this.take.flows.map((flow) => flow.spec), spec]);
    const flow = this.take.add(spec);
    const { line } = flow;
    const localAddressOf = (path: FlowPath) => localAddress ?? localAddressFor(path.origin);
    try {
      const receiver = await FlowReceiver.open({ line, paths: spec.paths, clock, localAddressOf });
      if (this.#isClosed) return receiver.close();
      this.#receivers.push(receiver);
      const bitsPerSecond = spec.sampleRate * frameBytesOfFlow(spec) * 8;
      this.#feedback.add({ line, bitsPerSecond, send: receiver.sendRtcp });
      this.#watch?.added(flow);
    } catch (error) {
      this.take.remove(flow);
      throw error;
    }
  }

  /** The take, to be looked at; to be asked for before `run`. */
  get watched(): RecordWatch {
    const { bufferMs, clock } = this.#options;
    this.#watch ??= new RecordWatch({
      take: this.take,
      bufferMs,
      clock,
      repairedOf: (line) => this.#repairedOf(line),
    });
    return this.#watch;
  }

  /** A snapshot; the peaks are those since the one before. */
  progress(): RecordProgress {
    return recordProgress(this.take, this.#options.clock.nowMs(), (line) => this.#repairedOf(line));
  }

  #repairedOf(line: FlowLine): number {
    const index = this.take.flows.findIndex((flow) => flow.line === line);
    return this.#feedback.repairedOf(line) + (this.#receivers[index]?.repaired ?? 0);
  }

  #hasEnded(): boolean {
    const { endsWithBye, bufferMs, clock } = this.#options;
    if (this.take.isFull) return true;
    const lines = this.take.flows.map(({ line }) => line);
    return endsWithBye && hasEnded(lines, bufferMs, clock.nowMs());
  }

  #clockAccount(): TakeClock {
    const { ntp } = this.#options;
    if (!ntp) return { source: 'local', offsetMs: null, errorBoundMs: null };
    const estimate = ntp.client.estimate();
    return {
      source: 'ntp',
      server: ntp.server,
      // Ours against the server's, where the estimate is what has to be added to ours.
      offsetMs: estimate ? -estimate.offsetMs : null,
      errorBoundMs: estimate?.errorBoundMs ?? null,
    };
  }

  #close(): void {
    this.#isClosed = true;
    for (const receiver of this.#receivers) receiver.close();
    this.#options.ntp?.client.close();
  }
}

async function makeFolder({ fs, folder }: RecordOptions): Promise<void> {
  try {
    await fs.makeFolder(folder);
  } catch (error) {
    throw new DistreamError('RECORDING_FAILED', { path: folder, reason: reasonOf(error) }, { cause: error });
  }
}

/** Two flows at one place cannot be told apart. */
function checkPaths(flows: readonly FlowSpec[]): void {
  const places = new Map<string, string>();
  for (const { title, paths } of flows) {
    for (const { address, port } of paths) {
      const place = `${address ?? 'any address'} port ${port}`;
      const other = places.get(place);
      if (other !== undefined) {
        throw new DistreamError('USAGE', { reason: `"${other}" and "${title}" both come in at ${place}` });
      }
      places.set(place, title);
    }
  }
}
