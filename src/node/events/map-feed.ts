/**
 * A live feed of one JSON map: a snapshot, then merge patches, made once for all who may see the same, and only while
 * somebody looks.
 * @module
 */
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../core/clock.ts';
import {
  AUDIENCES,
  type AudienceName,
  FeedClients,
  type FeedSubscription,
  MAX_WAITING_BYTES,
  retryField,
} from './feed-clients.ts';
import { type Json, patchOf } from './merge-patch.ts';

/** The least time between two patches. */
const TICK_MS = 500;
/** After a large patch it takes longer: a page is told so much a second on average. */
const BYTES_PER_SECOND = 64 * 1024;
/** Clients at once. */
export const MAX_MAP_CLIENTS = 500;

type JsonMap = { readonly [key: string]: Json };

/** What a feed is made of. */
export interface MapFeedOptions {
  readonly clock: Clock;
  /** 0 to 1; spreads reconnects. */
  readonly random: () => number;
  /** The map for that audience, without nulls. */
  readonly view: (audience: AudienceName) => object;
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
  readonly #clients: FeedClients<FeedSubscription>;
  readonly #told = new Map<AudienceName, Told>();
  #timer: Timer | undefined;

  constructor(options: MapFeedOptions) {
    this.#options = options;
    this.#clients = new FeedClients(options.clock);
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
  open(response: ServerResponse, subscription: FeedSubscription): void {
    const { audience } = subscription;
    if (!this.#clients.has(audience)) this.#told.delete(audience);
    const told = this.#told.get(audience) ?? this.#begin(audience);
    told.snapshot ??= eventOf('snapshot', told.sequence, told.map);
    const begin = Buffer.concat([Buffer.from(retryField(this.#options.random)), told.snapshot]);
    this.#clients.open(response, subscription, begin, MAX_WAITING_BYTES + 2 * told.snapshot.length);
    this.#timer ??= this.#options.clock.every(TICK_MS, () => this.#tick());
  }

  /** Ends the feeds of all pages; they try again by themselves. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#clients.close();
  }

  #begin(audience: AudienceName): Told {
    const map = this.#options.view(audience) as JsonMap;
    const told = { map, sequence: 0, nextMs: this.#options.clock.nowMs() + TICK_MS, snapshot: undefined };
    this.#told.set(audience, told);
    return told;
  }

  #tick(): void {
    this.#clients.look();
    if (this.#clients.size === 0) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#told.clear();
      return;
    }
    for (const audience of AUDIENCES) if (this.#clients.has(audience)) this.#refresh(audience);
    this.#clients.beat();
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
      const { audience: looks, isAllowed } = client.subscription;
      if (looks === audience && isAllowed()) this.#clients.write(client, bytes);
    }
  }
}

/** An event of a stream of events (HTML, section 9.2.5). JSON has no line break. */
function eventOf(name: string, id: number, value: object): Buffer {
  return Buffer.from(`event: ${name}\nid: ${id}\ndata: ${JSON.stringify(value)}\n\n`);
}
