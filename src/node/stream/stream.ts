import { join } from 'node:path';
import type { StreamConfig } from '../../config/node-config.ts';
import type { AudioItem } from '../../core/audio-item.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Discontinuity, Fragment, TrackMetadata } from '../../core/fragment.ts';
import { FragmentBuffer } from '../../core/fragment-buffer.ts';
import type { Logger } from '../../core/logger.ts';
import { randomHex } from '../../core/random.ts';
import type { StationInfo } from '../../core/station.ts';
import type { NetworkAccess } from '../../modules/network.ts';
import type { StreamView } from '../../modules/output.ts';
import type { Extent } from '../../modules/values.ts';
import { ContinuityLedger } from '../../protocols/link/ledger.ts';
import { EncodedViews } from '../encode/encoded-views.ts';
import type { StreamSample } from '../history/stream-history.ts';
import type { StreamStatus } from '../status/schema.ts';
import type { SteeredStream, SteeringAction, SteeringOutcome } from '../steer/steered-stream.ts';
import { bufferLimits } from './buffer-limits.ts';
import { Callbacks } from './callbacks.ts';
import { FragmentAssembler } from './fragment-assembler.ts';
import { NO_TITLE } from './ingest.ts';
import { InputSlot } from './input-slot.ts';
import { OutputSlot } from './output-slot.ts';
import { Playout } from './playout.ts';
import { selectInput } from './selector.ts';
import { StandbyQueue } from './standby-queue.ts';
import { StreamStats } from './stream-stats.ts';
import { stateOf, streamSample, streamStatus } from './stream-status.ts';

const WATCH_MS = 500;
/** A fragment that has not filled for so long is passed on as it is: nothing heard is held back in an outage. */
const FLUSH_AFTER_MS = 1000;
const MAX_HISTORY_BYTES = 4 * 2 ** 20;

/** What a stream needs of its node. */
export interface StreamDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly baseDir: string;
  readonly network: NetworkAccess;
  /** 0 to 1; spreads retries. */
  readonly random: () => number;
}

/** One stream: inputs -> fragment buffer -> outputs. */
export class Stream implements StreamView, SteeredStream {
  readonly name: string;
  readonly buffer: FragmentBuffer;
  readonly stats: StreamStats;
  readonly playout: Playout;
  readonly inputs: readonly InputSlot[];
  readonly outputs: readonly OutputSlot[];
  readonly #encoded: EncodedViews;
  readonly config: StreamConfig;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #assembler: FragmentAssembler;
  readonly #standby: readonly StandbyQueue[];
  readonly #onRelease: Callbacks<[]>;
  readonly #onAppend: Callbacks<[Fragment]>;
  readonly #onAudio: Callbacks<[readonly AudioItem[]]>;
  /** The account of its audio; only when a module wants one. */
  readonly ledger: ContinuityLedger | undefined;
  /** Which input made which generation; only the few that the buffer may still hold. */
  readonly #generationOwner = new Map<number, number>();
  readonly #startedMs: number;
  #active = -1;
  #metadata: TrackMetadata | undefined;
  /** An administrator wants the fallback, whatever the main input gives. */
  #isFallbackForced = false;
  #watcher: Timer | undefined;
  #state: StreamStatus['state'] = 'waiting';
  startedUtcMs: number | undefined;
  /** When the state that the status shows began. */
  stateSinceUtcMs: number;

