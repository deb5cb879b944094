import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { ModuleUse } from '../../config/node-config.ts';
import type { InputModule, InputReport } from '../../modules/input.ts';
import type { NetworkAccess } from '../../modules/network.ts';
import type { InputStatus } from '../status/schema.ts';
import { Supervisor } from '../supervisor.ts';
import type { AudioItem } from './audio-item.ts';
import { Ingest } from './ingest.ts';

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
  /** The newest framed bytes of this input that are still held. */
  readonly history: () => Buffer;
  readonly onChange: () => void;
}

/** One input of a stream (the main one or a fallback): runs its module and knows how it is. */
export class InputSlot {
  readonly name: string;
  readonly ingest: Ingest;
  readonly #options: InputSlotOptions;
  readonly #supervisor: Supervisor;
  readonly #memory = new Map<string, unknown>();
  #report: () => InputReport = () => ({});
  #lastAudioMs: number | undefined;
  #deliveringSinceMs = 0;
  #wasLive = false;
  #state: InputStatus['state'] = 'standby';
  #stateSinceUtcMs = 0;
  #everLive = false;

  constructor(options: InputSlotOptions) {
    this.#options = options;
    this.name = options.name;
    const { clock } = options;
    this.ingest = new Ingest({
      clock,
      deliver: (items) => this.#deliver(items),
      history: options.history,
      sessionChanged: () => this.#sessionChanged(),
    });
    this.#supervisor = new Supervisor({
      run: (signal) => this.#run(signal),
      what: `${options.name} (${options.use.module.type})`,
      clock,
      log: options.log,
      random: options.random,
      onChange: options.onChange,
    });
  }

  get onDemand(): boolean {
    return this.#options.use.module.startOnDemand === true;
  }

  get running(): boolean {
    return this.#supervisor.state !== 'stopped';
  }

  /** Time since the last audio; infinite before the first. */
  get silentMs(): number {
    return this.#lastAudioMs === undefined ? Number.POSITIVE_INFINITY : this.#options.clock.nowMs() - this.#lastAudioMs;
  }

  get delivering(): boolean {
    return this.silentMs < this.#options.silenceMs;
  }

  get deliveringMs(): number {
    return this.delivering ? this.#options.clock.nowMs() - this.#deliveringSinceMs : 0;
  }

  start(): void {
    this.#supervisor.start();
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
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
    const report = this.#report();
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
      counters: { ...report.counters },
      detail: { ...report.detail },
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
    const { use, clock, log, streamName, fragmentMs, baseDir, network } = this.#options;
    try {
      await use.module.run({
        options: use.options as never,
        signal,
        clock,
        log,
        streamName,
        fragmentMs,
        baseDir,
        network,
        memory: this.#memory,
        openSession: (options) => this.ingest.open(options),
        onReport: (report) => {
          this.#report = report;
        },
      });
    } finally {
      this.ingest.close();
    }
  }

  #sessionChanged(): void {
    this.#options.onChange();
  }

  #deliver(items: AudioItem[]): void {
    const nowMs = this.#options.clock.nowMs();
    if (!this.delivering) this.#deliveringSinceMs = nowMs;
    this.#lastAudioMs = nowMs;
    this.#supervisor.recovered();
    this.#options.onAudio(items);
  }
}
