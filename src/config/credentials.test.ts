import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testRegistries } from '../../test/support/config-modules.ts';
import { CredentialPreview, CredentialStore, makeSecret, stateDirOf } from './credentials.ts';
import { generatedSecrets } from './generated-secrets.ts';
import { loadYamlFile } from './load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-credentials-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('makeSecret', () => {
  it('makes four groups of five letters and digits that nobody mistakes', () => {
    const made = new Set(Array.from({ length: 100 }, makeSecret));
    expect(made.size).toBe(100);
    for (const secret of made) expect(secret).toMatch(/^([a-hjkmnp-tw-z2-9]{5}-){3}[a-hjkmnp-tw-z2-9]{5}$/);
  });
});

describe('CredentialStore', () => {
  it('keeps what was made, in a file that only its owner reads', () => {
    const dir = join(folder, 'state');
    const store = CredentialStore.open(dir);
    const password = store.obtain('admin.password');
    expect(store.obtain('admin.password')).toBe(password);
    store.save();
    expect(readdirSync(dir)).toEqual(['credentials.json']);
    if (process.platform !== 'win32') {
      expect(statSync(store.path).mode & 0o777).toBe(0o600);
      expect(statSync(dir).mode & 0o777).toBe(0o700);
    }
    const again = CredentialStore.open(dir);
    expect(again.obtain('admin.password')).toBe(password);
    expect(again.madeCount).toBe(0);
  });

  it('writes nothing when nothing was made', () => {
    const store = CredentialStore.open(folder);
    store.save();
    new CredentialPreview(store).obtain('a');
    store.save();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('shuts a file that others may read, and says so', () => {
    const store = CredentialStore.open(folder);
    store.obtain('a');
    store.save();
    chmodSync(store.path, 0o644);
    const warnings: string[] = [];
    CredentialStore.open(folder, warnings);
    expect(warnings).toEqual([expect.stringContaining('could be read by others')]);
    expect(statSync(store.path).mode & 0o777).toBe(0o600);
  });

  it.each(['', '{', '[]', '{"version":2,"secrets":{}}', '{"version":1,"secrets":{"a":1}}'])(
    'refuses the file %j without quoting it',
    (text) => {
      writeFileSync(join(folder, 'credentials.json'), text, { mode: 0o600 });
      expect(() => CredentialStore.open(folder)).toThrow(/credentials.json: it (is not JSON|does not have the shape)/);
    },
  );

  it('says what to do when it cannot be written', () => {
    writeFileSync(join(folder, 'file'), '');
    const store = CredentialStore.open(folder);
    expect(store.obtain('a')).toBeTruthy();
    const inFile = CredentialStore.open(join(folder, 'missing'));
    inFile.obtain('a');
    writeFileSync(join(folder, 'missing'), 'in the way');
    expect(() => inFile.save()).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('DISTREAM_STATE_DIR') }),
    );
  });
});

describe('stateDirOf', () => {
  it('is beside the configuration, or where the variable says', () => {
    expect(stateDirOf(folder, {})).toBe(join(folder, '.distream'));
    expect(stateDirOf(folder, { DISTREAM_STATE_DIR: '/var/lib/x' })).toBe('/var/lib/x');
  });
});

describe('generatedSecrets', () => {
  async function secretsOf(text: string, secrets: 'make' | 'preview') {
    const file = join(folder, 'distream.yaml');
    writeFileSync(file, text, { mode: 0o600 });
    return loadYamlFile(file, { env: {}, secrets, registries: testRegistries });
  }

  const outputs = (list: string) => `streams: { a: { input: { type: studio, mount: /s }, outputs: [${list}] } }`;
  const door = (port: number) => `{ type: door, listen: { port: ${port} } }`;

  it('lists what is left out, made or not', async () => {
    const before = generatedSecrets(await secretsOf(outputs(door(1)), 'preview'));
    expect(before.map(({ key, password }) => [key, password])).toEqual([
      ['admin.password', undefined],
      ['streams.a.input.password', undefined],
      ['streams.a.outputs.door.password', undefined],
    ]);
    expect(readdirSync(folder)).toEqual(['distream.yaml']);
    const loaded = await secretsOf(outputs(door(1)), 'make');
    expect(loaded.madeSecrets).toBe(3);
    const made = generatedSecrets(loaded);
    expect(made[1]).toMatchObject({ user: 'source', password: loaded.config.streams[0]?.input.options.password });
    expect(JSON.parse(readFileSync(loaded.credentials.path, 'utf8')).secrets['admin.password']).toBe(made[0]?.password);
  });

  it('keeps a password when another output is put before', async () => {
    const one = await secretsOf(outputs(door(1)), 'make');
    const two = await secretsOf(outputs(`{ type: players, mount: /x }, ${door(1)}, ${door(2)}`), 'make');
    const passwords = two.config.streams[0]!.outputs.map((use) => use.options.password);
    expect(passwords[1]).toBe(one.config.streams[0]!.outputs[0]!.options.password);
    expect(passwords[2]).not.toBe(passwords[1]);
  });

  it('leaves out what the configuration names', async () => {
    const text = `admin: { password: not an example }\n${outputs('')}`;
    expect(generatedSecrets(await secretsOf(text, 'make')).map(({ key }) => key)).toEqual(['streams.a.input.password']);
  });
});
