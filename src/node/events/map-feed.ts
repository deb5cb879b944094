/**
 * A live feed of one JSON map: a snapshot, then merge patches, made once for all who may see the same, and only while
 * somebody looks.
 * @module
 */
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../core/clock.ts';
import type { AudienceName } from './feed.ts';
import { type Json, patchOf } from './merge-patch.ts';

/** The least time between two patches. */
const TICK_MS = 500;
/** After a large patch it takes longer: a page is told so much a second on average. */
const BYTES_PER_SECOND = 64 * 1024;
const HEARTBEAT_MS = 15_000;
/** Bytes that may wait for a client, beside twice its snapshot. */
const MAX_WAITING_BYTES = 64 * 1024;
/** And for how long any may. */
const MAX_WAITING_MS = 30_000;
/** Clients at once. */
export const MAX_MAP_CLIENTS = 500;
const RETRY_MS = { min: 1000, max: 4000 };
const HEARTBEAT = Buffer.from(': still here\n\n');

type JsonMap = { readonly [key: string]: Json };

/** What a feed is made of. */
export interface MapFeedOptions {
  readonly clock: Clock;
  /** 0 to 1; spreads reconnects. */
  readonly random: () => number;
  /** The map for that audience, without nulls. */
  readonly view: (audience: AudienceName) => object;
}

/** A page that wants to be told. */
export interface MapSubscription {
  readonly audience: AudienceName;
  /** False when the client may not see it any more: looked at before each event. */
  readonly isAllowed: () => boolean;
}

interface Client extends MapSubscription {
  readonly response: ServerResponse;
  readonly mayWaitBytes: number;
  /** When the newest bytes were sent. */
  sentMs: number;
  /** Since when bytes have been waiting; undefined: none are. */
  waitingSinceMs: number | undefined;
}

/** What one audience was told last. */
interface Told {
  readonly map: JsonMap;
  readonly sequence: number;
  /** No patch before. */
  readonly nextMs: number;
  snapshot: Buffer | undefined;
}

/** Feeds all open pages that look at one thing. */
export class MapFeed {
  readonly #options: MapFeedOptions;
  readonly #clients = new Set<Client>();
  readonly #told = new Map<AudienceName, Told>();
  #timer: Timer | undefined;

  constructor(options: MapFeedOptions) {
    this.#options = options;
  }

  /** Pages open now. */
  get clients(): number {
    return this.#clients.size;
  }

  /** False when no more can be served. */
  get hasRoom(): boolean {
    return this.#clients.size < MAX_MAP_CLIENTS;
  }

  /** Tells a page all from now on; its head was sent. The response is the feed's until it closes. */
  open(response: ServerResponse, subscription: MapSubscription): void {
    const { audience } = subscription;
    if (!this.#hasAudience(audience)) this.#told.delete(audience);
    const told = this.#told.get(audience) ?? this.#begin(audience);
    told.snapshot ??= eventOf('snapshot', told.sequence, told.map);
    const { min, max } = RETRY_MS;
    const retry = Buffer.from(`retry: ${Math.round(min + (max - min) * this.#options.random())}\n\n`);
    const client: Client = {
      ...subscription,
      response,
      mayWaitBytes: MAX_WAITING_BYTES + 2 * told.snapshot.length,
      sentMs: this.#options.clock.nowMs(),
      waitingSinceMs: undefined,
    };
    this.#clients.add(client);
    response.on('close', () => this.#clients.delete(client));
    response.on('error', () => this.#clients.delete(client));
    this.#write(client, Buffer.concat([retry, told.snapshot]));
    this.#timer ??= this.#options.clock.every(TICK_MS, () => this.#tick());
  }

  /** Ends the feeds of all pages; they try again by themselves. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const { response } of this.#clients) response.destroy();
    this.#clients.clear();
  }

  #begin(audience: AudienceName): Told {
    const map = this.#options.view(audience) as JsonMap;
    const told = { map, sequence: 0, nextMs: this.#options.clock.nowMs() + TICK_MS, snapshot: undefined };
    this.#told.set(audience, told);
    return told;
  }

  #hasAudience(audience: AudienceName): boolean {
    for (const client of this.#clients) if (client.audience === audience) return true;
    return false;
  }

  #tick(): void {
    for (const client of this.#clients) this.#look(client);
    if (this.#clients.size === 0) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#told.clear();
      return;
    }
    for (const audience of ['admin', 'public'] as const) if (this.#hasAudience(audience)) this.#refresh(audience);
    const nowMs = this.#options.clock.nowMs();
    for (const client of this.#clients) if (nowMs - client.sentMs >= HEARTBEAT_MS) this.#write(client, HEARTBEAT);
  }

  #refresh(audience: AudienceName): void {
    const nowMs = this.#options.clock.nowMs();
    const before = this.#told.get(audience);
    if (!before || before.nextMs > nowMs) return;
    const map = this.#options.view(audience) as JsonMap;
    const patch = patchOf(before.map, map);
    if (!patch) return;
    const sequence = before.sequence + 1;
    const bytes = eventOf('delta', sequence, patch);
    const waitMs = Math.max(TICK_MS, (bytes.length / BYTES_PER_SECOND) * 1000);
    this.#told.set(audience, { map, sequence, nextMs: nowMs + waitMs, snapshot: undefined });
    for (const client of this.#clients) {
      if (client.audience === audience && client.isAllowed()) this.#write(client, bytes);
    }
  }

  #write(client: Client, bytes: Buffer): void {
    client.response.write(bytes);
    client.sentMs = this.#options.clock.nowMs();
    if (client.response.writableLength > client.mayWaitBytes) this.#cut(client);
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
    this.#clients.delete(client);
    client.response.destroy();
  }
}

/** An event of a stream of events (HTML, section 9.2.5). JSON has no line break. */
function eventOf(name: string, id: number, value: object): Buffer {
  return Buffer.from(`event: ${name}\nid: ${id}\ndata: ${JSON.stringify(value)}\n\n`);
}
