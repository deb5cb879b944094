/**
 * The live feed (`/api/v1/events`): Server-Sent Events for any number of open pages, made once for all.
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../core/clock.ts';
import { Audience } from './audience.ts';
import type { EventLog } from './event-log.ts';
import {
  AUDIENCES,
  type AudienceName,
  FeedClients,
  type FeedSubscription,
  MAX_WAITING_BYTES,
  retryField,
} from './feed-clients.ts';
import type { ShownStatus, StreamChoice } from './feed-state.ts';

/** What a feed is made of. */
export interface FeedOptions {
  readonly clock: Clock;
  readonly log: EventLog;
  /** The status for that audience. */
  readonly status: (audience: AudienceName) => ShownStatus;
  /** 0 to 1; spreads reconnects. */
  readonly random: () => number;
}

/** A page that wants to be told. */
export interface Subscription extends FeedSubscription {
  readonly streams: StreamChoice;
  /** Of the `Last-Event-ID` header. */
  readonly lastEventId: string | undefined;
}

/** An open page; those with the same key are told the same. */
interface Page extends Subscription {
  readonly key: string;
}

const TICK_MS = 500;
/** Pages open at once. */
export const MAX_CLIENTS = 2000;

/** Feeds all open pages. */
export class EventFeed {
  readonly #options: FeedOptions;
  readonly #audiences: Readonly<Record<AudienceName, Audience>>;
  readonly #clients: FeedClients<Page>;
  readonly #unsubscribe: () => void;
  #timer: Timer | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    const { clock, log, status } = options;
    this.#clients = new FeedClients(clock);
    const epoch = randomBytes(6).toString('hex');
    this.#audiences = {
      admin: new Audience({
        epoch: `a${epoch}`,
        status: () => status('admin'),
        lines: (limit) => log.entries({ limit }),
      }),
      public: new Audience({ epoch: `p${epoch}`, status: () => status('public'), lines: () => [] }),
    };
    this.#unsubscribe = log.onEntry((entry) => {
      const told = this.#audiences.admin.line(entry);
      this.#send('admin', (choice) => told.text(choice));
    });
  }

  /** Pages open now. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Totals for the metrics. */
  get counters(): FeedClients<Page>['counters'] {
    return this.#clients.counters;
  }

  /** False when no more pages can be served. */
  get hasRoom(): boolean {
    if (this.#clients.size < MAX_CLIENTS) return true;
    this.counters.refused++;
    return false;
  }

  /** Tells a page all from now on; its head was sent. The response is the feed's until it closes. */
  open(response: ServerResponse, subscription: Subscription): void {
    const { audience: name, streams, lastEventId } = subscription;
    const audience = this.#audiences[name];
    if (!this.#clients.has(name)) this.#refresh(name);
    const missed = lastEventId === undefined ? undefined : audience.since(lastEventId.slice(0, 64), streams);
    if (missed !== undefined) this.counters.resumed++;
    const begin = Buffer.from(retryField(this.#options.random) + (missed ?? audience.snapshot(streams)));
    // What it was given at the start may wait as long as it is taken at all.
    const page = { ...subscription, key: streams ? [...streams].join('\n') : '' };
    this.#clients.open(response, page, begin, MAX_WAITING_BYTES + begin.length);
    this.#timer ??= this.#options.clock.every(TICK_MS, () => this.#tick());
  }

  /** Ends all pages' feeds; they try again by themselves. */
  close(): void {
    this.#unsubscribe();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#clients.close();
  }

  #tick(): void {
    this.#clients.look();
    if (this.#clients.size === 0) {
      // Nobody looks: nothing is made.
      this.#timer?.cancel();
      this.#timer = undefined;
      return;
    }
    for (const name of AUDIENCES) if (this.#clients.has(name)) this.#refresh(name);
    this.#clients.beat();
  }

  #refresh(name: AudienceName): void {
    const told = this.#audiences[name].refresh();
    if (told) this.#send(name, (choice) => told.text(choice));
  }

  /** Sends an event to an audience: one text for each choice of streams. */
  #send(name: AudienceName, textFor: (choice: StreamChoice) => string | undefined): void {
    const made = new Map<string, Buffer | undefined>();
    for (const client of this.#clients) {
      const { audience, streams, key, isAllowed } = client.subscription;
      if (audience !== name || !isAllowed()) continue;
      if (!made.has(key)) {
        const text = textFor(streams);
        made.set(key, text === undefined ? undefined : Buffer.from(text));
      }
      const bytes = made.get(key);
      if (bytes) this.#clients.write(client, bytes);
    }
  }
}
