import { ChannelStore } from '../../src/protocols/link/channel-store.ts';
import { ContinuityLedger } from '../../src/protocols/link/ledger.ts';
import type { PathOptions } from '../../src/protocols/link/link-path.ts';
import type { LinkPolicy } from '../../src/protocols/link/path-policy.ts';
import { LinkSession } from '../../src/protocols/link/session.ts';
import type { SessionEvents } from '../../src/protocols/link/session-types.ts';
import { Line, type LineState, type LinkNetwork } from './link-network.ts';

/** IPv4 and UDP, and the record around a payload. */
export const UDP_OVERHEAD_BYTES = 28 + 25;

/** A path between two ends: two lines and the sessions' number for it. */
export class SimPath {
  readonly id: number;
  readonly options: PathOptions;
  readonly forth: Line;
  readonly back: Line;

  constructor(network: LinkNetwork, id: number, options: Partial<PathOptions> = {}) {
    this.id = id;
    this.options = {
      payloadBytes: 1400,
      overheadBytes: UDP_OVERHEAD_BYTES,
      isReliable: false,
      idlePingMs: 5000,
      ...options,
    };
    this.forth = new Line(network);
    this.back = new Line(network);
  }

  set(state: Partial<LineState>): void {
    Object.assign(this.forth.state, state);
    Object.assign(this.back.state, state);
  }
}

export interface SimEndOptions {
  readonly network: LinkNetwork;
  readonly sessionId: string;
  readonly policy?: LinkPolicy;
  readonly reserveMs?: number;
  readonly events?: SessionEvents;
}

/** One node's session with its timers, on the simulated network. A restart makes a new one. */
export class SimEnd {
  readonly session: LinkSession;
  readonly #network: LinkNetwork;
  readonly #paths = new Map<number, { send: Line; peer: () => SimEnd | undefined; options: PathOptions }>();
  #timer = 0;
  #isRunning = true;
  #isPumpDue = false;
  violations: unknown[] = [];

  constructor({ network, sessionId, policy = 'race', reserveMs = 25_000, events = {} }: SimEndOptions) {
    this.#network = network;
    const instance = hexOf(network.random, 8);
    this.session = new LinkSession({
      sessionId,
      instance,
      policy,
      reserveMs,
      events: {
        ...events,
        wake: () => this.#pumpSoon(),
        pathClosed: (id) => {
          this.#paths.delete(id);
          events.pathClosed?.(id);
        },
      },
    });
  }

