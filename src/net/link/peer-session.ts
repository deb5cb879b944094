import type { LinkRuntime } from './link-runtime.ts';
import type { ListeningLink } from './listening-link.ts';
import type { SecurePath } from './secure-path.ts';
import { SessionDriver } from './session-driver.ts';

/** What a session of a peer is made of. */
export interface PeerSessionOptions {
  readonly runtime: LinkRuntime;
  readonly peerId: string;
  readonly sessionId: string;
  readonly isSharedKey: boolean;
  /** The path by which it came. */
  readonly first: SecurePath;
  /** Not empty; the first one's policy counts. */
  readonly links: readonly ListeningLink[];
  /** It is over, and no longer one of any link. */
  readonly onEnd: (session: PeerSession) => void;
}

/** A session that a peer opened. It serves all links that know the peer. */
export class PeerSession {
  readonly peerId: string;
  readonly isSharedKey: boolean;
  readonly driver: SessionDriver;
  /** `address:port` of the first path. */
  readonly from: string;
  readonly #runtime: LinkRuntime;
  readonly #onEnd: (session: PeerSession) => void;
  readonly #links = new Set<ListeningLink>();
  #idleSinceMs: number;
  #isEnded = false;

  constructor({ runtime, peerId, sessionId, isSharedKey, first, links, onEnd }: PeerSessionOptions) {
    this.peerId = peerId;
    this.isSharedKey = isSharedKey;
    this.from = first.transport.remote;
    this.#runtime = runtime;
    this.#onEnd = onEnd;
    this.#idleSinceMs = runtime.clock.nowMs();
    this.driver = new SessionDriver({
      runtime,
      sessionId,
      policy: links[0]!.options.policy,
      reserveMs: Math.min(...links.map(({ reserveMs }) => reserveMs)),
      events: {
        pathState: () => this.#update(),
        pathClosed: (_path, why) => {
          this.#update();
          // Another try would end the same way: the next path begins anew.
          if (why === 'violation' && !this.driver.isUp) this.end();
        },
        offered: (name) => {
          for (const link of this.#links) link.streams.offered(this.driver, name);
        },
        peerClosed: () => this.end(),
      },
    });
  }

  /** For how long no path has been there. */
  idleMs(nowMs: number): number {
    if (this.driver.pathCount > 0) this.#idleSinceMs = nowMs;
    return nowMs - this.#idleSinceMs;
  }

  /** It came by the port of that link. */
  listensWith({ options }: ListeningLink): boolean {
    const { host, port } = options.listen ?? {};
    return [...this.#links].some((link) => link.options.listen?.host === host && link.options.listen?.port === port);
  }

  addLink(link: ListeningLink): void {
    if (this.#links.has(link)) return;
    this.#links.add(link);
    link.add(this);
  }

  /** Returns whether it is nobody's any more. */
  removeLink(link: ListeningLink): boolean {
    if (!this.#links.delete(link)) return false;
    link.remove(this);
    return this.#links.size === 0;
  }

  /** Tells the peer, then ends. */
  async close(reason: string): Promise<void> {
    await this.driver.close(reason);
    this.end();
  }

  /** Ends at once. Idempotent. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.driver.end();
    for (const link of [...this.#links]) this.removeLink(link);
    this.#onEnd(this);
  }

  #update(): void {
    this.idleMs(this.#runtime.clock.nowMs());
    for (const link of this.#links) link.update(this);
  }
}
