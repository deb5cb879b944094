/**
 * One audience of the live feed: all who may see the same. Their events are made once and kept for who comes back.
 * @module
 */
import type { LogEntry } from './event-log.ts';
import {
  type FeedPatch,
  type FeedStatus,
  feedPatch,
  feedStatus,
  patchText,
  type ShownStatus,
  type StreamChoice,
  statusParts,
  statusText,
} from './feed-state.ts';

/** An event as it was told, for each choice of streams. */
interface PastEvent {
  readonly sequence: number;
  readonly characters: number;
  /** Undefined when it is not for them. */
  text(choice: StreamChoice): string | undefined;
}

const MAX_PAST_EVENTS = 600;
const MAX_PAST_CHARACTERS = 2 ** 20;
/** Lines of the log in a snapshot. */
const SNAPSHOT_LINES = 50;

/** What an audience sees. */
export interface AudienceOptions {
  /** Tells runs of the node apart; no `-`. */
  readonly epoch: string;
  readonly status: () => ShownStatus;
  /** The newest lines of the log; none for who may not see it. */
  readonly lines: (limit: number) => readonly LogEntry[];
}

/** The state of one audience. */
export class Audience {
  readonly #options: AudienceOptions;
  #status: FeedStatus | undefined;
  #parts: ReturnType<typeof statusParts> | undefined;
  #sequence = 0;
  #past: PastEvent[] = [];
  #pastCharacters = 0;

  constructor(options: AudienceOptions) {
    this.#options = options;
  }

  /** Looks at the node; answers the new event, if anything changed. */
  refresh(): PastEvent | undefined {
    const status = feedStatus(this.#options.status());
    const patch = this.#status && feedPatch(this.#status, status);
    this.#status = status;
    if (!patch) return undefined;
    this.#parts = undefined;
    return this.#tell(patchSize(patch), (id, choice) => {
      const data = patchText(patch, choice);
      return data === undefined ? undefined : event('delta', id, data);
    });
  }

  /** Tells a line of the log. */
  line(entry: LogEntry): PastEvent {
    const data = JSON.stringify(entry);
    return this.#tell(data.length, (id, choice) => {
      const isWanted = !choice || entry.stream === undefined || choice.has(entry.stream);
      return isWanted ? event('log', id, data) : undefined;
    });
  }

  /** Everything, for who begins. */
  snapshot(choice: StreamChoice): string {
    if (!this.#status) this.refresh();
    this.#parts ??= statusParts(this.#status!);
    const lines = this.#options
      .lines(SNAPSHOT_LINES)
      .filter(({ stream }) => !choice || stream === undefined || choice.has(stream));
    const status = statusText(this.#parts.head, this.#parts.streams, choice);
    return event('snapshot', this.#id(this.#sequence), `{"status":${status},"log":${JSON.stringify(lines)}}`);
  }

  /** What was told after the event of that id; undefined when that is not known any more, or never was. */
  since(lastEventId: string, choice: StreamChoice): string | undefined {
    const match = /^([a-z0-9]{1,32})-(\d{1,15})$/.exec(lastEventId);
    if (match?.[1] !== this.#options.epoch || !this.#status) return undefined;
    const sequence = Number(match[2]);
    if (sequence > this.#sequence) return undefined;
    if (sequence < (this.#past[0]?.sequence ?? this.#sequence + 1) - 1) return undefined;
    return this.#past
      .filter((past) => past.sequence > sequence)
      .map((past) => past.text(choice) ?? '')
      .join('');
  }

  #tell(characters: number, make: (id: string, choice: StreamChoice) => string | undefined): PastEvent {
    const sequence = ++this.#sequence;
    const id = this.#id(sequence);
    const told = { sequence, characters, text: (choice: StreamChoice) => make(id, choice) };
    this.#past.push(told);
    this.#pastCharacters += characters;
    while (
      this.#past.length > MAX_PAST_EVENTS ||
      (this.#pastCharacters > MAX_PAST_CHARACTERS && this.#past.length > 1)
    ) {
      this.#pastCharacters -= this.#past.shift()!.characters;
    }
    return told;
  }

  #id(sequence: number): string {
    return `${this.#options.epoch}-${sequence}`;
  }
}

/** An event of a stream of events (HTML, section 9.2.5). The data is JSON, which has no line break. */
function event(name: string, id: string, data: string): string {
  return `event: ${name}\nid: ${id}\ndata: ${data}\n\n`;
}

function patchSize({ head, streams }: FeedPatch): number {
  let size = head.length;
  for (const [name, text] of streams) size += name.length + text.length + 4;
  return size;
}