  /** Attaches one end of a path; `peer` is who is at the other end at the time. */
  attach(path: SimPath, send: Line, peer: () => SimEnd | undefined): void {
    this.#paths.set(path.id, { send, peer, options: path.options });
    this.session.addPath(path.id, path.options, this.#network.nowMs);
    this.pump();
  }

  detach(pathId: number): void {
    this.#paths.delete(pathId);
    this.session.removePath(pathId, this.#network.nowMs);
    this.pump();
  }

  /** The process is killed: nothing more comes from it. */
  kill(): void {
    this.#isRunning = false;
    this.#paths.clear();
  }

  receive(pathId: number, packetNumber: number, payload: Buffer): void {
    if (!this.#isRunning || !this.#paths.has(pathId)) return;
    try {
      this.session.receive(pathId, packetNumber, payload, this.#network.nowMs);
    } catch (error) {
      this.violations.push(error);
      this.detach(pathId);
    }
    this.pump();
  }

  pump(): void {
    if (!this.#isRunning) return;
    const { nowMs } = this.#network;
    this.session.tick(nowMs);
    for (let packet = this.session.poll(nowMs); packet; packet = this.session.poll(nowMs)) {
      const { pathId, packetNumber, payload } = packet;
      const path = this.#paths.get(pathId);
      if (!path) throw new Error(`a packet for path ${pathId}, which is gone`);
      if (payload.length > (path.options.maxPayloadBytes ?? path.options.payloadBytes))
        throw new Error(`a payload of ${payload.length} bytes`);
      path.send.send(payload.length + path.options.overheadBytes, () =>
        path.peer()?.receive(pathId, packetNumber, payload),
      );
    }
    const timer = ++this.#timer;
    const dueMs = this.session.nextTimeoutMs(nowMs);
    if (dueMs === Number.POSITIVE_INFINITY) return;
    // Timers of a real node are a little late.
    this.#network.at(Math.max(nowMs + 0.1, dueMs), () => {
      if (timer === this.#timer) this.pump();
    });
  }

  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    this.#network.at(this.#network.nowMs, () => {
      this.#isPumpDue = false;
      this.pump();
    });
  }
}

/** Hex of so many random bytes, by the seed. */
export function hexOf(random: () => number, bytes: number): string {
  let text = '';
  for (let index = 0; index < bytes; index++)
    text += Math.floor(random() * 256)
      .toString(16)
      .padStart(2, '0');
  return text;
}

const FRAME_TICKS = 1152;
const TICKS_PER_SECOND = 44_100;
const FRAME_MS = (FRAME_TICKS * 1000) / TICKS_PER_SECOND;

/** The audio byte at an offset of an epoch's audio: so that a receiver can prove what it got. */
export function audioByte(offset: number, salt: number): number {
  const mixed = Math.imul((offset >>> 2) ^ salt, 0x9e3779b1);
  return (mixed >>> ((offset & 3) * 8)) & 0xff;
}

/** What a source is: frames of MP3, or bytes that nobody knows in pieces. Both 128 kbit/s. */
export type SimSourceKind = 'mp3' | 'opaque';

export interface SimSourceOptions {
  readonly name?: string;
  readonly kind?: SimSourceKind;
  readonly keepMs?: number;
  /** Of the format. */
  readonly headerBytes?: number;
}

const OPAQUE_BYTES = 1400;
const OPAQUE_MS = OPAQUE_BYTES / 16;

/** A live source at 128 kbit/s: a frame each 26 ms into a store, some frames together as a socket brings them. */
export class SimSource {
  readonly store: ChannelStore;
  readonly salt: number;
  readonly ledger: ContinuityLedger;
  audioBytes = 0;
  frames = 0;
  isRunning = true;
  readonly #kind: SimSourceKind;
  readonly #network: LinkNetwork;
  readonly #startMs: number;

  constructor(network: LinkNetwork, options: SimSourceOptions = {}) {
    const { name = '/live', kind = 'mp3', keepMs = 35_000, headerBytes = 0 } = options;
    this.#kind = kind;
    this.#network = network;
    this.ledger = new ContinuityLedger(() => network.nowMs);
    this.store = new ChannelStore({ name, epoch: hexOf(network.random, 8), keepMs, maxBytes: 8 << 20 });
    this.salt = Number.parseInt(this.store.epoch.slice(0, 7), 16);
    this.#startMs = network.nowMs;
    const headers = Buffer.alloc(headerBytes);
    this.store.append({
      type: 'format',
      contentType: 'audio/mpeg',
      codec: kind,
      ticksPerSecond: kind === 'mp3' ? TICKS_PER_SECOND : 10_000,
      channels: 2,
      headers,
    });
    this.#next();
  }

  /** The title of the last `title`, '' before it. */
  lastTitle = '';

  /** When the audio byte at that offset was made. */
  byteMadeAtMs(offset: number): number {
    const unitMs = this.#kind === 'mp3' ? Math.round(offset / 417.96) * FRAME_MS : offset / 16;
    return this.#startMs + unitMs;
  }

  title(title: string, url = ''): void {
    this.lastTitle = title;
    this.store.append({ type: 'title', title, artist: '', url });
  }

  #next(): void {
    if (!this.isRunning) return;
    const [ms, frame] = this.#kind === 'mp3' ? [FRAME_MS, () => this.#frame()] : [OPAQUE_MS, () => this.#piece()];
    const due = Math.floor((this.#network.nowMs - this.#startMs) / ms);
    while (this.frames < due) frame();
    this.#network.at(this.#network.nowMs + 25 + this.#network.random() * 30, () => this.#next());
  }

  #frame(): void {
    this.#append(this.frames % 25 === 0 ? 417 : 418, FRAME_TICKS);
  }

  #piece(): void {
    this.#append(OPAQUE_BYTES, OPAQUE_MS * 10);
  }

  #append(length: number, ticks: number): void {
    const data = Buffer.alloc(length);
    for (let index = 0; index < length; index++) data[index] = audioByte(this.audioBytes + index, this.salt);
    this.ledger.audio(this.store.epoch, this.audioBytes, data, ticks);
    this.audioBytes += length;
    this.frames++;
    this.store.append({ type: 'audio', data, ticks });
  }
}
