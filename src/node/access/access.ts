/**
 * Who may steer a node: administrators by password (Basic or a session), machines by token.
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { secretEquals } from '../../core/secret.ts';
import type { Credentials } from '../../protocols/http/basic-auth.ts';
import { hashPassword, verifyPassword } from './password-hash.ts';
import { Sessions } from './sessions.ts';

/** An administrator who asks. */
export interface Identity {
  /** The user, or the name of the token: for the log. */
  readonly name: string;
  readonly by: 'password' | 'token' | 'session';
  /** Of the session; undefined for the other two. */
  readonly sessionId?: string;
}

/** A machine's token. */
export interface AccessToken {
  readonly name: string;
  /** SHA-256 of the token, hexadecimal. */
  readonly sha256: string;
}

/** The administrator of the configuration. */
export interface AdminConfig {
  readonly user: string;
  /** For Basic authentication; empty: it opens nothing. */
  readonly password: string;
  readonly tokens?: readonly AccessToken[];
}

/** What an access is made of. */
export interface AccessOptions {
  readonly clock: Clock;
  /** Read for each question: a new configuration may change it. */
  readonly admin: () => AdminConfig;
  /** The hashes of `distream passwd` by user; read for each sign-in, so that a new one holds at once. May throw. */
  readonly passwords: () => ReadonlyMap<string, string>;
}

/** Of a try to sign in: a session's token, or why there is none. */
export type SignIn = { readonly token: string; readonly user: string } | 'wrong' | 'busy';

/** Passwords that are checked at once: each takes 32 MiB for a tenth of a second. */
const MAX_CHECKS = 2;
const MAX_BEARER_CHARACTERS = 512;
const BEARER = /^bearer +([A-Za-z0-9._~+/=-]{1,512})$/i;

/** Decides who is an administrator. */
export class Access {
  readonly #options: AccessOptions;
  readonly #sessions: Sessions;
  #checks = 0;
  /** Compared with where there is no such user, so that the time does not tell. */
  #nobody: Promise<string> | undefined;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#sessions = new Sessions(options.clock);
  }

  /** Whether anybody could sign in. */
  get canSignIn(): boolean {
    return this.#options.admin().password !== '';
  }

  /** The administrator of these Basic credentials. Both parts are compared, so that the time does not tell which was wrong. */
  ofBasic({ user, password }: Credentials): Identity | undefined {
    const admin = this.#options.admin();
    const userFits = secretEquals(user, admin.user);
    const fits = secretEquals(password, admin.password) && userFits && admin.password !== '';
    return fits ? { name: user, by: 'password' } : undefined;
  }

  /** The machine of an `Authorization: Bearer` header (RFC 6750). */
  ofBearer(header: string): Identity | undefined {
    const token = BEARER.exec(header.slice(0, MAX_BEARER_CHARACTERS + 16))?.[1];
    if (token === undefined) return undefined;
    const given = createHash('sha256').update(token).digest();
    let found: AccessToken | undefined;
    for (const known of this.#options.admin().tokens ?? []) {
      const expected = Buffer.from(known.sha256, 'hex');
      if (expected.length === given.length && timingSafeEqual(given, expected)) found = known;
    }
    return found && { name: found.name, by: 'token' };
  }

  /** The administrator of a `Cookie` header's session. */
  ofCookie(header: string | undefined): Identity | undefined {
    const session = this.#sessions.ofCookie(header);
    return session && { name: session.user, by: 'session', sessionId: session.id };
  }

  /**
   * Begins a session. `busy`: too many passwords are being checked; ask again in a second. Rejects when the hashes cannot
   * be read.
   */
  async signIn(user: string | undefined, password: string): Promise<SignIn> {
    if (this.#checks >= MAX_CHECKS) return 'busy';
    this.#checks++;
    try {
      const name = user ?? this.#options.admin().user;
      if (!(await this.#isRight(name, password))) return 'wrong';
      return { token: this.#sessions.begin(name), user: name };
    } finally {
      this.#checks--;
    }
  }

  /** Ends the session of an identity, if it has one. */
  signOut({ sessionId }: Identity): void {
    if (sessionId !== undefined) this.#sessions.end(sessionId);
  }

  /** False when the session of an identity has ended. */
  isOpen({ sessionId }: Identity): boolean {
    return sessionId === undefined || this.#sessions.isOpen(sessionId);
  }

  /** The password of the configuration holds for the session until `distream passwd` has made another. */
  async #isRight(user: string, password: string): Promise<boolean> {
    const hash = this.#options.passwords().get(user);
    if (hash !== undefined) return verifyPassword(password, hash);
    this.#nobody ??= hashPassword('');
    await verifyPassword(password, await this.#nobody);
    return this.ofBasic({ user, password }) !== undefined;
  }
}
