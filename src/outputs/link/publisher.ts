import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { FragmentBuffer } from '../../core/fragment-buffer.ts';
import type { Logger } from '../../core/logger.ts';
import type { StreamView } from '../../modules/output.ts';
import { StoreJournal } from '../../net/link/journal/store-journal.ts';
import { ChannelStore, type StoreSnapshot } from '../../protocols/link/channel-store.ts';
import { RecordReader } from '../../protocols/link/stream-records.ts';
import { itemsOf } from './fragment-items.ts';
import { type FeedPosition, RecordFeed } from './record-feed.ts';

/** What the other side may be behind, besides the buffer: a line that comes back asks for a little more. */
const SLACK_MS = 15_000;
const SLACK_BYTES = 1 << 20;
const MAX_BYTES = 512 << 20;
const EPOCH_BYTES = 8;
/** A buffer of longer time is one that is bounded by its size. */
const MAX_TIME_MS = 31 * 86_400_000;

export interface PublisherOptions {
  /** Name of the stream on the link. */
  readonly name: string;
  readonly stream: StreamView;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the store outlives the process; undefined: nowhere. */
  readonly keepDir: string | undefined;
}

/** One stream as it is published: its store, fed with all frames of the stream from now on. It outlives attempts. */
export class Publisher {
  readonly store: ChannelStore;
  /** The store goes on where that of the process before ended. */
  readonly isRestored: boolean;
  readonly #buffer: FragmentBuffer;
  readonly #journal: StoreJournal | undefined;
  readonly #stop: () => void;
  #frames = 0;
  #audioBytes: number;

  constructor({ name, stream, clock, log, keepDir }: PublisherOptions) {
    const { limits } = stream.buffer;
    this.#buffer = stream.buffer;
    const keepMs = limits.keepMs + SLACK_MS;
    const maxBytes = Math.min(MAX_BYTES, limits.maxBytes + SLACK_BYTES);
    const journal =
      keepDir === undefined ? undefined : new StoreJournal({ folder: keepDir, name, clock, log, keepMs, maxBytes });
    const kept = journal?.kept;
    const epoch = kept?.epoch ?? randomBytes(EPOCH_BYTES).toString('hex');
    this.store = new ChannelStore({
      name,
      epoch,
      keepMs,
      maxBytes,
      ...(kept && { held: kept.held }),
      ...(journal && { keep: (record) => journal.keep(record) }),
    });
    this.#journal = journal;
    journal?.follow(epoch, () => this.store.snapshot());
    this.isRestored = kept !== undefined;
    this.#audioBytes = kept?.held.end.audioBytes ?? 0;
    const feed = new RecordFeed(this.#target(), kept && positionOf(kept.held), () => stream.station);
    for (const fragment of stream.buffer.from(0)) feed.take(itemsOf(fragment));
    this.#stop = stream.onAudio((items) => {
      this.#frames += items.length;
      feed.take(items);
    });
  }

  /** How much audio is kept, in milliseconds; where a size says it, what that is now. */
  get keepMs(): number {
    const { limits, heldMs } = this.#buffer;
    return limits.keepMs > MAX_TIME_MS ? heldMs : limits.keepMs;
  }

  get counters(): Readonly<Record<string, number>> {
    const { store } = this;
    return { frames: this.#frames, kept_bytes: store.heldBytes, published_bytes: store.newest };
  }

  /** Takes no more frames, and gives the folder back. */
  close(): void {
    this.#stop();
    this.#journal?.close();
  }

  #target() {
    const { store } = this;
    const audioBytes = () => this.#audioBytes;
    const count = (bytes: number) => {
      this.#audioBytes += bytes;
    };
    return {
      get audioBytes() {
        return audioBytes();
      },
      append(record: Parameters<ChannelStore['append']>[0]) {
        store.append(record);
        if (record.type === 'audio') count(record.data.length);
      },
    };
  }
}

/** Up to where a store has published a run of audio. */
function positionOf({ pinned, records, end }: StoreSnapshot): FeedPosition | undefined {
  const stored = records.findLast(({ type }) => type === 'origin') ?? pinned.find(({ type }) => type === 'origin');
  const origin = stored && new RecordReader().push(stored.bytes)[0];
  if (origin?.type !== 'origin') return undefined;
  return { epoch: origin.epoch, byte: origin.originByte + end.audioBytes - origin.audioOffset };
}
