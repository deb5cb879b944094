import type { LinkOptions, LinkStatus } from '../../modules/link.ts';
import type { LinkKeys } from './credentials.ts';
import { LineState } from './line-state.ts';
import type { Link } from './link.ts';
import type { LinkRuntime } from './link-runtime.ts';
import { linkStatusOf } from './link-status.ts';
import { LinkStreams } from './link-streams.ts';
import type { PeerSession } from './peer-session.ts';

/** The line to one peer and its sessions. */
interface PeerLine {
  readonly state: LineState;
  readonly sessions: Set<PeerSession>;
}

/** A link that waits for its peers at a port. */
export class ListeningLink implements Link {
  readonly options: LinkOptions;
  readonly keys: LinkKeys;
  readonly streams = new LinkStreams();
  readonly #runtime: LinkRuntime;
  #reserveMs: number;
  readonly #lines = new Map<string, PeerLine>();
  readonly #onClose: (link: ListeningLink) => Promise<void>;

  /** `onClose` takes it off its port. */
  constructor(
    runtime: LinkRuntime,
    options: LinkOptions,
    keys: LinkKeys,
    onClose: (link: ListeningLink) => Promise<void>,
  ) {
    this.#runtime = runtime;
    this.options = options;
    this.keys = keys;
    this.#onClose = onClose;
    this.#reserveMs = options.reserveMs;
  }

  /** The shortest of those who use it. */
  get reserveMs(): number {
    return this.#reserveMs;
  }

  /** For sessions from now on. */
  lowerReserve(reserveMs: number): void {
    this.#reserveMs = Math.min(this.#reserveMs, reserveMs);
  }

  /** A session of a peer that this link knows. */
  add(session: PeerSession): void {
    const key = lineKeyOf(session);
    const tell = (change: Parameters<LinkStreams['tell']>[0]) => this.streams.tell(change);
    const line = this.#lines.get(key) ?? {
      state: new LineState(this.#nameOf(session), this.#runtime.clock, tell),
      sessions: new Set(),
    };
    this.#lines.set(key, line);
    line.sessions.add(session);
    this.streams.add(session.driver);
    this.update(session);
  }

  /** The session is over, or the link is. */
  remove(session: PeerSession): void {
    this.streams.remove(session.driver);
    const key = lineKeyOf(session);
    const line = this.#lines.get(key);
    if (!line?.sessions.delete(session)) return;
    line.state.set([...line.sessions].some(({ driver }) => driver.isUp));
    // Peers with a key are as many as the configuration names; of the others none is known again.
    if (session.isSharedKey && line.sessions.size === 0) this.#lines.delete(key);
  }

  /** A path of a session came or went. */
  update(session: PeerSession): void {
    const line = this.#lines.get(lineKeyOf(session));
    line?.state.set([...line.sessions].some(({ driver }) => driver.isUp));
  }

  status(): LinkStatus[] {
    const { streams } = this;
    return [...this.#lines.values()].map(({ state, sessions }) => {
      const drivers = [...sessions].map(({ driver }) => driver);
      return linkStatusOf({ role: 'listens', line: state, streams, drivers, lastError: undefined });
    });
  }

  close(): Promise<void> {
    return this.#onClose(this);
  }

  #nameOf(session: PeerSession): string {
    const { keys } = this;
    const known = keys.kind === 'identity' ? keys.peers.get(session.peerId.split(' ').at(-1)!)?.peer : undefined;
    const { peers } = this.options;
    return known?.name ?? (peers.length === 1 ? peers[0]!.name : session.from);
  }
}

// Who has a shared key is told apart by the session alone.
function lineKeyOf({ peerId, isSharedKey, driver }: PeerSession): string {
  return isSharedKey ? `${peerId} ${driver.id}` : peerId;
}
