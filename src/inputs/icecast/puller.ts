import { DistreamError } from '../../core/errors.ts';
import type { TrackMetadata } from '../../core/fragment.ts';
import type { InputContext, InputReport } from '../../modules/input.ts';
import type { SessionWriter } from '../../modules/session.ts';
import type { PlaylistEntry } from '../../protocols/playlist/playlist.ts';
import type { Answer } from './answer.ts';
import { readAnswer, type StreamAnswer } from './connection.ts';
import { streamRequest } from './request.ts';
import { type Credentials, isSameServer, resolveStreamUrl, type StreamUrl, withTarget } from './stream-url.ts';

const MAX_REDIRECTS = 5;
const MAX_PLAYLIST_DEPTH = 3;
/** Connections of one attempt, over all redirects and playlist entries. */
const MAX_CONNECTIONS = 20;

/** What the puller needs of the input's context. */
export type PullContext = Pick<InputContext<unknown>, 'signal' | 'clock' | 'log' | 'network' | 'openSession'>;

/** What the puller needs of the input's options. */
export interface PullOptions {
  /** The same feed, tried in turn; at least one. */
  readonly origins: readonly StreamUrl[];
  /** For the origins that have none in their address. */
  readonly credentials: Credentials | undefined;
  readonly metadata: boolean;
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** Kept from one attempt to the next. */
export interface PullMemory {
  /** Index of the origin to try first. */
  next: number;
  /** Streams begun so far. */
  sessions: number;
  /** Connections and redirects so far, for the status. */
  connections: number;
  redirects: number;
}

/** A place on the way from an origin to its stream. */
interface Hop {
  readonly url: StreamUrl;
  readonly origin: StreamUrl;
  readonly redirects: number;
  readonly playlists: number;
  /** The page at `/` was seen. */
  readonly besidePage?: boolean;
}

/** One attempt to pull: finds the stream behind an address and reads it until it breaks. */
export class Puller {
  readonly #context: PullContext;
  readonly #options: PullOptions;
  readonly #memory: PullMemory;
  /** Hosts that the operator named, and the addresses they were reached at: a peer may lead there again. */
  readonly #knownHosts = new Set<string>();
  #connections = 0;
  #session: SessionWriter | undefined;
  #begun = false;
  #source: string | undefined;

  constructor(context: PullContext, options: PullOptions, memory: PullMemory) {
    this.#context = context;
    this.#options = options;
    this.#memory = memory;
    for (const { host } of options.origins) this.#knownHosts.add(host);
  }

