import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeIo } from '../../test/support/fake-io.ts';
import { type LocalNode, localNode, type SignInOptions, signInTo } from './sign-in.ts';

const LOCAL: LocalNode = { port: 8000, login: { user: 'boss', password: 'made' } };

function login(address: string, options: SignInOptions = {}, password?: string, local: LocalNode | undefined = LOCAL) {
  const io = new FakeIo(password === undefined ? {} : { DISTREAM_ADMIN_PASSWORD: password });
  return signInTo(new URL(address), options, local, io);
}

describe('signInTo', () => {
  it('takes the password of the variable, for this machine and over https', () => {
    for (const address of ['http://localhost:9', 'http://127.0.0.1', 'http://[::1]:1', 'https://radio.example.org']) {
      expect(login(address, {}, 'pw')).toEqual({ login: { user: 'admin', password: 'pw' }, isGuess: false });
    }
    expect(login('http://127.0.0.1', { user: 'ann' }, 'pw')?.login.user).toBe('ann');
  });

  it('sends no password over a network in the clear, unless told to', () => {
    expect(login('http://radio.example.org', {}, 'pw')).toBeUndefined();
    expect(login('http://10.0.0.1:8000', {}, 'pw')).toBeUndefined();
    expect(() => login('http://radio.example.org', { user: 'ann' }, 'pw')).toThrow('in the clear');
    expect(() => login('http://ann:secret@radio.example.org')).toThrow('to radio.example.org in the clear');
    expect(login('http://10.0.0.1', { insecure: true }, 'pw')?.login.password).toBe('pw');
  });

  it('takes what the address says before the variable, decoded', () => {
    expect(login('https://ann:a%40b@h', {}, 'pw')?.login).toEqual({ user: 'ann', password: 'a@b' });
    expect(login('https://ann:50%@h', {}, 'pw')?.login.password).toBe('50%');
    expect(login('https://ann@h', {}, 'pw')?.login).toEqual({ user: 'ann', password: 'pw' });
  });

  it('uses the configuration of this machine for its own port only', () => {
    expect(login('http://localhost:8000')).toEqual({ login: { user: 'boss', password: 'made' }, isGuess: true });
    expect(login('http://localhost:9000')).toBeUndefined();
    expect(login('https://radio.example.org:8000')).toBeUndefined();
    expect(login('http://localhost:9000', { config: 'x.yaml' })).toMatchObject({ isGuess: false });
    expect(login('http://localhost:8000', {}, undefined, { port: 8000, login: undefined })).toBeUndefined();
  });

  it('says that a password is missing for who wants to sign in', () => {
    expect(() => login('https://radio.example.org', { user: 'ann' })).toThrow(
      'set the variable DISTREAM_ADMIN_PASSWORD',
    );
  });
});

describe('localNode', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'distream-sign-in-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function read(yaml: string) {
    const config = join(folder, 'node.yaml');
    writeFileSync(config, yaml, { mode: 0o600 });
    return localNode({ config }, new FakeIo());
  }
  const streams = 'streams: { a: { input: { type: source, mount: /in }, outputs: [] } }';

  it('knows the password that stands in the configuration, or that the node made, and makes none', async () => {
    const written = `http: { port: 9000 }\nadmin: { user: ann, password: long-enough-word }\n${streams}`;
    expect(await read(written)).toEqual({ port: 9000, login: { user: 'ann', password: 'long-enough-word' } });
    expect(await read(`http: { port: 9000 }\n${streams}`)).toEqual({ port: 9000, login: undefined });
    mkdirSync(join(folder, '.distream'));
    const made = { version: 1, secrets: { 'admin.password': 'made-word' } };
    writeFileSync(join(folder, '.distream', 'credentials.json'), JSON.stringify(made), { mode: 0o600 });
    expect(await read(`http: { port: 9000 }\n${streams}`)).toMatchObject({ login: { password: 'made-word' } });
  });

  it('tells of a file that was named and cannot be used', async () => {
    await expect(localNode({ config: join(folder, 'none.yaml') }, new FakeIo())).rejects.toThrow(
      'no configuration file',
    );
    expect(await localNode({}, new FakeIo())).toBeUndefined();
  });
});
