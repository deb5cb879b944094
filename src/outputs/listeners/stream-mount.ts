import type { Clock } from '../../core/clock.ts';
import type { ListenerInfo, ListenerMount, MountInfo, StreamRequest } from '../../modules/network.ts';
import type { StreamView } from '../../modules/output.ts';
import { headerText } from '../../protocols/http/header-text.ts';
import type { Joining, ListenerHub } from './hub.ts';
import { rangeProbeAnswer, refusalAnswer, streamHead } from './response-heads.ts';
import { parsePosition } from './resume-point.ts';

const MAX_AGENT = 200;
/** How long an answered client may take to close. */
const LINGER_MS = 5000;

/** Options of a stream mount. */
export interface StreamMountOptions {
  readonly mount: string;
  readonly stream: StreamView;
  readonly hub: ListenerHub;
  readonly clock: Clock;
  readonly maxListeners?: number | undefined;
  /** Not listed in public directories and pages. */
  readonly hidden: boolean;
  /** Answer Safari's two-byte probe as it wants. */
  readonly rangeProbe: boolean;
  /** Says why a request is turned away, or undefined. */
  readonly refuse?: (request: StreamRequest) => { status: string; text: string } | undefined;
}

/** A path at which players listen: answers requests and hands listeners to the hub. */
export class StreamMount implements ListenerMount {
  readonly mount: string;
  readonly #options: StreamMountOptions;
  readonly counters = { refused: 0, probes: 0 };

  constructor(options: StreamMountOptions) {
    this.mount = options.mount;
    this.#options = options;
  }

  accept(request: StreamRequest): void {
    const { stream, hub } = this.#options;
    const { headers, method } = request.head;
    const isHead = method === 'HEAD';
    const refusal = this.#refusal(request);
    if (refusal) {
      this.counters.refused++;
      return this.#finish(request, refusalAnswer(refusal.status, refusal.text, !isHead));
    }
    const agent = headerText(headers.get('user-agent'), MAX_AGENT) ?? '';
    const icy = wantsMetadata(headers.get('icy-metadata'));
    const head: Joining['head'] = (format, metaint, position) =>
      streamHead({ agent, format, station: stream.station, streamName: stream.name, metaint, position });
    const isProbe = this.#options.rangeProbe && !icy && headers.get('range') === 'bytes=0-1';
    if (!isHead && !isProbe) {
      const from = parsePosition(request.query.get('from'));
      return hub.join({ socket: request.socket, address: request.clientAddress, agent, icy, from, head });
    }
    const opening = hub.opening(icy);
    if (isHead) return this.#finish(request, head(opening.format, opening.metaint, undefined));
    this.counters.probes++;
    const firstBytes = (opening.burst ?? stream.released!.data).subarray(0, 2);
    this.#finish(request, rangeProbeAnswer(opening.format, firstBytes));
  }

  info(): MountInfo {
    const { stream, hub, maxListeners, hidden } = this.#options;
    return {
      streamName: stream.name,
      contentType: stream.released?.format.contentType,
      station: stream.station,
      title: stream.metadata?.title,
      artist: stream.metadata?.artist,
      startedUtcMs: stream.startedUtcMs,
      live: stream.live,
      listeners: hub.size,
      listenerPeak: hub.counters.peak,
      maxListeners,
      slowListeners: hub.counters.slow,
      bytesSent: hub.counters.bytesSent,
      hidden,
    };
  }

  clients(): Iterable<ListenerInfo> {
    return this.#options.hub.clients();
  }

  kick(id: number): boolean {
    return this.#options.hub.kick(id);
  }

  /** Sends a whole answer and closes; a peer that does not is cut off. */
  #finish({ socket }: StreamRequest, answer: Buffer): void {
    const timer = this.#options.clock.after(LINGER_MS, () => socket.destroy());
    socket.on('error', ignore); // `close` follows
    socket.once('close', () => timer.cancel());
    socket.end(answer);
    socket.resume();
  }

  #refusal(request: StreamRequest): { status: string; text: string } | undefined {
    const { stream, hub, maxListeners } = this.#options;
    const own = this.#options.refuse?.(request);
    if (own) return own;
    if (!stream.released) return { status: '404 Not Found', text: 'No source has sent to this stream yet.' };
    if (maxListeners !== undefined && hub.size >= maxListeners) {
      return { status: '503 Service Unavailable', text: 'The stream has as many listeners as it may have.' };
    }
    return undefined;
  }
}

function ignore(): void {}

function wantsMetadata(header: string | undefined): boolean {
  return header !== undefined && /^\s{0,4}[1-9]/.test(header);
}
