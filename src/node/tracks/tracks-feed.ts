/**
 * The live feed of the tracks (`/api/v1/tracks/events`): Server-Sent Events for any number of open pages, made once
 * for all. While no page is open nothing is measured.
 * @module
 */
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../core/clock.ts';
import { LEVELS_PER_SECOND } from '../../tracks/view/level-queue.ts';
import type { TracksSnapshot } from '../../tracks/view/schema.ts';
import type { AudienceName } from '../events/feed.ts';
import { type Json, patchOf } from '../events/merge-patch.ts';
import type { TracksDesk } from './tracks-desk.ts';

type JsonMap = { readonly [key: string]: Json };

/** A page that wants to be told. */
export interface TracksSubscription {
  readonly audience: AudienceName;
  /** False when the client may not see it any more: looked at twice a second. */
  readonly isAllowed: () => boolean;
}

interface Client extends TracksSubscription {
  readonly response: ServerResponse;
  /** It did not get all that changed: it gets everything anew. */
  isBehind: boolean;
  sentMs: number;
  waitingSinceMs: number | undefined;
}

const TICK_MS = 1000 / LEVELS_PER_SECOND;
/** Changes are told twice a second. */
const TICKS_PER_DELTA = 10;
const HEARTBEAT_MS = 15_000;
/** Levels are left out for a page with more than this to read. */
const MAX_WAITING_FOR_LEVELS = 16 * 1024;
/** And changes from here on; then it gets everything anew once it has read what there is. */
const MAX_WAITING_BYTES = 256 * 1024;
const MAX_WAITING_MS = 30_000;
const MAX_CLIENTS = 200;
const AUDIENCES = ['admin', 'public'] as const;

/** Feeds all open pages of tracks. */
export class TracksFeed {
  readonly #clock: Clock;
  readonly #desk: TracksDesk;
  readonly #clients = new Set<Client>();
  /** What the clients of an audience know. */
  readonly #known = new Map<AudienceName, JsonMap>();
  #timer: Timer | undefined;
  #ticks = 0;

  constructor(desk: TracksDesk, clock: Clock) {
    this.#desk = desk;
    this.#clock = clock;
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
  open(response: ServerResponse, subscription: TracksSubscription): void {
    const { audience } = subscription;
    const nowMs = this.#clock.nowMs();
    const client: Client = { ...subscription, response, isBehind: false, sentMs: nowMs, waitingSinceMs: undefined };
    // Those who are there already learn the same.
    this.#refresh(audience);
    this.#clients.add(client);
    response.on('close', () => this.#clients.delete(client));
    response.on('error', () => this.#clients.delete(client));
    this.#write(client, `retry: 2000\n\n${this.#snapshotText(audience)}`);
    if (this.#timer) return;
    this.#desk.watch(true);
    this.#timer = this.#clock.every(TICK_MS, () => this.#tick());
  }

  /** Ends all pages' feeds; they try again by themselves. */
  close(): void {
    for (const { response } of this.#clients) response.destroy();
    this.#clients.clear();
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
      for (const client of this.#clients) this.#look(client);
      for (const audience of AUDIENCES) this.#refresh(audience);
    }
    const levels = this.#desk.levels();
    if (Object.keys(levels).length === 0) return;
    const text = `event: meters\ndata: ${JSON.stringify(levels)}\n\n`;
    for (const client of this.#clients) {
      if (client.response.writableLength <= MAX_WAITING_FOR_LEVELS) this.#write(client, text);
    }
  }

  #refresh(audience: AudienceName): void {
    const clients = [...this.#clients].filter((client) => client.audience === audience);
    if (clients.length === 0) {
      this.#known.delete(audience);
      return;
    }
    const before = this.#known.get(audience) ?? {};
    const now = this.#desk.snapshot(audience) as unknown as JsonMap;
    const patch = patchOf(before, now);
    if (!patch) return;
    this.#known.set(audience, now);
    const text = `event: delta\ndata: ${JSON.stringify(patch)}\n\n`;
    for (const client of clients) {
      if (client.response.writableLength > MAX_WAITING_BYTES) client.isBehind = true;
      if (!client.isBehind) this.#write(client, text);
    }
  }

  #snapshotText(audience: AudienceName): string {
    let known = this.#known.get(audience);
    if (!known) {
      known = this.#desk.snapshot(audience) as unknown as JsonMap;
      this.#known.set(audience, known);
    }
    return `event: snapshot\ndata: ${JSON.stringify(known)}\n\n`;
  }

  #write(client: Client, text: string): void {
    client.response.write(text);
    client.sentMs = this.#clock.nowMs();
  }

  /** Ends the feed of who may not see it any more, or does not read. */
  #look(client: Client): void {
    const { response } = client;
    const nowMs = this.#clock.nowMs();
    if (!client.isAllowed()) {
      this.#clients.delete(client);
      response.end();
      return;
    }
    if (response.writableLength === 0) {
      client.waitingSinceMs = undefined;
      if (client.isBehind) {
        client.isBehind = false;
        this.#write(client, this.#snapshotText(client.audience));
      }
    } else client.waitingSinceMs ??= nowMs;
    if (client.waitingSinceMs !== undefined && nowMs - client.waitingSinceMs >= MAX_WAITING_MS) {
      this.#clients.delete(client);
      response.destroy();
    } else if (nowMs - client.sentMs >= HEARTBEAT_MS) this.#write(client, ': still here\n\n');
  }
}
