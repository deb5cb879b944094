/**
 * The live feed: the node's status as it changes, by Server-Sent Events where the node offers them, else asked for.
 * @module
 */
import { computed, signal } from '@preact/signals';
import { ApiError, getJson } from './api.ts';
import { mergePatch } from './merge-patch.ts';
import { href } from './routing.ts';
import type { LogEntry, Me, NodeStatus, StreamStatus } from './types.ts';

/** The document of a demo says so. */
const IS_DEMO = document.documentElement.dataset.demo === 'true';
const POLL_MS = 1000;
/** The feed sends something at least so often; longer silence means that the node is gone. */
const SILENCE_MS = 20_000;
const RETRY_FEED_MS = 5000;
/** A page left open keeps no more of the log. */
const MAX_LOG = 500;

/** The newest status; undefined until the first. */
export const status = signal<NodeStatus | undefined>(undefined);
/** Newest last. */
export const log = signal<readonly LogEntry[]>([]);
/** When the node stopped answering, by the browser's clock; undefined while it answers. */
export const lostSinceMs = signal<number | undefined>(undefined);
/** The node does not show its status to this reader. */
export const refused = signal(false);
/** Who asks. Nodes without sign-in show everything that they show. */
export const me = signal<Me>({ role: 'listener', canSignIn: false, publicView: 'full', demo: IS_DEMO });
/** UTC by the node's clock, each second: the browser's may be wrong. */
export const nowMs = signal(Date.now());

/** The streams by their order. */
export const streams = computed<readonly StreamStatus[]>(() => status.value?.streams ?? []);

/** The stream of a name. */
export function findStream(name: string): StreamStatus | undefined {
  return streams.value.find((stream) => stream.name === name);
}

let offsetMs = 0;
let lastUptime = -1;

function took(next: NodeStatus): void {
  const { startedAt, uptimeSeconds } = next.node;
  if (uptimeSeconds !== lastUptime) {
    lastUptime = uptimeSeconds;
    offsetMs = Date.parse(startedAt) + uptimeSeconds * 1000 - Date.now();
  }
  status.value = next;
  lostSinceMs.value = undefined;
  refused.value = false;
}

function failed(error?: unknown): void {
  if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
    refused.value = true;
    lostSinceMs.value = undefined;
    return;
  }
  lostSinceMs.value ??= Date.now();
}

/** What the feed holds: streams and links by name, so that a patch can name one. */
type FeedStatus = Omit<NodeStatus, 'streams'> & { streams: readonly StreamStatus[] | Record<string, StreamStatus> };

function statusOf(feed: FeedStatus): NodeStatus {
  const { streams: given } = feed;
  return Array.isArray(given)
    ? (feed as NodeStatus)
    : { ...feed, streams: Object.entries(given).map(([name, stream]) => ({ ...stream, name: stream.name ?? name })) };
}

function addLog(entries: readonly LogEntry[]): void {
  const known = new Set(log.value.map(({ id }) => id));
  const fresh = entries.filter(({ id }) => !known.has(id));
  if (fresh.length > 0) log.value = [...log.value, ...fresh].slice(-MAX_LOG);
}

class Feed {
  #source: EventSource | undefined;
  #held: FeedStatus | undefined;
  #lastMs = 0;
  #pollTimer: number | undefined;
  #retryTimer: number | undefined;

  start(): void {
    document.addEventListener('visibilitychange', () => this.#visibility());
    addEventListener('pagehide', () => this.#close());
    addEventListener('pageshow', (event) => event.persisted && this.#visibility());
    addEventListener('online', () => this.restart());
    setInterval(() => this.#tick(), 1000);
    this.#poll();
    this.#open();
  }

  /** Asks anew, e.g. after signing in. */
  restart(): void {
    this.#close();
    log.value = [];
    this.#poll();
    this.#open();
  }

  #visibility(): void {
    // A page that nobody sees asks nothing.
    if (document.visibilityState === 'hidden') this.#close();
    else if (!this.#source) this.restart();
  }

  #tick(): void {
    nowMs.value = Date.now() + offsetMs;
    const isSilent = this.#held && Date.now() - this.#lastMs > SILENCE_MS;
    if (isSilent) {
      failed();
      this.#reopenSoon();
    }
  }

  #open(): void {
    clearTimeout(this.#retryTimer);
    const source = new EventSource(href('api/v1/events'));
    this.#source = source;
    source.addEventListener('snapshot', (event) => {
      const snapshot = JSON.parse((event as MessageEvent<string>).data) as { status: FeedStatus; log?: LogEntry[] };
      this.#keep(snapshot.status);
      addLog(snapshot.log ?? []);
    });
    source.addEventListener('delta', (event) => {
      if (!this.#held) return;
      this.#keep(mergePatch(this.#held, JSON.parse((event as MessageEvent<string>).data)) as FeedStatus);
    });
    source.addEventListener('log', (event) => addLog([JSON.parse((event as MessageEvent<string>).data) as LogEntry]));
    source.onerror = () => {
      if (this.#held) failed();
      // A refusal ends the source for good; a lost connection is tried again by the browser.
      if (source.readyState === EventSource.CLOSED) this.#reopenSoon();
      this.#held = undefined;
      this.#poll();
    };
  }

  #keep(next: FeedStatus): void {
    this.#held = next;
    this.#lastMs = Date.now();
    clearTimeout(this.#pollTimer);
    this.#pollTimer = undefined;
    took(statusOf(next));
  }

  #reopenSoon(): void {
    this.#source?.close();
    this.#held = undefined;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = window.setTimeout(() => this.#open(), RETRY_FEED_MS * (0.75 + Math.random() / 2));
    this.#poll();
  }

  #close(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#held = undefined;
    clearTimeout(this.#pollTimer);
    clearTimeout(this.#retryTimer);
    this.#pollTimer = undefined;
  }

  /** Asks for the status until the feed gives it. */
  #poll(): void {
    if (this.#pollTimer !== undefined) return;
    const again = async () => {
      try {
        const next = await getJson<NodeStatus>('api/v1/status');
        if (this.#pollTimer !== undefined && !this.#held) took(next);
      } catch (error) {
        if (!this.#held) failed(error);
      }
      if (this.#pollTimer !== undefined && !this.#held) this.#pollTimer = window.setTimeout(again, POLL_MS);
    };
    this.#pollTimer = window.setTimeout(again, 0);
  }
}

const feed = new Feed();

/** Learns who asks. */
export async function askWhoAmI(): Promise<void> {
  try {
    const answer = await getJson<Me>('api/v1/me');
    me.value = { ...answer, demo: answer.demo || IS_DEMO };
  } catch (error) {
    if (!(error instanceof ApiError)) return;
    me.value = { role: 'listener', canSignIn: false, publicView: 'full', demo: IS_DEMO };
  }
}

/** Begins to follow the node. */
export function startFeed(): void {
  feed.start();
  void askWhoAmI();
}

/** Follows the node anew with other rights. */
export function restartFeed(): void {
  feed.restart();
  void askWhoAmI();
}
