import type { AudioItem } from '../../core/audio-item.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { StationInfo } from '../../core/station.ts';
import { ReceivedJournal, type ReceivedRun } from '../../net/link/journal/received-journal.ts';
import { type ChannelSink, type GapCause, ReceiveChannel } from '../../protocols/link/receive-channel.ts';
import type { StreamRecord } from '../../protocols/link/stream-records.ts';
import { RecordIntake } from './record-intake.ts';

/** What is kept may be played if the process was away for no longer than this besides the reserve. */
const MAX_AWAY_MS = 60_000;
const MIN_KEEP_MS = 1000;
const MAX_KEPT_BYTES = 256 << 20;

export interface ReceiverOptions {
  /** Name of the stream on the link. */
  readonly name: string;
  readonly reserveMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where what came outlives the process; undefined: nowhere. */
  readonly keepDir: string | undefined;
}

/** One stream that is taken from a link: its channel, its frames, and what is kept of it. It outlives attempts. */
export class Receiver implements ChannelSink {
  readonly channel: ReceiveChannel;
  readonly #intake: RecordIntake;
  readonly #journal: ReceivedJournal | undefined;
  #runs: { epoch: string; audioOffset: number; nextOffset: number; records: StreamRecord[] }[] = [];
  #items: AudioItem[] = [];
  #isFlushDue = false;
  /** Takes frames as they come; what comes while nobody is there is lost, so it is set before the channel is subscribed. */
  onItems: (items: readonly AudioItem[]) => void = () => {};
  readonly counters = { frames: 0, bytes: 0, gaps: 0, lost_ms: 0, restarts_of_sender: 0, kept_ms_played: 0 };
  /** Gaps whose length nobody knows. */
  unknownGaps = 0;

  constructor({ name, reserveMs, clock, log, keepDir }: ReceiverOptions) {
    this.#intake = new RecordIntake((item) => this.#items.push(item));
    const keepMs = Math.max(MIN_KEEP_MS, reserveMs);
    this.#journal =
      keepDir === undefined
        ? undefined
        : new ReceivedJournal({ name, folder: keepDir, clock, log, keepMs, maxBytes: MAX_KEPT_BYTES });
    const kept = this.#journal?.kept;
    this.channel = new ReceiveChannel({ name, sink: this, backMs: reserveMs, ...(kept && { held: kept.position }) });
    if (kept && clock.utcMs() - kept.writtenMs <= reserveMs + MAX_AWAY_MS) this.#replay(kept.runs);
  }

  /** What the source of the newest frames says of itself. */
  get station(): StationInfo {
    return this.#intake.station;
  }

  /** Passes on what is there from before the process started. */
  start(): void {
    this.#flush();
  }

  /** Gives the folder back. */
  close(): void {
    this.#flush();
    this.#journal?.close();
  }

  record(record: StreamRecord, audioOffset: number): void {
    const epoch = this.channel.epoch ?? '';
    this.#intake.record(record, epoch, audioOffset);
    if (this.#journal) this.#note(record, epoch, audioOffset);
    this.#flushSoon();
  }

  gap(cause: GapCause, lostMs: number | undefined): void {
    this.counters.gaps++;
    if (cause === 'new-epoch') this.counters.restarts_of_sender++;
    if (lostMs === undefined) this.unknownGaps++;
    else this.counters.lost_ms += Math.round(lostMs);
    this.#intake.gap(cause, lostMs);
    if (this.#journal) this.#note({ type: 'discontinuity', cause: 'line-loss', lostMs }, this.channel.epoch ?? '', -1);
    this.#flushSoon();
  }

  #replay(runs: readonly ReceivedRun[]): void {
    for (const { epoch, audioOffset, records } of runs) {
      let offset = audioOffset;
      for (const record of records) {
        this.#intake.record(record, epoch, offset);
        if (record.type === 'audio') offset += record.data.length;
      }
    }
    this.counters.kept_ms_played = Math.round(this.#items.reduce((sum, { durationUs }) => sum + durationUs, 0) / 1000);
  }

  #note(record: StreamRecord, epoch: string, audioOffset: number): void {
    let run = this.#runs.at(-1);
    const isAudio = record.type === 'audio';
    if (!run || run.epoch !== epoch || (isAudio && run.nextOffset !== audioOffset && run.nextOffset >= 0)) {
      run = { epoch, audioOffset: 0, nextOffset: -1, records: [] };
      this.#runs.push(run);
    }
    run.records.push(record);
    if (!isAudio) return;
    if (run.nextOffset < 0) run.audioOffset = audioOffset;
    run.nextOffset = audioOffset + record.data.length;
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    // What one packet brought is passed on together.
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    const items = this.#items;
    if (this.#runs.length > 0) this.#journal?.keep(this.#runs, this.channel.position);
    this.#runs = [];
    this.#items = [];
    if (items.length === 0) return;
    this.counters.frames += items.length;
    for (const { data } of items) this.counters.bytes += data.length;
    this.onItems(items);
  }
}
