import { knowsPeer } from './authorised-peers.ts';
import type { LinkRuntime } from './link-runtime.ts';
import type { ListeningLink } from './listening-link.ts';
import { PeerSession } from './peer-session.ts';
import type { SecurePath } from './secure-path.ts';
import { WakeTimer } from './wake-timer.ts';

/** A session without any path is forgotten after this long. */
const WITHOUT_PATH_MS = 60_000;
/** A suspect path is given up after this long, sooner when another one lives. */
const SUSPECT_MS = 60_000;
const SPARE_SUSPECT_MS = 15_000;
const SWEEP_MS = 5000;
/** Sessions of one peer: one for each link that it dials here. */
const MAX_SESSIONS = 16;
/** A shared key has as many peers as hold it. */
const MAX_SESSIONS_OF_SHARED_KEY = 256;

/** Where a path belongs that came in. */
export interface JoinRequest {
  readonly peerId: string;
  readonly isSharedKey: boolean;
  /** As the peer's HELLO tells it. */
  readonly sessionId: string;
  readonly links: readonly ListeningLink[];
}

/** The sessions that peers have opened, by who they are and what they call the session. */
export class PeerSessions {
  readonly #runtime: LinkRuntime;
  readonly #peers = new Map<string, Map<string, PeerSession>>();
  readonly #timer: WakeTimer;

  constructor(runtime: LinkRuntime) {
    this.#runtime = runtime;
    this.#timer = new WakeTimer(runtime.clock, () => this.#sweep());
  }

  get all(): PeerSession[] {
    return [...this.#peers.values()].flatMap((sessions) => [...sessions.values()]);
  }

  /** The session of that name, made when there is none; undefined when the peer has too many that live. */
  join({ peerId, isSharedKey, sessionId, links }: JoinRequest, first: SecurePath): PeerSession | undefined {
    const sessions = this.#peers.get(peerId) ?? new Map<string, PeerSession>();
    let session = sessions.get(sessionId);
    if (!session) {
      const most = isSharedKey ? MAX_SESSIONS_OF_SHARED_KEY : MAX_SESSIONS;
      if (sessions.size >= most && !this.#makeRoom(sessions)) return undefined;
      const onEnd = (ended: PeerSession) => this.#forget(ended);
      session = new PeerSession({ runtime: this.#runtime, peerId, sessionId, isSharedKey, first, links, onEnd });
      // making room may have dropped the peer's table
      this.#peers.set(peerId, sessions.set(sessionId, session));
    }
    for (const link of links) session.addLink(link);
    this.#sweepSoon();
    return session;
  }

  /** A link is opened: sessions of its peers that came where it listens are its own as well. */
  welcome(link: ListeningLink): void {
    for (const session of this.all) {
      if (knowsPeer(link.keys, session.peerId) && session.listensWith(link)) session.addLink(link);
    }
  }

  /** A link is closed; sessions that are nobody's any more end. */
  async leave(link: ListeningLink): Promise<void> {
    const ended = this.all.filter((session) => session.removeLink(link));
    await Promise.all(ended.map((session) => session.close('the node is stopping or no longer wants the link')));
  }

  close(): void {
    this.#timer.cancel();
    for (const session of this.all) session.end();
  }

  #makeRoom(sessions: ReadonlyMap<string, PeerSession>): boolean {
    const idle = [...sessions.values()].find(({ driver }) => !driver.isUp);
    idle?.end();
    return idle !== undefined;
  }

  #forget(session: PeerSession): void {
    const sessions = this.#peers.get(session.peerId);
    if (sessions?.get(session.driver.id) !== session) return;
    sessions.delete(session.driver.id);
    if (sessions.size === 0) this.#peers.delete(session.peerId);
    if (this.#peers.size === 0) this.#timer.cancel();
  }

  #sweepSoon(): void {
    const nowMs = this.#runtime.clock.nowMs();
    this.#timer.at(nowMs + SWEEP_MS, nowMs);
  }

  #sweep(): void {
    const nowMs = this.#runtime.clock.nowMs();
    for (const session of this.all) {
      const { driver } = session;
      const longestMs = driver.isUp ? SPARE_SUSPECT_MS : SUSPECT_MS;
      for (const path of driver.paths) {
        if (path.state === 'suspect' && nowMs - path.stateSinceMs >= longestMs) driver.detach(path);
      }
      if (session.idleMs(nowMs) >= WITHOUT_PATH_MS) session.end();
    }
    if (this.#peers.size > 0) this.#sweepSoon();
  }
}
