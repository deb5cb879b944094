import type { LinkAddress } from '../../modules/link.ts';
import type { InitiatorCredentials } from '../../protocols/link/handshake.ts';
import type { PathState } from '../../protocols/link/link-path.ts';
import { Backoff } from './backoff.ts';
import type { DialAttempt, DialEvents } from './dial-attempt.ts';
import type { LinkRuntime } from './link-runtime.ts';
import type { SecurePath } from './secure-path.ts';
import type { PathEnd } from './session-driver.ts';
import { dialByStream } from './stream-dial.ts';
import { dialUdp } from './udp-dial.ts';
import { WakeTimer } from './wake-timer.ts';

/** Connections that are tried side by side: what the system repeats for each asks a line at least each 2 s. */
const MAX_STREAM_ATTEMPTS = 2;
const STAGGER_MS = 2000;
/** A suspect path is kept this long while another address carries the link. */
const SPARE_SUSPECT_MS = 10_000;
/** A handshake was answered, but no session. */
const JOIN_MS = 10_000;
/** A path that lived this long was well: the next attempts begin with short delays. */
const WELL_MS = 5000;

/** What an address needs of its link. */
export interface DialOwner {
  /** Takes a path into the session. */
  attach(path: SecurePath): void;
  /** Gives it up. */
  detach(path: SecurePath): void;
  writable(path: SecurePath): void;
  lost(path: SecurePath): void;
  /** A path by another address lives. */
  livesWithout(address: DialledAddress): boolean;
}

/** What is dialled, and how. */
export interface DialledAddressOptions {
  readonly runtime: LinkRuntime;
  readonly address: LinkAddress;
  readonly from: string | undefined;
  readonly proxy: string | undefined;
  readonly credentials: InitiatorCredentials;
  readonly maxBytesPerSecond: number | undefined;
  readonly owner: DialOwner;
  /** Why it cannot be reached. */
  readonly onProblem: (reason: string, address: DialledAddress) => void;
}

/**
 * One address that is dialled for ever, from one local address. A path that is suspect stays, as it may come back, and
 * a new connection is tried beside it, for the case that an address changed or a process began anew.
 */
export class DialledAddress {
  readonly #options: DialledAddressOptions;
  readonly #backoff: Backoff;
  readonly #timer: WakeTimer;
  readonly #paths = new Set<SecurePath>();
  readonly #attempts = new Set<DialAttempt>();
  #attemptMs = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;
  #downSinceMs: number | undefined;
  #isStopped = false;

  constructor(options: DialledAddressOptions) {
    this.#options = options;
    const { clock, random } = options.runtime;
    this.#backoff = new Backoff(clock, random);
    this.#timer = new WakeTimer(clock, () => this.#check());
  }

  /** `relay.example:4090 by UDP`. */
  get label(): string {
    const { address, from } = this.#options;
    const { host, port, carrier } = address;
    const place = host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
    return `${place} by ${carrier.toUpperCase()}${from === undefined ? '' : ` from ${from}`}`;
  }

  /** Why it cannot be reached; undefined while nothing is known to be wrong. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Since when no path by this address lives, in milliseconds of the clock; undefined: none ever did, or one does. */
  get downSinceMs(): number | undefined {
    return this.#downSinceMs;
  }

  get isAlive(): boolean {
    for (const { state } of this.#paths) if (state === 'alive') return true;
    return false;
  }

  owns(path: SecurePath): boolean {
    return this.#paths.has(path);
  }

  start(): void {
    this.#check();
  }

  /** Ends attempts; the paths are the session's. */
  stop(): void {
    this.#isStopped = true;
    this.#timer.cancel();
    this.#cancelAttempts();
    this.#paths.clear();
  }

  /** The session is another one: its paths are gone. */
  restart(): void {
    if (this.isAlive) this.#downSinceMs ??= this.#nowMs;
    this.#paths.clear();
    this.#checkIn(this.#backoff.next());
  }

  /** A path of this address changed its state. */
  pathState(path: SecurePath, state: PathState): void {
    if (state === 'alive') return this.#lives(path);
    this.#isDown(path);
    this.#checkIn(0);
  }

  /** A path of this address was closed. */
  pathClosed(path: SecurePath, why: PathEnd): void {
    this.#paths.delete(path);
    this.#isDown(path);
    if (why === 'peer-restarted') this.#backoff.reset();
    this.#checkIn(this.#backoff.next());
  }

  #lives(path: SecurePath): void {
    this.#problem = undefined;
    this.#downSinceMs = undefined;
    this.#cancelAttempts();
    for (const other of this.#paths) if (other !== path) this.#detach(other);
  }

  #isDown(path: SecurePath): void {
    if (this.isAlive) return;
    const nowMs = this.#nowMs;
    this.#downSinceMs ??= nowMs;
    if (nowMs - path.stateSinceMs >= WELL_MS || path.state === 'suspect') this.#backoff.reset();
  }

  get #nowMs(): number {
    return this.#options.runtime.clock.nowMs();
  }

  #check(): void {
    if (this.#isStopped) return;
    const nowMs = this.#nowMs;
    this.#tidy(nowMs);
    if (this.isAlive) return;
    const isJoining = [...this.#paths].some(({ state }) => state === 'attaching');
    if (!isJoining && this.#mayDial(nowMs)) this.#dial(nowMs);
    this.#checkIn(STAGGER_MS);
  }

  #mayDial(nowMs: number): boolean {
    if (this.#attempts.size === 0) return true;
    if (this.#options.address.carrier === 'udp') return false;
    return this.#attempts.size < MAX_STREAM_ATTEMPTS && nowMs - this.#attemptMs >= STAGGER_MS;
  }

  #tidy(nowMs: number): void {
    for (const path of this.#paths) {
      const ageMs = nowMs - path.stateSinceMs;
      const isSpare = path.state === 'suspect' && ageMs >= SPARE_SUSPECT_MS && this.#options.owner.livesWithout(this);
      const isStuck = path.state === 'attaching' && ageMs >= JOIN_MS;
      if (isStuck) this.#fail('the peer answers, but does not join the session');
      if (isSpare || isStuck) this.#detach(path);
    }
  }

  #dial(nowMs: number): void {
    this.#attemptMs = nowMs;
    const { runtime, address, from, proxy, credentials, maxBytesPerSecond, owner } = this.#options;
    const events: DialEvents = {
      connected: (path) => {
        this.#attempts.delete(attempt);
        this.#paths.add(path);
        owner.attach(path);
      },
      failed: (reason) => {
        this.#attempts.delete(attempt);
        this.#fail(reason);
        this.#checkIn(this.#backoff.next());
      },
      unanswered: (reason) => this.#fail(reason),
      writable: (path) => owner.writable(path),
      lost: (path) => owner.lost(path),
    };
    const backoff = this.#backoff;
    const dial = address.carrier === 'udp' ? dialUdp : dialByStream;
    const attempt = dial({ runtime, address, from, proxy, credentials, maxBytesPerSecond, backoff, events });
    this.#attempts.add(attempt);
  }

  #fail(reason: string): void {
    this.#problem = reason;
    this.#options.onProblem(reason, this);
  }

  #detach(path: SecurePath): void {
    this.#paths.delete(path);
    this.#options.owner.detach(path);
  }

  #cancelAttempts(): void {
    for (const attempt of this.#attempts) attempt.cancel();
    this.#attempts.clear();
  }

  #checkIn(delayMs: number): void {
    if (this.#isStopped) return;
    const nowMs = this.#nowMs;
    this.#timer.at(nowMs + delayMs, nowMs);
  }
}
