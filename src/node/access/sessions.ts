import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';

/** The cookie that holds a session. */
export const SESSION_COOKIE = 'distream_session';
/** A session ends so long after it began. */
export const SESSION_MS = 7 * 24 * 3_600_000;
/** And so long after it was used last. */
const IDLE_MS = 24 * 3_600_000;
const MAX_SESSIONS = 200;
const TOKEN = /(?:^|;\s{0,8})distream_session=([A-Za-z0-9_-]{43})(?:;|$)/;
const MAX_COOKIE_CHARACTERS = 8192;

interface Session {
  readonly user: string;
  readonly beganMs: number;
  usedMs: number;
}

/** Who is signed in. Tokens are 256 random bits; only their digests are held, so that a look-up tells nothing by its time. */
export class Sessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a session of `user` and answers its token. The session that was used least recently makes room. */
  begin(user: string): string {
    const nowMs = this.#clock.nowMs();
    const token = randomBytes(32).toString('base64url');
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!);
    this.#sessions.set(digestOf(token), { user, beganMs: nowMs, usedMs: nowMs });
    return token;
  }

  /** The session of a `Cookie` header; undefined when there is none, or it is over. */
  ofCookie(header: string | undefined): { readonly id: string; readonly user: string } | undefined {
    const token = TOKEN.exec(header?.slice(0, MAX_COOKIE_CHARACTERS) ?? '')?.[1];
    if (token === undefined) return undefined;
    const id = digestOf(token);
    const session = this.#current(id);
    if (!session) return undefined;
    session.usedMs = this.#clock.nowMs();
    // The order of the map is that of use.
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return { id, user: session.user };
  }

  /** True while that session lasts. */
  isOpen(id: string): boolean {
    return this.#current(id) !== undefined;
  }

  /** Ends a session. */
  end(id: string): void {
    this.#sessions.delete(id);
  }

  #current(id: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (!session) return undefined;
    const nowMs = this.#clock.nowMs();
    if (nowMs - session.beganMs < SESSION_MS && nowMs - session.usedMs < IDLE_MS) return session;
    this.#sessions.delete(id);
    return undefined;
  }
}

/** The `Set-Cookie` of a session; an empty token ends it. */
export function sessionCookie(token: string, { isSecure, path }: { isSecure: boolean; path: string }): string {
  const ages = token === '' ? 0 : SESSION_MS / 1000;
  const parts = [`${SESSION_COOKIE}=${token}`, `Path=${path}`, 'HttpOnly', 'SameSite=Strict', `Max-Age=${ages}`];
  return [...parts, ...(isSecure ? ['Secure'] : [])].join('; ');
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
