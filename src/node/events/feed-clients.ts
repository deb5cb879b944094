/**
 * The open pages of a live feed of Server-Sent Events (HTML, section 9.2): who may still see it, who does not read,
 * and the comment that keeps a quiet connection open.
 * @module
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';

/** Who sees what: administrators all, others the public form. */
export type AudienceName = 'admin' | 'public';

/** The audiences of a feed. */
export const AUDIENCES: readonly AudienceName[] = ['admin', 'public'];

/** A page that wants to be told. */
export interface FeedSubscription {
  readonly audience: AudienceName;
  /** False when the client may not see it any more: looked at with each tick of the feed. */
  readonly isAllowed: () => boolean;
}

/** A page that is told. */
export interface FeedClient<Subscription extends FeedSubscription> {
  readonly subscription: Subscription;
  readonly response: ServerResponse;
  /** With more bytes waiting it is cut off. */
  readonly mayWaitBytes: number;
  /** When the newest bytes were sent. */
  sentMs: number;
  /** Since when bytes have been waiting; undefined: none are. */
  waitingSinceMs: number | undefined;
}

/** What may wait for a page, beside what it was given at the start. */
export const MAX_WAITING_BYTES = 64 * 1024;
const MAX_WAITING_MS = 30_000;
const HEARTBEAT_MS = 15_000;
const HEARTBEAT = Buffer.from(': still here\n\n');
const RETRY_MS = { min: 1000, max: 4000 };

/** When a page that lost its feed tries again; `random`, 0 to 1, spreads them. */
export function retryField(random: () => number): string {
  return `retry: ${Math.round(RETRY_MS.min + (RETRY_MS.max - RETRY_MS.min) * random())}\n\n`;
}

/** The pages of one feed. It has no timer: the feed calls `look` and `beat`. */
export class FeedClients<Subscription extends FeedSubscription> {
  readonly #clock: Clock;
  readonly #clients = new Set<FeedClient<Subscription>>();
  /** Totals for the metrics; `resumed` and `refused` are counted by the feed. */
  readonly counters = { opened: 0, resumed: 0, cut: 0, refused: 0, events: 0, bytes: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Pages open now. */
  get size(): number {
    return this.#clients.size;
  }

  [Symbol.iterator](): Iterator<FeedClient<Subscription>> {
    return this.#clients.values();
  }

  /** True while somebody of the audience looks. */
  has(audience: AudienceName): boolean {
    for (const { subscription } of this.#clients) if (subscription.audience === audience) return true;
    return false;
  }

  /** Tells a page `begin`, and all that is written from now on. Its head was sent; the response is the feed's until it closes. */
  open(response: ServerResponse, subscription: Subscription, begin: Buffer, mayWaitBytes: number): void {
    const sentMs = this.#clock.nowMs();
    const client = { subscription, response, mayWaitBytes, sentMs, waitingSinceMs: undefined };
    this.counters.opened++;
    this.#clients.add(client);
    response.on('close', () => this.#clients.delete(client));
    response.on('error', () => this.#clients.delete(client));
    this.write(client, begin);
  }

  /** Sends an event; who has too much to read is cut off. */
  write(client: FeedClient<Subscription>, bytes: Buffer): void {
    client.response.write(bytes);
    client.sentMs = this.#clock.nowMs();
    this.counters.events++;
    this.counters.bytes += bytes.length;
    if (client.response.writableLength > client.mayWaitBytes) this.#cut(client);
  }

  /** Ends the feed of who may not see it any more, or has not read for 30 s. */
  look(): void {
    const nowMs = this.#clock.nowMs();
    for (const client of this.#clients) {
      if (!client.subscription.isAllowed()) {
        this.#clients.delete(client);
        client.response.end();
        continue;
      }
      if (client.response.writableLength === 0) client.waitingSinceMs = undefined;
      else client.waitingSinceMs ??= nowMs;
      if (client.waitingSinceMs !== undefined && nowMs - client.waitingSinceMs >= MAX_WAITING_MS) this.#cut(client);
    }
  }

  /** Sends a comment to whom nothing was sent for 15 s. */
  beat(): void {
    const nowMs = this.#clock.nowMs();
    for (const client of this.#clients) if (nowMs - client.sentMs >= HEARTBEAT_MS) this.write(client, HEARTBEAT);
  }

  /** Ends all; the pages try again by themselves. */
  close(): void {
    for (const { response } of this.#clients) response.destroy();
    this.#clients.clear();
  }

  #cut(client: FeedClient<Subscription>): void {
    if (!this.#clients.delete(client)) return;
    this.counters.cut++;
    client.response.destroy();
  }
}
