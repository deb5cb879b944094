// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax under test
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testRegistries } from '../../test/support/config-modules.ts';
import { loadYamlFile } from './load.ts';
import type { ConfigurationError } from './problems.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-values-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(studio: string, env: Record<string, string> = {}, top = '') {
  const file = join(folder, 'distream.yaml');
  writeFileSync(
    file,
    `${top}\nstreams:\n  a:\n    input: { type: studio, mount: /s, ${studio} }\n    outputs: [{ type: players, mount: /a }]\n`,
    { mode: 0o600 },
  );
  return loadYamlFile(file, { env, secrets: 'make', registries: testRegistries });
}

const optionsOf = async (studio: string, env?: Record<string, string>) =>
  (await load(studio, env)).config.streams[0]!.input.options;

async function problemsOf(studio: string, env?: Record<string, string>) {
  const error = (await load(studio, env).catch((thrown: unknown) => thrown)) as ConfigurationError;
  return error.problems.map(({ code, message }) => `${code} ${message}`.replaceAll(`${folder}/`, ''));
}

describe('variables', () => {
  it('stand in any text, more than once, and `$${` is a plain `${`', async () => {
    const options = await optionsOf('user: "${A}-${B}-$${C}", password: "${PW}"', { A: 'x', B: 'y', PW: '1234567' });
    expect(options).toMatchObject({ user: 'x-y-${C}', password: '1234567' });
  });

  it('give numbers and truth values where those are expected', async () => {
    expect(await optionsOf('retries: "${N}", loop: "${L}"', { N: '7', L: 'false' })).toMatchObject({
      retries: 7,
      loop: false,
    });
    expect(await problemsOf('retries: "${N}"', { N: 'seven' })).toEqual([
      expect.stringMatching(
        /^CONFIG_INVALID distream.yaml:4:39: streams.a.input.retries: expected a number, found text/,
      ),
    ]);
  });

  it('are not taken for text that is text', async () => {
    expect(await problemsOf('retries: "7"')).toEqual([expect.stringContaining('expected a number, found text')]);
  });

  it('that are not set are told with line and name, all of them', async () => {
    expect(await problemsOf('user: "${NO_USER}", password: "${NO_PW}", loop: 3')).toEqual([
      'SECRET_UNAVAILABLE distream.yaml:4:39: streams.a.input.user: the variable NO_USER is not set',
      'SECRET_UNAVAILABLE distream.yaml:4:59: streams.a.input.password: the variable NO_PW is not set',
      expect.stringContaining(
        'CONFIG_INVALID distream.yaml:4:81: streams.a.input.loop: expected true or false, found a number',
      ),
    ]);
  });

  it('need a name', async () => {
    for (const text of ['${}', '${A B}', '${A', '${__proto__.x}']) {
      expect(await problemsOf(`user: "${text}"`, { A: 'x' })).toEqual([
        expect.stringContaining('expected the name of a variable'),
      ]);
    }
  });
});

describe('{file: path}', () => {
  const write = (name: string, text: string, mode = 0o600) => writeFileSync(join(folder, name), text, { mode });

  it('is the content of that file without its last line end', async () => {
    write('pw', 'a long password\n');
    write('crlf', ' kept \n\r\n');
    expect(await optionsOf('password: { file: pw }, user: { file: ./crlf }')).toMatchObject({
      password: 'a long password',
      user: ' kept \n',
    });
  });

  it('leaves a map alone that has a key `file` of its own', async () => {
    const { config } = await load('user: u', {}, 'log: { file: a.log }');
    expect(config.log.file).toBe(join(folder, 'a.log'));
  });

  it('tells a file that is not there, a folder, one that is too large', async () => {
    write('large', 'x'.repeat(70_000));
    expect(await problemsOf('password: { file: none }, user: { file: . }, retries: { file: large }')).toEqual([
      expect.stringContaining(
        'SECRET_UNAVAILABLE distream.yaml:4:39: streams.a.input.password: cannot read none: no such file',
      ),
      expect.stringContaining('streams.a.input.user: cannot read .: it is not a file'),
      expect.stringContaining('streams.a.input.retries: cannot read large: it is larger than 64 KiB'),
    ]);
  });

  it.skipIf(process.platform === 'win32')('warns when everybody may read a secret', async () => {
    write('pw', 'a long password');
    chmodSync(join(folder, 'pw'), 0o644);
    const { config } = await load('password: { file: pw }');
    expect(config.warnings).toEqual([
      expect.stringContaining('everybody on this machine can read pw; run: chmod 600 pw'),
    ]);
  });
});

describe.skipIf(process.platform === 'win32')('a configuration that everybody may read', () => {
  it('is warned of when a secret stands in it', async () => {
    const reload = async () => {
      chmodSync(join(folder, 'distream.yaml'), 0o644);
      const options = { env: { PW: 'a long password' }, secrets: 'make', registries: testRegistries } as const;
      return (await loadYamlFile(join(folder, 'distream.yaml'), options)).config.warnings;
    };
    await load('password: a long password');
    expect(await reload()).toEqual([
      expect.stringContaining('holds passwords and everybody on this machine can read it'),
    ]);
    await load('password: "${PW}"', { PW: 'x' });
    expect(await reload()).toEqual([]);
  });
});
