import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testRegistries } from '../../test/support/config-modules.ts';
import { loadYamlFile } from './load.ts';
import { isLoopback, weaknessOf } from './weak-passwords.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-security-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(host: string, password: string, door = '{ host: 127.0.0.1, port: 1 }', admin = 'a good password') {
  const file = join(folder, 'distream.yaml');
  const text = `http: { host: "${host}" }
admin: { password: "${admin}" }
streams:
  a:
    input: { type: studio, mount: /s, password: "${password}" }
    outputs: [{ type: door, listen: ${door}, password: hackme }]
  b:
    input: { type: pull, url: "http://x", password: hackme }
`;
  writeFileSync(file, text, { mode: 0o600 });
  return loadYamlFile(file, { env: {}, secrets: 'preview', registries: testRegistries });
}

describe('a known bad password', () => {
  it.each(['', 'hackme', 'ChangeMe', ' secret ', 'distreamer', 'abc123', 'source'])(
    '%j does not guard an open port',
    async (password) => {
      await expect(load('::', password)).rejects.toMatchObject({
        code: 'CONFIG_INSECURE',
        message: expect.stringMatching(
          /:5:39: streams.a.input.password: the password is .*, and :: is reached by others/,
        ),
      });
    },
  );

  it.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1'])('is allowed on %s', async (host) => {
    await expect(load(host, 'hackme', undefined, 'hackme')).resolves.toBeDefined();
  });

  it.each(['0.0.0.0', '192.168.1.2', 'localhost.example.org', '128.0.0.1'])(
    'is not allowed for the administrator on %s',
    async (host) => {
      await expect(load(host, 'a good one', undefined, 'admin')).rejects.toThrow(
        'admin.password: the password is an example',
      );
    },
  );

  it('is judged by the address of a module that listens by itself', async () => {
    await expect(load('127.0.0.1', 'hackme', '{ port: 1 }')).rejects.toThrow('streams.a.outputs[0].password');
  });

  it('never appears in the message', async () => {
    const error = (await load('::', 'hackme').catch((thrown: unknown) => thrown)) as Error;
    expect(JSON.stringify(error) + error.message).not.toContain('hackme');
  });
});

describe('weaknessOf', () => {
  it('lets other passwords be', () => {
    expect(weaknessOf('correct horse')).toBeUndefined();
    expect(weaknessOf('Studio', 'studio')).toBe('the password is the same as the user');
  });
});

describe('isLoopback', () => {
  it('takes no other name for this machine', () => {
    expect(['127.0.0.1.example.org', '0x7f.1', '2130706433', '127.1', '0.0.0.0', '::', ''].filter(isLoopback)).toEqual(
      [],
    );
  });
});
