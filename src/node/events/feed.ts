/**
 * The live feed (`/api/v1/events`): Server-Sent Events for any number of open pages, made once for all.
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../core/clock.ts';
import { Audience } from './audience.ts';
import type { EventLog } from './event-log.ts';
import type { ShownStatus, StreamChoice } from './feed-state.ts';

/** Who sees what: administrators all, others the public form. */
export type AudienceName = 'admin' | 'public';

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
export interface Subscription {
  readonly audience: AudienceName;
  readonly streams: StreamChoice;
  /** Of the `Last-Event-ID` header. */
  readonly lastEventId: string | undefined;
  /** False when the client may not see it any more: looked at before each event. */
  readonly isAllowed: () => boolean;
}

interface Client extends Subscription {
  readonly response: ServerResponse;
  readonly key: string;
  /** What it was given at the start may wait as long as it is taken at all. */
  readonly allowanceBytes: number;
  /** When the newest bytes were sent. */
  sentMs: number;
  /** Since when bytes have been waiting; undefined: none are. */
  waitingSinceMs: number | undefined;
}

const TICK_MS = 500;
const HEARTBEAT_MS = 15_000;
/** Bytes that may wait for a client, beside what it was given at the start. */
const MAX_WAITING_BYTES = 64 * 1024;
/** And for how long any may. */
const MAX_WAITING_MS = 30_000;
/** Pages open at once. */
export const MAX_CLIENTS = 2000;
const RETRY_MS = { min: 1000, max: 4000 };
const HEARTBEAT = Buffer.from(': still here\n\n');

/** Feeds all open pages. */
export class EventFeed {
  readonly #options: FeedOptions;
  readonly #audiences: Readonly<Record<AudienceName, Audience>>;
  readonly #clients = new Set<Client>();
  readonly #unsubscribe: () => void;
  #timer: Timer | undefined;
  /** Totals for the metrics. */
  readonly counters = { opened: 0, resumed: 0, cut: 0, refused: 0, events: 0, bytes: 0 };

  constructor(options: FeedOptions) {
    this.#options = options;
    const { log, status } = options;
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
    if (!this.#has(name)) this.#refresh(name);
    const missed = lastEventId === undefined ? undefined : audience.since(lastEventId.slice(0, 64), streams);
    const { min, max } = RETRY_MS;
    const retry = `retry: ${Math.round(min + (max - min) * this.#options.random())}\n\n`;
    const begin = Buffer.from(retry + (missed ?? audience.snapshot(streams)));
    const client: Client = {
      ...subscription,
      response,
      key: streams ? [...streams].join('\n') : '',
      allowanceBytes: begin.length,
      sentMs: this.#options.clock.nowMs(),
      waitingSinceMs: undefined,
    };
    this.counters.opened++;
    if (missed !== undefined) this.counters.resumed++;
    this.#clients.add(client);
    response.on('close', () => this.#clients.delete(client));
    response.on('error', () => this.#clients.delete(client));
    this.#write(client, begin);
    this.#timer ??= this.#options.clock.every(TICK_MS, () => this.#tick());
  }

  /** Ends all pages' feeds; they try again by themselves. */
  close(): void {
    this.#unsubscribe();
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const { response } of this.#clients) response.destroy();
    this.#clients.clear();
  }

  #has(audience: AudienceName): boolean {
    for (const client of this.#clients) if (client.audience === audience) return true;
    return false;
  }

  #tick(): void {
    for (const client of this.#clients) this.#look(client);
    if (this.#clients.size === 0) {
      // Nobody looks: nothing is made.
      this.#timer?.cancel();
      this.#timer = undefined;
      return;
    }
    for (const name of ['admin', 'public'] as const) if (this.#has(name)) this.#refresh(name);
    const nowMs = this.#options.clock.nowMs();
    for (const client of this.#clients) {
      if (nowMs - client.sentMs >= HEARTBEAT_MS) this.#write(client, HEARTBEAT);
    }
  }

  #refresh(name: AudienceName): void {
    const told = this.#audiences[name].refresh();
    if (told) this.#send(name, (choice) => told.text(choice));
  }

  /** Sends an event to an audience: one text for each choice of streams. */
  #send(name: AudienceName, textFor: (choice: StreamChoice) => string | undefined): void {
    const made = new Map<string, Buffer | undefined>();
    for (const client of this.#clients) {
      if (client.audience !== name || !client.isAllowed()) continue;
      if (!made.has(client.key)) {
        const text = textFor(client.streams);
        made.set(client.key, text === undefined ? undefined : Buffer.from(text));
      }
      const bytes = made.get(client.key);
      if (bytes) this.#write(client, bytes);
    }
  }

  #write(client: Client, bytes: Buffer): void {
    client.response.write(bytes);
    client.sentMs = this.#options.clock.nowMs();
    this.counters.events++;
    this.counters.bytes += bytes.length;
    if (client.response.writableLength > MAX_WAITING_BYTES + client.allowanceBytes) this.#cut(client);
  }

  /** Ends the feed of who may not see it any more, or does not read. */
  #look(client: Client): void {
    if (!client.isAllowed()) {
      this.#clients.delete(client);
      client.response.end();
      return;
    }
    const nowMs = this.#options.clock.nowMs();
    if (client.response.writableLength === 0) client.waitingSinceMs = undefined;
    else client.waitingSinceMs ??= nowMs;
    if (client.waitingSinceMs !== undefined && nowMs - client.waitingSinceMs >= MAX_WAITING_MS) this.#cut(client);
  }

  #cut(client: Client): void {
    if (!this.#clients.delete(client)) return;
    this.counters.cut++;
    client.response.destroy();
  }
}
