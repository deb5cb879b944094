/**
 * The live feed of the tracks (`/api/v1/tracks/events`): Server-Sent Events for any number of open pages, made once
 * for all. While no page is open nothing is measured.
 * @module
 */
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../core/clock.ts';
import { LEVELS_PER_SECOND } from '../../tracks/view/level-queue.ts';
import type { TracksSnapshot } from '../../tracks/view/schema.ts';
import {
  AUDIENCES,
  type AudienceName,
  type FeedClient,
  FeedClients,
  type FeedSubscription,
  retryField,
} from '../events/feed-clients.ts';
import { type Json, patchOf } from '../events/merge-patch.ts';
import type { TracksDesk } from './tracks-desk.ts';

type JsonMap = { readonly [key: string]: Json };

const TICK_MS = 1000 / LEVELS_PER_SECOND;
/** Changes are told twice a second. */
const TICKS_PER_DELTA = 10;
/** Levels are left out for a page with more than this to read. */
const MAX_WAITING_FOR_LEVELS = 16 * 1024;
/** And changes from here on; then it gets everything anew once it has read what there is. */
const MAX_WAITING_FOR_CHANGES = 256 * 1024;
const MAX_CLIENTS = 200;

/** Feeds all open pages of tracks. */
export class TracksFeed {
  readonly #clock: Clock;
  readonly #desk: TracksDesk;
  readonly #random: () => number;
  readonly #clients: FeedClients<FeedSubscription>;
  /** Who did not get all that changed. */
  readonly #behind = new WeakSet<FeedClient<FeedSubscription>>();
  /** What the clients of an audience know. */
  readonly #known = new Map<AudienceName, JsonMap>();
  #timer: Timer | undefined;
  #ticks = 0;

  /** @param random 0 to 1; spreads reconnects */
  constructor(desk: TracksDesk, clock: Clock, random: () => number) {
    this.#desk = desk;
    this.#clock = clock;
    this.#random = random;
    this.#clients = new FeedClients(clock);
  }

  /** False when no more pages can be served. */
  get hasRoom(): boolean {
    return this.#clients.size < MAX_CLIENTS;
  }

  /** Pages open now. */
  get clients(): number {
    return this.#clients.size;
  }

  /** All tracks as that audience may see them. */
  snapshot(audience: AudienceName): TracksSnapshot {
    return this.#desk.snapshot(audience);
  }

  /** Tells a page all from now on; its head was sent. The response is the feed's until it closes. */
  open(response: ServerResponse, subscription: FeedSubscription): void {
    const { audience } = subscription;
    // Those who are there already learn the same.
    this.#refresh(audience);
    const begin = Buffer.concat([Buffer.from(retryField(this.#random)), this.#snapshotBytes(audience)]);
    this.#clients.open(response, subscription, begin, Number.POSITIVE_INFINITY);
    if (this.#timer) return;
    this.#desk.watch(true);
    this.#timer = this.#clock.every(TICK_MS, () => this.#tick());
  }

  /** Ends all pages' feeds; they try again by themselves. */
  close(): void {
    this.#clients.close();
    this.#rest();
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#known.clear();
    this.#desk.watch(false);
  }

  #tick(): void {
    if (this.#clients.size === 0) return this.#rest();
    if (++this.#ticks % TICKS_PER_DELTA === 0) {
      this.#desk.watch(true);
      this.#clients.look();
      for (const client of this.#clients) this.#catchUp(client);
      for (const audience of AUDIENCES) this.#refresh(audience);
      this.#clients.beat();
    }
    const levels = this.#desk.levels();
    if (Object.keys(levels).length === 0) return;
    const bytes = eventOf('meters', levels);
    for (const client of this.#clients) {
      if (client.response.writableLength <= MAX_WAITING_FOR_LEVELS) this.#clients.write(client, bytes);
    }
  }

  #refresh(audience: AudienceName): void {
    if (!this.#clients.has(audience)) {
      this.#known.delete(audience);
      return;
    }
    const now = this.#desk.snapshot(audience) as unknown as JsonMap;
    const patch = patchOf(this.#known.get(audience) ?? {}, now);
    if (!patch) return;
    this.#known.set(audience, now);
    const bytes = eventOf('delta', patch);
    for (const client of this.#clients) {
      if (client.subscription.audience !== audience) continue;
      if (client.response.writableLength > MAX_WAITING_FOR_CHANGES) this.#behind.add(client);
      if (!this.#behind.has(client)) this.#clients.write(client, bytes);
    }
  }

  /** Gives everything anew to who has read what there was. */
  #catchUp(client: FeedClient<FeedSubscription>): void {
    if (client.response.writableLength > 0 || !this.#behind.delete(client)) return;
    this.#clients.write(client, this.#snapshotBytes(client.subscription.audience));
  }

  #snapshotBytes(audience: AudienceName): Buffer {
    let known = this.#known.get(audience);
    if (!known) {
      known = this.#desk.snapshot(audience) as unknown as JsonMap;
      this.#known.set(audience, known);
    }
    return eventOf('snapshot', known);
  }
}

function eventOf(name: string, value: object): Buffer {
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
}
