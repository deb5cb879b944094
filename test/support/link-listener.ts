import { ContinuityLedger } from '../../src/protocols/link/ledger.ts';
import type { ChannelSink, GapCause } from '../../src/protocols/link/receive-channel.ts';
import type { StreamRecord } from '../../src/protocols/link/stream-records.ts';
import { audioByte, type SimSource } from './link-ends.ts';
import type { LinkNetwork } from './link-network.ts';

/** Hears a channel: proves each byte, and measures how late each came. */
export class SimListener implements ChannelSink {
  readonly gaps: { cause: GapCause; lostMs: number | undefined; atMs: number }[] = [];
  readonly titles: { title: string; atByte: number }[] = [];
  readonly ledger: ContinuityLedger;
  readonly #network: LinkNetwork;
  readonly #source: () => SimSource;
  formats = 0;
  ends = 0;
  wrongBytes = 0;
  repeatedBytes = 0;
  missingBytes = 0;
  audioBytes = 0;
  /** The longest time between making and delivery, from `measureFromMs` on. */
  maxDelayMs = 0;
  measureFromMs = 10_000;
  lastAtMs = 0;
  /** Time without any audio, the longest. */
  maxSilenceMs = 0;
  #epochs = new Map<string, number>(); // epoch -> next audio byte
  #lostBytesAllowed = false;

  /** `source` is the one that runs now. */
  constructor(network: LinkNetwork, source: () => SimSource) {
    this.#network = network;
    this.ledger = new ContinuityLedger(() => network.nowMs);
    this.#source = source;
  }

  record(record: StreamRecord, audioOffset: number): void {
    if (record.type === 'format') this.formats++;
    if (record.type === 'title') this.titles.push({ title: record.title, atByte: audioOffset });
    if (record.type !== 'audio') return;
    const { store, salt } = this.#source();
    const expected = this.#epochs.get(store.epoch);
    if (expected !== undefined && audioOffset < expected) this.repeatedBytes += expected - audioOffset;
    if (expected !== undefined && audioOffset > expected) {
      if (!this.#lostBytesAllowed) this.wrongBytes++;
      this.missingBytes += audioOffset - expected;
    }
    this.#lostBytesAllowed = false;
    const { data } = record;
    for (let index = 0; index < data.length; index++) {
      if (data[index] !== audioByte(audioOffset + index, salt)) this.wrongBytes++;
    }
    this.ledger.audio(store.epoch, audioOffset, data, record.ticks);
    this.#epochs.set(store.epoch, audioOffset + data.length);
    this.audioBytes += data.length;
    const { nowMs } = this.#network;
    if (nowMs >= this.measureFromMs) {
      this.maxDelayMs = Math.max(this.maxDelayMs, nowMs - this.#source().byteMadeAtMs(audioOffset));
      this.maxSilenceMs = Math.max(this.maxSilenceMs, nowMs - Math.max(this.lastAtMs, this.measureFromMs));
    }
    this.lastAtMs = nowMs;
  }

  gap(cause: GapCause, lostMs: number | undefined): void {
    this.#lostBytesAllowed = true;
    this.gaps.push({ cause, lostMs, atMs: this.#network.nowMs });
    this.ledger.gap(cause, lostMs);
  }

  end(): void {
    this.ends++;
  }
}
