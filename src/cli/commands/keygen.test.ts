import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeIo } from '../../../test/support/fake-io.ts';
import { parseKey, publicKeyOf } from '../../protocols/link/keys.ts';
import { runDistream } from '../main.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-keygen-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function keygen(...args: string[]) {
  const io = new FakeIo();
  const code = await runDistream(['keygen', ...args], io);
  return { code, out: io.stdout, err: io.stderr };
}

describe('distream keygen', () => {
  it('prints a private key and its public key, new each time', async () => {
    const { code, out, err } = await keygen();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [privateKey] = /dskey_\S+/.exec(out)!;
    expect(/dspub_\S+/.exec(out)![0]).toBe(publicKeyOf(privateKey));
    expect((await keygen()).out).not.toBe(out);
  });

  it('prints JSON', async () => {
    const pair = JSON.parse((await keygen('--json')).out);
    expect(pair).toEqual({ privateKey: pair.privateKey, publicKey: publicKeyOf(pair.privateKey) });
    const shared = JSON.parse((await keygen('--json', '--shared')).out);
    expect(shared).toEqual({ sharedKey: shared.sharedKey });
    expect(parseKey(shared.sharedKey, 'shared').kind).toBe('shared');
  });

  it('prints a shared key alone, for `KEY=$(distream keygen --shared)`', async () => {
    const { out, err } = await keygen('--shared');
    expect(out).toMatch(/^dsshared_\S+\n$/);
    expect(parseKey(out.trim(), 'shared').kind).toBe('shared');
    expect(err).toContain('at both sides, and nowhere else');
  });

  it('keeps a private key in a file for its owner alone, prints the public one, and never overwrites', async () => {
    const file = join(folder, 'link.key');
    const { code, out, err } = await keygen('--out', file);
    expect(code).toBe(0);
    expect(out + err).not.toContain('dskey_');
    const kept = readFileSync(file, 'utf8');
    expect(out).toBe(`${publicKeyOf(kept)}\n`);
    expect(err).toContain('only you can read');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await keygen('--out', file);
    expect([again.code, again.out]).toEqual([2, '']);
    expect(again.err).toContain('is there already');
    expect(readFileSync(file, 'utf8')).toBe(kept);
    expect((await keygen('--public-of', file)).out).toBe(`${publicKeyOf(kept)}\n`);
    expect(JSON.parse((await keygen('--public-of', file, '--json')).out)).toEqual({ publicKey: publicKeyOf(kept) });
  });

  it('keeps a shared key in a file and does not print it', async () => {
    const file = join(folder, 'shared.key');
    const { out, err } = await keygen('--shared', '--out', file);
    expect(out + err).not.toContain('dsshared_');
    expect(parseKey(readFileSync(file, 'utf8'), 'shared').kind).toBe('shared');
  });

  it.each([
    ['a public key', 'dspub_xWU1nA15dwEdGsH-Dq4d1UsNeh7fJIfmxcWkidj_vXHePvn_', 'this is a public key'],
    ['a cut key', 'dskey_abc', 'cut off'],
    ['other text', 'canary', 'begins with dskey_'],
  ])('tells that a file holds %s', async (_, text, reason) => {
    const file = join(folder, 'x');
    writeFileSync(file, text);
    const { code, out, err } = await keygen('--public-of', file);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(reason);
    expect(err).not.toContain('canary');
  });

  it('tells that a file is not there or cannot be written', async () => {
    expect(await keygen('--public-of', join(folder, 'none'))).toMatchObject({ code: 1 });
    expect(await keygen('--out', join(folder, 'none', 'key'))).toMatchObject({ code: 1, out: '' });
    expect(await keygen('--public-of', 'x', '--shared')).toMatchObject({ code: 2 });
  });
});