  /**
   * Tries the origins in turn until one gives a stream, and reads it. Always rejects: with the stream's end, or with
   * the last origin's error.
   */
  async pull(): Promise<never> {
    const { origins } = this.#options;
    const first = this.#memory.next;
    let failure: unknown;
    for (let turn = 0; turn < origins.length; turn++) {
      const index = (first + turn) % origins.length;
      const origin = origins[index]!;
      this.#connections = 0;
      try {
        return await this.#follow({ url: origin, origin, redirects: 0, playlists: 0 });
      } catch (error) {
        this.#throwIfOver(error, () => {
          this.#memory.next = (index + 1) % origins.length;
        });
        failure = error;
        if (turn + 1 < origins.length) this.#context.log.debug(`${origin.display} gives no stream; trying the next`);
      }
    }
    throw failure;
  }

  report(): InputReport {
    const { connections, redirects } = this.#memory;
    return { counters: { connections, redirects }, detail: this.#source ? { url: this.#source } : {} };
  }

  /** Another place is tried only while no stream has begun. */
  #throwIfOver(error: unknown, afterStream: () => void = () => {}): void {
    this.#context.signal.throwIfAborted();
    if (!this.#begun) return;
    afterStream();
    throw error;
  }

  async #follow(hop: Hop): Promise<never> {
    const answer = await this.#ask(hop);
    const { display } = hop.url;
    switch (answer.kind) {
      case 'redirect':
        return this.#follow(this.#redirected(hop, answer.location));
      case 'playlist':
        if (answer.playlist.format === 'hls') throw notAStream(display, 'it is HLS, which is not supported');
        return this.#followEntries(hop, answer.playlist.entries);
      case 'page':
        if (hop.besidePage || hop.url.target !== '/') throw notAStream(display, 'it sends a page (text/html)');
        return this.#follow({ ...hop, url: withTarget(hop.url, '/;'), besidePage: true });
      case 'refused':
        throw new DistreamError('REFUSED', { url: display, reason: answer.reason });
      case 'no-stream':
        throw notAStream(display, answer.reason);
    }
  }

  #redirected(hop: Hop, location: string): Hop {
    if (hop.redirects >= MAX_REDIRECTS) {
      throw new DistreamError('TOO_MANY_REDIRECTS', { url: hop.origin.display, limit: MAX_REDIRECTS });
    }
    const url = resolveStreamUrl(location, hop.url);
    if (!url) throw notAStream(hop.url.display, 'it redirects to what is no http or https address');
    this.#memory.redirects++;
    this.#context.log.debug(`${hop.url.display} redirects to ${url.display}`);
    return { ...hop, url, redirects: hop.redirects + 1 };
  }

  async #followEntries(hop: Hop, entries: readonly PlaylistEntry[]): Promise<never> {
    const { display } = hop.url;
    if (hop.playlists >= MAX_PLAYLIST_DEPTH) throw notAStream(display, 'playlists lead to playlists without end');
    let failure: unknown = notAStream(display, 'it is a playlist without an http or https address');
    for (const entry of entries) {
      const url = resolveStreamUrl(entry.url, hop.url);
      if (!url) continue;
      try {
        return await this.#follow({ ...hop, url, playlists: hop.playlists + 1 });
      } catch (error) {
        this.#throwIfOver(error);
        failure = error;
        if (this.#connections >= MAX_CONNECTIONS) break;
      }
    }
    throw failure;
  }

  async #ask(hop: Hop): Promise<Exclude<Answer, StreamAnswer>> {
    const { signal, clock, network } = this.#context;
    const { metadata, timeoutMs, userAgent } = this.#options;
    const { url } = hop;
    if (++this.#connections > MAX_CONNECTIONS) throw notAStream(hop.origin.display, 'it leads to too many places');
    this.#memory.connections++;
    const trusted = this.#knownHosts.has(url.host);
    const target = { host: url.host, port: url.port, tls: url.tls, displayUrl: url.display };
    const socket = await network.dial({ ...target, timeoutMs, signal, trusted });
    if (trusted && socket.remoteAddress) this.#knownHosts.add(socket.remoteAddress);
    const request = streamRequest(url, { metadata, userAgent, credentials: this.#credentialsFor(hop) });
    try {
      return await readAnswer({
        socket,
        request,
        path: url.path,
        metadata,
        timeoutMs,
        clock,
        signal,
        displayUrl: url.display,
        onStream: {
          begin: (answer) => this.#begin(url, answer),
          audio: (data) => this.#session?.write(data),
          metadata: (title: TrackMetadata) => this.#session?.setMetadata(title),
        },
      });
    } finally {
      this.#session?.end();
      this.#session = undefined;
    }
  }

  #credentialsFor({ url, origin }: Hop): Credentials | undefined {
    if (url.credentials) return url.credentials;
    return isSameServer(url, origin) ? (origin.credentials ?? this.#options.credentials) : undefined;
  }

  #begin(url: StreamUrl, { contentType, station, agent }: StreamAnswer): void {
    this.#begun = true;
    this.#source = url.display;
    this.#session = this.#context.openSession({
      contentType,
      continuity: this.#memory.sessions++ === 0 ? 'new' : 'overlap',
      station,
      peer: url.display,
      ...(agent ? { agent } : {}),
    });
  }
}

function notAStream(url: string, reason: string): DistreamError {
  return new DistreamError('NOT_A_STREAM', { url, reason });
}
