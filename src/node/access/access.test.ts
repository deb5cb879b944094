import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { Access } from './access.ts';
import { keepPassword, passwordFileOf, readPasswordFile } from './password-file.ts';
import { hashPassword, isPasswordHash, verifyPassword } from './password-hash.ts';
import { SESSION_COOKIE, SESSION_MS, sessionCookie } from './sessions.ts';

const CHEAP = { logCost: 14 };
const folder = mkdtempSync(join(tmpdir(), 'distream-access-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function setUp(hashes: ReadonlyMap<string, string> = new Map()) {
  const clock = new FakeClock();
  const tokens = [{ name: 'grafana', sha256: createHash('sha256').update('t'.repeat(30)).digest('hex') }];
  const admin = () => ({ user: 'admin', password: 'written', tokens });
  return { clock, access: new Access({ clock, admin, passwords: () => hashes }) };
}

describe('a password', () => {
  it('fits its own hash only, and each hash has its salt', async () => {
    const hash = await hashPassword('correct horse', CHEAP);
    expect(isPasswordHash(hash)).toBe(true);
    expect(hash).not.toContain('correct');
    expect(await verifyPassword('correct horse', hash)).toBe(true);
    expect(await verifyPassword('correct hors', hash)).toBe(false);
    expect(await hashPassword('correct horse', CHEAP)).not.toBe(hash);
  });

  it('never fits what is no hash, or one that would hold up the node', async () => {
    const hash = await hashPassword('x', CHEAP);
    for (const bad of ['', 'x', '$scrypt$', hash.replace('ln=14', 'ln=31'), hash.replace('ln=14', 'ln=1')]) {
      expect(isPasswordHash(bad)).toBe(false);
      expect(await verifyPassword('x', bad)).toBe(false);
    }
  });

  it('is kept for its owner only, beside those of others', async () => {
    const path = passwordFileOf(join(folder, 'state'));
    expect(readPasswordFile(path).size).toBe(0);
    keepPassword(path, 'ada', await hashPassword('one', CHEAP));
    keepPassword(path, '__proto__', await hashPassword('two', CHEAP));
    expect([...readPasswordFile(path).keys()]).toContain('ada');
    expect(statSync(path).mode & 0o077).toBe(0);
    writeFileSync(path, '{"version":1,"users":{"ada":"plain"}}');
    expect(() => readPasswordFile(path)).toThrow('does not have the shape');
  });
});

describe('signing in', () => {
  it('takes the password of the configuration until there is a hash, then that one only', async () => {
    const before = setUp();
    expect(await before.access.signIn(undefined, 'written')).toMatchObject({ user: 'admin' });
    expect(await before.access.signIn('root', 'written')).toBe('wrong');
    const { access } = setUp(new Map([['admin', await hashPassword('hashed one', CHEAP)]]));
    expect(await access.signIn(undefined, 'written')).toBe('wrong');
    expect(await access.signIn('admin', 'hashed one')).toMatchObject({ user: 'admin' });
  });

  it('checks no more than two at once', async () => {
    const { access } = setUp();
    const tries = [access.signIn('a', 'b'), access.signIn('a', 'b'), access.signIn('a', 'b')];
    expect(await Promise.all(tries)).toEqual(['wrong', 'wrong', 'busy']);
  });

  it('lasts until it is ended, a day without use, or a week', async () => {
    const { access, clock } = setUp();
    const begin = async () => {
      const made = await access.signIn(undefined, 'written');
      if (typeof made === 'string') throw new Error(made);
      return `${SESSION_COOKIE}=${made.token}`;
    };
    const first = await begin();
    const identity = access.ofCookie(`other=1; ${first}; more=2`)!;
    expect(identity).toMatchObject({ name: 'admin', by: 'session' });
    access.signOut(identity);
    expect([access.isOpen(identity), access.ofCookie(first)]).toEqual([false, undefined]);
    const idle = await begin();
    clock.advance(24 * 3_600_000);
    expect(access.ofCookie(idle)).toBeUndefined();
    const used = await begin();
    for (let day = 1; day < 7 * 2; day++) {
      clock.advance(SESSION_MS / 14);
      expect(access.ofCookie(used)).toBeDefined();
    }
    clock.advance(SESSION_MS / 14);
    expect(access.ofCookie(used)).toBeUndefined();
  });

  it('is not fooled by cookies that nobody was given', () => {
    const { access } = setUp();
    const cookies = [
      '',
      SESSION_COOKIE,
      `${SESSION_COOKIE}=`,
      `${SESSION_COOKIE}=${'A'.repeat(43)}`,
      ';'.repeat(100_000),
    ];
    for (const cookie of cookies) expect(access.ofCookie(cookie)).toBeUndefined();
  });

  it('gives a cookie that no script reads and no other site sends', () => {
    expect(sessionCookie('T', { isSecure: true, path: '/radio/' })).toBe(
      'distream_session=T; Path=/radio/; HttpOnly; SameSite=Strict; Max-Age=604800; Secure',
    );
    expect(sessionCookie('', { isSecure: false, path: '/' })).toContain('Max-Age=0');
  });
});

describe('a token', () => {
  it('opens as itself only', () => {
    const { access } = setUp();
    expect(access.ofBearer(`Bearer ${'t'.repeat(30)}`)).toEqual({ name: 'grafana', by: 'token' });
    for (const header of ['Bearer', 'Bearer x', `Bearer ${'t'.repeat(31)}`, `Bearer ${'t'.repeat(100_000)}`]) {
      expect(access.ofBearer(header)).toBeUndefined();
    }
  });
});