  constructor(config: StreamConfig, deps: StreamDeps) {
    this.config = config;
    this.name = config.name;
    this.#clock = deps.clock;
    this.#log = deps.log.child({ stream: config.name });
    this.#onRelease = new Callbacks('audio that is due', this.#log);
    this.#onAppend = new Callbacks('new audio', this.#log);
    this.#onAudio = new Callbacks('new frames', this.#log);
    this.ledger = keepsLedger(config) ? new ContinuityLedger(() => deps.clock.utcMs()) : undefined;
    this.#startedMs = deps.clock.nowMs();
    this.stateSinceUtcMs = deps.clock.utcMs();
    this.buffer = new FragmentBuffer(bufferLimits(config));
    this.stats = new StreamStats(deps.clock);
    this.#assembler = new FragmentAssembler({
      fragmentMs: config.fragmentMs,
      epoch: randomHex(deps.random, 8),
      utcMs: () => deps.clock.utcMs(),
      emit: (fragment) => this.#append(fragment),
    });
    this.playout = new Playout({
      clock: deps.clock,
      buffer: this.buffer,
      reserve: config.reserve,
      start: config.start,
      onRelease: () => this.#released(),
      onEvicted: (lostMs) => this.#evicted(lostMs),
    });
    const standbyMs = 'ms' in config.reserve ? Math.max(2000, Math.min(config.reserve.ms, 30_000)) : 30_000;
    const uses = [config.input, ...config.fallback];
    this.#standby = uses.map(() => new StandbyQueue(standbyMs));
    this.inputs = uses.map(
      (use, index) =>
        new InputSlot({
          name: index === 0 ? 'input' : `fallback ${index}`,
          streamName: config.name,
          use,
          silenceMs: config.silenceMs,
          fragmentMs: config.fragmentMs,
          ...deps,
          log: this.#log,
          onAudio: (items) => this.#audio(index, items),
          keepDir: keepDirOf(config, index === 0 ? 'input' : `fallback-${index}`),
          reserve: () => ({
            nowMs: this.playout.reserveMs,
            targetMs: this.playout.targetMs || expectedMs(config.reserve),
          }),
          history: () => this.#history(index),
        }),
    );
    this.#encoded = new EncodedViews({ ...deps, log: this.#log });
    this.outputs = config.outputs.map(
      (use, index) =>
        new OutputSlot({
          name: `output ${index + 1}`,
          use,
          stream: this.#encoded.viewFor(this, use.options),
          keepDir: keepDirOf(config, `output-${index + 1}`),
          ...deps,
          log: this.#log,
        }),
    );
  }

  /** Starts the outputs, then the inputs. */
  start(): void {
    for (const output of this.outputs) output.start();
    for (const input of this.inputs) if (!input.onDemand || input === this.inputs[0]) input.start();
    this.#watcher = this.#clock.every(WATCH_MS, () => this.#watch());
  }

  /** Stops everything; resolves when all runs have ended. */
  async close(): Promise<void> {
    this.#watcher?.cancel();
    await Promise.all(this.inputs.map((input) => input.stop()));
    this.#assembler.flush();
    this.playout.close();
    await Promise.all(this.outputs.map((output) => output.stop()));
    this.#encoded.close();
  }

  get released(): Fragment | undefined {
    return this.playout.released;
  }

  get metadata(): TrackMetadata | undefined {
    return this.#metadata;
  }

  get station(): StationInfo {
    return this.activeInput?.ingest.station ?? {};
  }

  get live(): boolean {
    return this.activeInput?.delivering === true || this.playout.reserveMs > 0;
  }

  /** The input that the outputs play; undefined before the first audio. */
  get activeInput(): InputSlot | undefined {
    return this.inputs[this.#active];
  }

  onRelease(listener: () => void): () => void {
    return this.#onRelease.add(listener);
  }

  onAudio(listener: (items: readonly AudioItem[]) => void): () => void {
    return this.#onAudio.add(listener);
  }

  onAppend(listener: (fragment: Fragment) => void): () => void {
    return this.#onAppend.add(listener);
  }

  status(): StreamStatus {
    return streamStatus(this);
  }

  async steerInput(index: number, action: SteeringAction): Promise<SteeringOutcome> {
    const input = this.inputs[index];
    if (!input) return 'missing';
    await input.steer(action);
    return 'done';
  }

  async steerOutput(index: number, action: SteeringAction): Promise<SteeringOutcome> {
    const output = this.outputs[index];
    if (!output) return 'missing';
    await output.steer(action);
    return 'done';
  }

  forceFallback(isActive: boolean): SteeringOutcome {
    if (this.inputs.length < 2) return 'missing';
    this.#isFallbackForced = isActive;
    this.#select();
    return 'done';
  }

  setTitle(metadata: TrackMetadata): SteeringOutcome {
    return this.activeInput?.ingest.retitle(metadata) ?? 'no-source';
  }

  /** What the history keeps of this moment. */
  sample(): StreamSample {
    return streamSample(this, this.#clock.utcMs());
  }

  #audio(index: number, items: AudioItem[]): void {
    if (this.#active === -1) this.#select();
    if (index === this.#active) this.#push(items);
    else this.#standby[index]!.push(items);
  }

  #push(items: readonly AudioItem[]): void {
    if (!this.#onAudio.isEmpty) this.#onAudio.call(this.#assembler.placed(items));
    for (const item of items) this.#assembler.push(item);
    this.#ownGeneration(this.#active);
  }

  #ownGeneration(index: number): void {
    const { generation } = this.#assembler;
    if (this.#generationOwner.get(generation) === index) return;
    this.#generationOwner.set(generation, index);
    const oldest = this.buffer.oldest?.generation ?? generation;
    for (const known of this.#generationOwner.keys()) if (known < oldest) this.#generationOwner.delete(known);
  }

  #append(fragment: Fragment): void {
    this.buffer.append(fragment);
    this.startedUtcMs ??= this.#clock.utcMs();
    this.stats.appended(fragment);
    if (this.ledger) account(this.ledger, fragment);
    if (fragment.discontinuity && fragment.sequence > 1) this.#tellDiscontinuity(fragment.discontinuity);
    this.#onAppend.call(fragment);
    this.playout.appended(fragment, this.#active);
    this.stats.reserve(this.playout.reserveMs, this.playout.targetMs);
  }

  #released(): void {
    const newest = this.playout.released!;
    const metadata = newest.metadata.at(-1)?.metadata ?? newest.openingMetadata;
    if (metadata) this.#metadata = metadata;
    this.stats.released(newest, metadata);
    this.#onRelease.call();
  }

  #evicted(lostMs: number): void {
    if (this.stats.causes.eviction === 0) {
      this.#log.error('the buffer gives up audio before it is heard: its bitrate is too high for so long a reserve');
    }
    this.stats.evicted(lostMs);
  }

  #tellDiscontinuity({ cause, lostMs }: Discontinuity): void {
    if (cause === 'input-switch') return; // told by the switch itself
    const lost = lostMs === undefined ? '' : `; ${(lostMs / 1000).toFixed(1)} s are missing`;
    this.#log.warn(`the audio does not continue: ${cause}${lost}`);
  }

  #watch(): void {
    for (const input of this.inputs) input.watch();
    this.#select();
    if ((this.activeInput?.silentMs ?? 0) >= FLUSH_AFTER_MS) this.#assembler.flush();
    this.stats.reserve(this.playout.reserveMs, this.playout.targetMs);
    this.stats.watch(this.config.silenceMs);
    this.#noteState();
  }

  #noteState(): void {
    const state = stateOf(this);
    if (state === this.#state) return;
    this.#state = state;
    this.stateSinceUtcMs = this.#clock.utcMs();
    if (state === 'silent') this.#log.error('listeners hear nothing: no input gives audio and the reserve is used up');
    if (state === 'reserve' && this.playout.targetMs > 0) {
      this.#log.warn(`playing from the reserve; sound lasts ${(this.playout.reserveMs / 1000).toFixed(0)} s`);
    }
  }

  #select(): void {
    const sinceStartMs = this.#clock.nowMs() - this.#startedMs;
    const decision = selectInput({
      candidates: this.inputs,
      isMainRefused: this.#isFallbackForced,
      active: this.#active,
      silentMs: Math.min(this.activeInput?.silentMs ?? sinceStartMs, sinceStartMs),
      // What is held before sound starts is no sound that lasts: it would wait for ever for an input that died.
      reserveMs: this.playout.released ? this.playout.reserveMs : 0,
      silenceMs: this.config.silenceMs,
    });
    for (const [index, input] of this.inputs.entries()) {
      if (!input.onDemand) continue;
      if (decision.wanted.includes(index)) input.start();
      else if (input.running) void input.stop();
    }
    if (decision.active !== this.#active) this.#switchTo(decision.active);
  }

  #switchTo(index: number): void {
    const first = this.#active === -1;
    const input = this.inputs[index]!;
    // What came since the return of a better input, or since the start of a fallback, is played whole; of a fallback
    // that has been running for long as much as makes the reserve full, so that it protects as the input before did.
    const whole = index < this.#active || input.onDemand;
    const { targetMs } = this.playout;
    const items = this.#standby[index]!.take(whole ? Math.max(2000, targetMs) : targetMs);
    this.#assembler.flush();
    this.#active = index;
    if (!first) this.#log.info(index === 0 ? 'back to the main input' : `${input.name} takes over`);
    if (items.length === 0) {
      if (!first) input.ingest.markDiscontinuity('input-switch');
      return;
    }
    const head = items[0]!;
    const discontinuity = first ? undefined : ({ cause: 'input-switch', lostMs: undefined } as const);
    this.#push([{ ...head, metadata: head.metadata ?? NO_TITLE, discontinuity }, ...items.slice(1)]);
  }

  /** What is still held of the newest audio of one input, for finding where a rejoined server repeats it. */
  #history(index: number): Buffer {
    if (index !== this.#active) {
      const { data } = this.#standby[index]!;
      if (data.length > 0) return data;
    }
    const parts: Buffer[] = [];
    let bytes = 0;
    if (index === this.#active) parts.push(...this.#assembler.pending);
    for (let fragment = this.buffer.newest; fragment; fragment = this.buffer.get(fragment.sequence - 1)) {
      const owner = this.#generationOwner.get(fragment.generation);
      if (owner === index) parts.unshift(fragment.data);
      else if (parts.length > 0) break;
      bytes += fragment.data.length;
      if (bytes > MAX_HISTORY_BYTES) break;
    }
    return Buffer.concat(parts);
  }
}

/** What a reserve comes to before its bitrate is known: as if at 128 kbit/s. */
function expectedMs(reserve: Extent): number {
  return 'ms' in reserve ? reserve.ms : reserve.bytes / 16;
}

function keepsLedger({ input, fallback, outputs }: StreamConfig): boolean {
  return [input, ...fallback, ...outputs].some(({ module }) => module.keepsLedger === true);
}

function keepDirOf({ keepPath }: StreamConfig, slot: string): string | undefined {
  return keepPath === undefined ? undefined : join(keepPath, slot);
}

function account(ledger: ContinuityLedger, fragment: Fragment): void {
  const { discontinuity, originEpoch, originByte, data, durationUs } = fragment;
  if (discontinuity && fragment.sequence > 1) ledger.gap(discontinuity.cause, discontinuity.lostMs);
  ledger.audio(originEpoch, originByte, data, Math.round(durationUs));
}
