import type { ModuleUse } from '../../config/node-config.ts';
import type { AudioItem } from '../../core/audio-item.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { InputContext, InputModule, InputReport } from '../../modules/input.ts';
import type { NetworkAccess } from '../../modules/network.ts';
import type { InputStatus } from '../status/schema.ts';
import type { SteeringAction } from '../steer/steered-stream.ts';
import { Supervisor } from '../supervisor.ts';
import { Ingest } from './ingest.ts';
import { ModuleReport } from './module-report.ts';

/** Audio that comes in lumps (DiStreamer sends 5 s at once) lasts until the next; no more than this is counted on. */
const MAX_LUMP_MS = 6000;

/** Options of an input slot. */
export interface InputSlotOptions {
  /** `input`, `fallback 1` ... */
  readonly name: string;
  readonly streamName: string;
  readonly use: ModuleUse<InputModule>;
  readonly silenceMs: number;
  readonly fragmentMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly baseDir: string;
  readonly network: NetworkAccess;
  readonly random: () => number;
  /** Takes the audio, played or not. */
  readonly onAudio: (items: AudioItem[]) => void;
  readonly keepDir: string | undefined;
  readonly reserve: InputContext<unknown>['reserve'];
  /** The newest framed bytes of this input that are still held. */
  readonly history: () => Buffer;
}

/** One input of a stream (the main one or a fallback): runs its module and knows how it is. */
export class InputSlot {
  readonly name: string;
  readonly ingest: Ingest;
  readonly #options: InputSlotOptions;
  readonly #supervisor: Supervisor;
  readonly #memory = new Map<string, unknown>();
  readonly #report: ModuleReport<InputReport>;
  /** When the last audio that came has played. */
  #lastsUntilMs: number | undefined;
  #deliveringSinceMs = 0;
  #wasLive = false;
  /** Stopped by hand: nothing starts it but a hand. */
  #isHeld = false;
  #state: InputStatus['state'] = 'standby';
  #stateSinceUtcMs = 0;
  #everLive = false;
  /** Ends the module's run, for an error that is not its own. */
  #break: ((error: unknown) => void) | undefined;

  constructor(options: InputSlotOptions) {
    this.#options = options;
    this.name = options.name;
    this.#report = new ModuleReport(options.name, options.log);
    const { clock } = options;
    this.ingest = new Ingest({
      clock,
      deliver: (items) => this.#deliver(items),
      history: options.history,
      failed: (error) => this.#break?.(error),
    });
    this.#supervisor = new Supervisor({
      run: (signal) => this.#run(signal),
      what: `${options.name} (${options.use.module.type})`,
      clock,
      log: options.log,
      random: options.random,
    });
  }

  get onDemand(): boolean {
    return this.#options.use.module.startOnDemand === true;
  }

  get running(): boolean {
    return this.#supervisor.state !== 'stopped';
  }

  /** Time since the audio that came last was over; infinite before the first. */
  get silentMs(): number {
    if (this.#lastsUntilMs === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#options.clock.nowMs() - this.#lastsUntilMs);
  }

  get delivering(): boolean {
    return this.silentMs < this.#options.silenceMs;
  }

  get deliveringMs(): number {
    return this.delivering ? this.#options.clock.nowMs() - this.#deliveringSinceMs : 0;
  }

  /** Starts it, unless it was stopped by hand. */
  start(): void {
    if (!this.#isHeld) this.#supervisor.start();
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
  }

  /** Does what an administrator asks; a start or restart goes on in the background. */
  steer(action: SteeringAction): Promise<void> {
    this.#isHeld = action === 'stop';
    const stopped = action === 'start' ? Promise.resolve() : this.stop();
    if (action === 'stop') return stopped;
    this.#supervisor.start();
    return Promise.resolve();
  }

  /** Logs when audio stops and comes back; called a few times a second. */
  watch(): void {
    this.#noteState();
    if (this.delivering === this.#wasLive) return;
    this.#wasLive = this.delivering;
    const { log, name } = this.#options;
    if (!this.delivering && this.running) log.warn(`${name} is silent`);
    if (this.delivering) log.info(`${name} ${this.#everLive ? 'gives audio again' : 'gives audio'}`, this.#describe());
    this.#everLive ||= this.delivering;
  }

  status(active: boolean): InputStatus {
    const report = this.#report.read();
    const failure = this.#supervisor.lastFailure;
    const { ingest } = this;
    return {
      name: this.name,
      type: this.#options.use.module.type,
      state: this.#noteState(),
      active,
      since: new Date(this.#stateSinceUtcMs).toISOString(),
      ...(ingest.connected && ingest.peer ? { peer: ingest.peer } : {}),
      ...(ingest.connected && ingest.agent ? { agent: ingest.agent } : {}),
      reconnects: Math.max(0, ingest.counters.sessions - 1),
      ...(failure
        ? { lastError: { code: failure.code, message: failure.message, at: new Date(failure.atUtcMs).toISOString() } }
        : {}),
      bytes: ingest.counters.bytes,
      counters: { ...report?.counters },
      detail: { ...report?.detail, ...(this.#isHeld ? { stopped: 'by hand' } : {}) },
    };
  }

  #noteState(): InputStatus['state'] {
    const state = this.#stateNow();
    if (state !== this.#state || this.#stateSinceUtcMs === 0) this.#stateSinceUtcMs = this.#options.clock.utcMs();
    this.#state = state;
    return state;
  }

  #stateNow(): InputStatus['state'] {
    if (this.#supervisor.state === 'stopped') return 'standby';
    if (this.delivering) return 'live';
    if (this.#supervisor.state === 'retrying') return 'retrying';
    return this.ingest.connected ? 'silent' : 'connecting';
  }

  #describe(): Record<string, unknown> {
    const { format, peer, agent, note } = this.ingest;
    return { codec: format?.codec, sampleRate: format?.sampleRate, peer, agent, note };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { use, clock, log, streamName, fragmentMs, baseDir, network, keepDir, reserve } = this.#options;
    const own = new AbortController();
    const stop = () => own.abort();
    let broken: { readonly error: unknown } | undefined;
    this.#break = (error) => {
      broken ??= { error };
      stop();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#report.set(undefined);
    try {
      await use.module.run({
        options: use.options as never,
        signal: own.signal,
        clock,
        log,
        streamName,
        fragmentMs,
        baseDir,
        network,
        keepDir,
        reserve,
        memory: this.#memory,
        openSession: (options) => this.ingest.open(options),
        onReport: (report) => this.#report.set(report),
      });
      if (broken) throw broken.error;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#break = undefined;
      this.ingest.close();
    }
  }

  #deliver(items: AudioItem[]): void {
    const nowMs = this.#options.clock.nowMs();
    if (!this.delivering) this.#deliveringSinceMs = nowMs;
    let durationUs = 0;
    for (const item of items) durationUs += item.durationUs;
    this.#lastsUntilMs = nowMs + Math.min(MAX_LUMP_MS, durationUs / 1000);
    this.#supervisor.recovered();
    this.#options.onAudio(items);
  }
}
