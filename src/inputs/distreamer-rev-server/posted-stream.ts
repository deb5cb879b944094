import { ProtocolViolation } from '../../core/errors.ts';
import { SilenceWatch } from '../../core/silence-watch.ts';
import type { InputContext } from '../../modules/input.ts';
import type { PollService } from '../../protocols/distreamer/poll-exchange.ts';
import type { PollSubject } from '../../protocols/distreamer/poll-request.ts';
import { decodeStoreList, encodeStoreList, type StoreList } from '../../protocols/distreamer/store-list.ts';
import type { WireReader } from '../../protocols/distreamer/wire-reader.ts';
import { sessionSink } from '../distreamer/session-sink.ts';

/** What a posted stream is made of. */
export interface PostedStreamOptions {
  readonly context: Pick<InputContext<unknown>, 'openSession' | 'clock' | 'log'>;
  readonly reader: WireReader;
  /** Without a request for so long the sender is gone. */
  readonly timeoutMs: number;
  readonly counters: { lists: number; posts: number };
}

/** A store without a stream, as the original tells it. */
const NO_LIST: StoreList = {
  fragments: [],
  icyint: -1,
  icyOffsets: new Map(),
  headers: new Map(),
  title: Buffer.alloc(0),
  sourceGeneration: 0,
  discontinuities: new Map(),
  oggHeader: Buffer.alloc(0),
};

/** The requests of a sender, one connection each, taken for one visit until it is silent. */
export class PostedStream {
  readonly #options: PostedStreamOptions;
  #list: StoreList = NO_LIST;
  #visit: { readonly end: () => void; readonly watch: SilenceWatch } | undefined;

  constructor(options: PostedStreamOptions) {
    this.#options = options;
  }

  /** What is offered to a connection. */
  serviceFor(address: string, password: string): PollService {
    return {
      password,
      list: () => this.#tellHeld(address),
      fragment: () => undefined,
      take: (subject, body) => this.#take(address, subject, body),
    };
  }

  /** Ends the session. */
  close(): void {
    this.#visit?.watch.cancel();
    this.#visit?.end();
    this.#visit = undefined;
  }

  #tellHeld(address: string): Buffer {
    this.#hear(address);
    this.#options.counters.lists++;
    this.#options.reader.beginPoll();
    return encodeStoreList({ ...this.#list, fragments: this.#options.reader.receivedNumbers });
  }

  #take(address: string, subject: PollSubject, body: Buffer): void {
    const { reader, counters, context } = this.#options;
    this.#hear(address);
    counters.posts++;
    try {
      if (subject !== 'list') return reader.push({ action: 'fragment', number: subject, data: body });
      const list = decodeStoreList(body);
      reader.describe(list);
      this.#list = list;
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      context.log.warn(`the sender broke the protocol: ${error.message}`, { address });
      this.close();
      throw error;
    }
  }

  #hear(address: string): void {
    if (this.#visit) return this.#visit.watch.heard();
    const { context, reader, timeoutMs } = this.#options;
    const { sink, end } = sessionSink(context, address);
    const watch = new SilenceWatch(context.clock, timeoutMs, () => {
      context.log.warn(`the sender asked and posted nothing for ${timeoutMs / 1000} s`, { address });
      this.close();
    });
    this.#visit = { end, watch };
    reader.connect(sink);
    context.log.info('a sender posts the stream', { address });
  }
}
