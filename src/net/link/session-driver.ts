import { ProtocolViolation, reasonOf } from '../../core/errors.ts';
import { randomHex } from '../../core/random.ts';
import type { ChannelStore } from '../../protocols/link/channel-store.ts';
import { INSTANCE_BYTES, MAX_CHANNELS } from '../../protocols/link/frames.ts';
import type { PathState } from '../../protocols/link/link-path.ts';
import type { LinkPolicy } from '../../protocols/link/path-policy.ts';
import type { ReceiveChannel } from '../../protocols/link/receive-channel.ts';
import { LinkSession } from '../../protocols/link/session.ts';
import type { SessionStatus } from '../../protocols/link/session-types.ts';
import type { LinkRuntime } from './link-runtime.ts';
import type { SecurePath } from './secure-path.ts';
import { WakeTimer } from './wake-timer.ts';

/** Why a path was closed: its connection ended, the peer broke the rules on it, or the peer's process began anew. */
export type PathEnd = 'carrier' | 'violation' | 'peer-restarted';

/** What a session tells the link. Called when the session's own work is done; may call back into the driver. */
export interface SessionDriverEvents {
  pathState(path: SecurePath, state: PathState): void;
  pathClosed(path: SecurePath, why: PathEnd): void;
  /** The peer publishes a stream of that name; also each time it says so again. */
  offered(name: string): void;
  /** The peer ended the session, in its words. */
  peerClosed(reason: string): void;
}

/** What a driver is made of. */
export interface SessionDriverOptions {
  readonly runtime: LinkRuntime;
  /** Hex of 16 bytes. */
  readonly sessionId: string;
  readonly policy: LinkPolicy;
  readonly reserveMs: number;
  readonly events: SessionDriverEvents;
}

/** The code of a BYE that is no fault. */
const BYE_DONE = 0;
/** Hardly anything is due sooner than timers can tell. */
const MIN_WAIT_MS = 1;

/** Runs one session: gives it time and what paths bring, and sends what it wants sent. */
export class SessionDriver {
  readonly id: string;
  readonly #runtime: LinkRuntime;
  readonly #events: SessionDriverEvents;
  readonly #session: LinkSession;
  readonly #paths = new Map<number, SecurePath>();
  readonly #offered = new Set<string>();
  readonly #timer: WakeTimer;
  #after: (() => void)[] = []; // events of the session, until its work is done
  #nextPathId = 1;
  #isPumpDue = false;
  #isPumping = false;
  #isEnded = false;

