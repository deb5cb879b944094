import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeIo } from '../../../test/support/fake-io.ts';
import { readPasswordFile } from '../../node/access/password-file.ts';
import { verifyPassword } from '../../node/access/password-hash.ts';
import { runDistream } from '../main.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-passwd-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const FILE = join(folder, '.distream', 'passwords.json');

async function run(args: string[], world: { typed?: string[]; piped?: string }) {
  const io = new FakeIo();
  const { typed = [], piped = '' } = world;
  const asked = Object.assign(io, {
    askSecret: async () => typed.shift(),
    readInput: async () => piped,
  });
  const code = await runDistream(['passwd', ...args], asked);
  return { code, out: io.stdout, err: io.stderr };
}

describe('distream passwd', () => {
  it('asks twice and keeps a hash that only its owner reads', async () => {
    const typed = ['correct horse', 'correct horse'];
    const { code, out } = await run([join(folder, 'node.yaml')], { typed });
    expect([code, out.includes(FILE), out.includes('horse')]).toEqual([0, true, false]);
    expect(statSync(FILE).mode & 0o077).toBe(0);
    expect(readFileSync(FILE, 'utf8')).not.toContain('horse');
    expect(await verifyPassword('correct horse', readPasswordFile(FILE).get('admin')!)).toBe(true);
  });

  it('takes the first line of what is piped in, for another user', async () => {
    const { code } = await run(['--user', 'ada', join(folder, 'node.yaml')], { piped: 'from a script\r\nmore\n' });
    expect(code).toBe(0);
    const users = readPasswordFile(FILE);
    expect([...users.keys()]).toContain('ada');
    expect(await verifyPassword('from a script', users.get('ada')!)).toBe(true);
  });

  it('changes nothing when the two differ, or the password is short', async () => {
    const before = readFileSync(FILE, 'utf8');
    for (const world of [{ typed: ['one password', 'two password'] }, { piped: 'short\n' }, { piped: '' }]) {
      expect((await run([join(folder, 'node.yaml')], world)).code).toBe(2);
    }
    expect((await run(['--user', 'a:b', join(folder, 'node.yaml')], { piped: 'long enough\n' })).code).toBe(2);
    expect(readFileSync(FILE, 'utf8')).toBe(before);
  });

  it('makes tokens, a new one each time', async () => {
    const first = JSON.parse((await run(['--token', '--json'], {})).out);
    expect(first.token).toMatch(/^[\w-]{43}$/);
    expect(first.sha256).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(JSON.parse((await run(['--token', '--json'], {})).out).token).not.toBe(first.token);
  });
});
