import type { LinkOptions, LinkStatus } from '../../modules/link.ts';
import type { InitiatorCredentials } from '../../protocols/link/handshake.ts';
import { ackDelayFor } from '../../protocols/link/session.ts';
import { type LinkKeys, sessionIdOf } from './credentials.ts';
import { DialledAddress, type DialOwner } from './dialled-address.ts';
import { LineState } from './line-state.ts';
import type { Link } from './link.ts';
import type { LinkRuntime } from './link-runtime.ts';
import { linkStatusOf } from './link-status.ts';
import { LinkStreams } from './link-streams.ts';
import type { SecurePath } from './secure-path.ts';
import { SessionDriver, type SessionDriverEvents } from './session-driver.ts';

/** A line that was there is missed for this long before it is told why it does not come back. */
const TELL_AFTER_MS = 15_000;

/** A link whose peer is dialled: one session over all its addresses, each dialled from each local address. */
export class DiallingLink implements Link {
  readonly streams = new LinkStreams();
  readonly #runtime: LinkRuntime;
  readonly #options: LinkOptions;
  readonly #sessionId: string;
  readonly #line: LineState;
  readonly #addresses: DialledAddress[];
  readonly #told = new Map<DialledAddress, string>();
  #driver: SessionDriver;
  #reserveMs: number;
  #lastError: string | undefined;
  #isClosed = false;

  constructor(runtime: LinkRuntime, options: LinkOptions, keys: LinkKeys) {
    this.#runtime = runtime;
    this.#options = options;
    this.#sessionId = sessionIdOf(keys, options.to);
    const peer = options.peers[0]?.name ?? options.to[0]?.host ?? 'peer';
    this.#line = new LineState(peer, runtime.clock, (change) => this.streams.tell(change));
    this.#reserveMs = options.reserveMs;
    this.#driver = this.#newDriver();
    const { to, from, proxy, maxBytesPerSecond } = options;
    const credentials = credentialsFor(keys);
    const onProblem = (reason: string, address: DialledAddress) => this.#problem(reason, address);
    const common = { runtime, proxy, credentials, maxBytesPerSecond, owner: this.#owner(), onProblem };
    const locals = from.length > 0 ? from : [undefined];
    this.#addresses = to.flatMap((address) =>
      locals.map((local) => new DialledAddress({ ...common, address, from: local })),
    );
    for (const address of this.#addresses) address.start();
  }

  status(): LinkStatus[] {
    const { streams } = this;
    const drivers = [this.#driver];
    return [linkStatusOf({ role: 'dials', line: this.#line, streams, drivers, lastError: this.#lastError })];
  }

  /** A session that acknowledges too seldom for it begins anew. */
  lowerReserve(reserveMs: number): void {
    const isShorter = ackDelayFor(reserveMs) < ackDelayFor(this.#reserveMs);
    this.#reserveMs = Math.min(this.#reserveMs, reserveMs);
    if (!isShorter) return;
    this.#renew();
    this.#update();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const address of this.#addresses) address.stop();
    await this.#driver.close('the node is stopping or no longer wants the link');
  }

  #owner(): DialOwner {
    return {
      attach: (path) => this.#driver.attach(path),
      detach: (path) => this.#driver.detach(path),
      writable: (path) => this.#driver.writable(path),
      lost: (path) => this.#driver.lost(path),
      livesWithout: (address) => this.#addresses.some((other) => other !== address && other.isAlive),
    };
  }

  #newDriver(): SessionDriver {
    // Events of a session that was replaced mean nothing any more.
    const ifCurrent = (act: () => void) => {
      if (driver === this.#driver && !this.#isClosed) act();
    };
    const events: SessionDriverEvents = {
      pathState: (path, state) =>
        ifCurrent(() => {
          this.#addressOf(path)?.pathState(path, state);
          this.#update();
        }),
      pathClosed: (path, why) =>
        ifCurrent(() => {
          this.#addressOf(path)?.pathClosed(path, why);
          if (why === 'violation' && !driver.isUp) this.#renew();
          this.#update();
        }),
      offered: (name) => ifCurrent(() => this.streams.offered(driver, name)),
      peerClosed: (reason) => ifCurrent(() => this.#peerClosed(reason)),
    };
    const driver: SessionDriver = new SessionDriver({
      runtime: this.#runtime,
      sessionId: this.#sessionId,
      policy: this.#options.policy,
      reserveMs: this.#reserveMs,
      events,
    });
    this.streams.add(driver);
    return driver;
  }

  #peerClosed(reason: string): void {
    this.#lastError = `the peer ended the link: ${reason || 'without a reason'}`;
    this.#renew();
    this.#update();
  }

  // The session cannot go on; what both sides hold makes the next one go on with the first missing byte.
  #renew(): void {
    const old = this.#driver;
    this.streams.remove(old);
    this.#driver = this.#newDriver();
    old.end();
    for (const address of this.#addresses) address.restart();
  }

  #addressOf(path: SecurePath): DialledAddress | undefined {
    return this.#addresses.find((address) => address.owns(path));
  }

  #update(): void {
    const { isUp } = this.#driver;
    if (isUp) this.#lastError = undefined;
    for (const [address] of this.#told) if (address.isAlive) this.#told.delete(address);
    this.#line.set(isUp);
  }

  #problem(reason: string, address: DialledAddress): void {
    if (this.#isClosed) return;
    if (!this.#driver.isUp) this.#lastError = `cannot reach ${address.label}: ${reason}`;
    const { downSinceMs } = address;
    if (downSinceMs !== undefined && this.#runtime.clock.nowMs() - downSinceMs < TELL_AFTER_MS) return;
    if (this.#told.get(address) === reason) return;
    this.#told.set(address, reason);
    this.#runtime.log.warn(`cannot reach ${address.label}: ${reason}`, { peer: this.#line.peer });
  }
}

function credentialsFor(keys: LinkKeys): InitiatorCredentials {
  if (keys.kind === 'shared-key') return { kind: 'shared-key', sharedKey: keys.sharedKey };
  const [peer] = keys.peers.values();
  if (!peer) throw new RangeError('a link that dials has one peer');
  return { kind: 'identity', identity: keys.identity, remoteIdentity: peer.publicKey };
}