  constructor({ runtime, sessionId, policy, reserveMs, events }: SessionDriverOptions) {
    this.id = sessionId;
    this.#runtime = runtime;
    this.#events = events;
    this.#timer = new WakeTimer(runtime.clock, () => this.#pump());
    const instance = randomHex(runtime.random, INSTANCE_BYTES);
    this.#session = new LinkSession({
      sessionId,
      instance,
      policy,
      reserveMs,
      events: {
        wake: () => this.#pumpSoon(),
        pathState: (id, state) => this.#pathState(id, state),
        acknowledged: (id, number) => this.#paths.get(id)?.acknowledge(number),
        pathClosed: (id) => this.#drop(id, 'peer-restarted'),
        offered: ({ name }) => this.#offer(name),
        peerRestarted: () => this.#offered.clear(),
        closed: (_code, reason) => this.#after.push(() => this.#events.peerClosed(reason)),
      },
    });
  }

  get isClosed(): boolean {
    return this.#session.isClosed;
  }

  get paths(): Iterable<SecurePath> {
    return this.#paths.values();
  }

  get pathCount(): number {
    return this.#paths.size;
  }

  /** A path lives. */
  get isUp(): boolean {
    for (const { state } of this.#paths.values()) if (state === 'alive') return true;
    return false;
  }

  /** Whether the peer publishes a stream of that name. */
  offers(name: string): boolean {
    return this.#offered.has(name);
  }

  /** Takes a path into the session; it is the driver's to close from now on. */
  attach(path: SecurePath): void {
    const { id } = this.#enter(path);
    path.onPayload = (number, payload) => this.#receive(id, number, payload);
    this.#pump();
  }

  /** As `attach`, for a path whose first payload came already. */
  attachWith(path: SecurePath, packetNumber: number, payload: Buffer): void {
    const { id } = this.#enter(path);
    path.onPayload = (number, next) => this.#receive(id, number, next);
    this.#receive(id, packetNumber, payload);
  }

  /** Closes a path without an event; what was under way on it goes by others. */
  detach(path: SecurePath): void {
    if (this.#paths.get(path.id) !== path) return;
    this.#paths.delete(path.id);
    this.#session.removePath(path.id, this.#runtime.clock.nowMs());
    path.close();
    this.#pumpSoon();
  }

  /** The connection of a path is gone. */
  lost(path: SecurePath): void {
    if (this.#paths.get(path.id) !== path) return;
    this.#drop(path.id, 'carrier');
    this.#pump();
  }

  /** The carrier of a path takes more again. */
  writable(path: SecurePath): void {
    this.#session.setWritable(path.id, true);
    this.#pumpSoon();
  }

  publish(store: ChannelStore): void {
    this.#session.publish(store);
  }

  unpublish(store: ChannelStore): void {
    this.#session.unpublish(store);
  }

  subscribe(channel: ReceiveChannel): void {
    this.#session.subscribe(channel);
  }

  unsubscribe(channel: ReceiveChannel): void {
    this.#session.unsubscribe(channel);
  }

  status(): SessionStatus {
    return this.#session.status();
  }

  /** Tells the peer, and closes all paths once that is on its way. */
  async close(reason: string): Promise<void> {
    if (this.#isEnded) return;
    this.#session.close(BYE_DONE, reason);
    this.#pump();
    // Sockets send what they were given in the next turns of the event loop.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    this.end();
  }

  /** Closes all paths at once. Idempotent. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#timer.cancel();
    this.#session.close(BYE_DONE, '');
    for (const path of this.#paths.values()) path.close();
    this.#paths.clear();
  }

  #enter(path: SecurePath): SecurePath {
    path.id = this.#nextPathId++;
    this.#paths.set(path.id, path);
    this.#session.addPath(path.id, path.transport.options, this.#runtime.clock.nowMs());
    return path;
  }

  #receive(id: number, packetNumber: number, payload: Buffer): void {
    if (this.#isEnded) return;
    try {
      this.#session.receive(id, packetNumber, payload, this.#runtime.clock.nowMs());
    } catch (error) {
      this.#violation(id, error);
    }
    this.#pump();
  }

  #violation(id: number, error: unknown): void {
    this.#runtime.refusals.count('protocol_violation');
    // A fault of ours that a peer can cause must not end the node.
    if (!(error instanceof ProtocolViolation)) {
      this.#runtime.log.error(`a fault in a link: ${reasonOf(error)}`, { error });
    }
    this.#drop(id, 'violation');
  }

  #drop(id: number, why: PathEnd): void {
    const path = this.#paths.get(id);
    if (!path) return;
    this.#paths.delete(id);
    this.#session.removePath(id, this.#runtime.clock.nowMs());
    path.close();
    this.#after.push(() => this.#events.pathClosed(path, why));
  }

  #pathState(id: number, state: PathState): void {
    const path = this.#paths.get(id);
    if (!path) return;
    path.state = state;
    path.stateSinceMs = this.#runtime.clock.nowMs();
    this.#after.push(() => this.#events.pathState(path, state));
  }

  #offer(name: string): void {
    if (this.#offered.size < MAX_CHANNELS) this.#offered.add(name);
    this.#after.push(() => this.#events.offered(name));
  }

  #pumpSoon(): void {
    if (this.#isPumpDue || this.#isEnded) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#isPumping) return this.#pumpSoon();
    if (this.#isEnded) return;
    this.#isPumping = true;
    const session = this.#session;
    const nowMs = this.#runtime.clock.nowMs();
    session.tick(nowMs);
    for (let packet = session.poll(nowMs); packet; packet = session.poll(nowMs)) {
      const isWritable = this.#paths.get(packet.pathId)?.send(packet.payload, nowMs);
      if (isWritable === false) session.setWritable(packet.pathId, false);
    }
    this.#timer.at(session.nextTimeoutMs(nowMs), nowMs + MIN_WAIT_MS);
    this.#isPumping = false;
    this.#tell();
  }

  #tell(): void {
    if (this.#after.length === 0) return;
    const events = this.#after;
    this.#after = [];
    for (const event of events) event();
  }
}
