import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testRegistries } from '../../test/support/config-modules.ts';
import { loadYamlFile } from './load.ts';
import { ConfigurationError } from './problems.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function load(text: string, env: Record<string, string> = {}) {
  const file = join(folder, 'distream.yaml');
  writeFileSync(file, text, { mode: 0o600 });
  return loadYamlFile(file, { env, secrets: 'make', registries: testRegistries });
}

async function problemsOf(text: string, env: Record<string, string> = {}): Promise<string[]> {
  const error = await load(text, env).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as ConfigurationError).problems.map((problem) =>
    `${problem.code} ${problem.message} | ${problem.remedy}`.replaceAll(folder, ''),
  );
}

const MINIMAL = `streams:
  morning:
    input: { type: studio, mount: /studio }
    outputs: [{ type: players, mount: /live.mp3 }]
`;

describe('loadYamlFile', () => {
  it('fills every default and makes the passwords that were left out', async () => {
    const { config, credentials } = await load(MINIMAL);
    expect(config.http).toMatchObject({ host: '::', port: 8000, tls: undefined, trustedProxies: [] });
    expect(config.log).toEqual({ level: 'info', file: undefined });
    const [stream] = config.streams;
    expect(stream).toMatchObject({
      name: 'morning',
      buffer: { ms: 60_000 },
      reserve: { ms: 0 },
      start: 'now',
      fragmentMs: 500,
      silenceMs: 2000,
      input: { options: { mount: '/studio', user: 'source', retries: 3, loop: true } },
      outputs: [{ options: { mount: '/live.mp3' } }],
    });
    expect(stream?.input.options.password).toBe(credentials.secrets.get('streams.morning.input.password'));
    expect(config.admin).toEqual({ user: 'admin', password: credentials.secrets.get('admin.password'), tokens: [] });
    const again = await load(MINIMAL);
    expect(again.config.admin.password).toBe(config.admin.password);
  });

  it('plays a stream over a line as far behind as the buffer, unless told otherwise', async () => {
    const stream = (more: string) => `streams: { a: { ${more} input: { type: pull, url: "http://x/" } } }`;
    expect((await load(stream('buffer: 25s,'))).config.streams[0]?.reserve).toEqual({ ms: 25_000 });
    expect((await load(stream('buffer: 400KiB,'))).config.streams[0]?.reserve).toEqual({ bytes: 409_600 });
    expect((await load(stream('reserve: 3s,'))).config.streams[0]?.reserve).toEqual({ ms: 3000 });
    expect(await problemsOf(stream('buffer: 5s, reserve: 6s,'))).toEqual([
      'CONFIG_INVALID /distream.yaml:1:29: streams.a.reserve: the reserve is larger than the buffer | Raise `buffer`, or lower `reserve`.',
    ]);
  });

  it('tells every problem at once, with its place and what is allowed', async () => {
    const problems = await problemsOf(`htp: {}
http: { port: 99999, host: 1 }
streams:
  morning:
    bufer: 60s
    start: fll
    silence: 2
    input: { type: studio, mount: studio, pasword: x }
    outputs:
      - { type: player, mount: /live.mp3 }
      - { mount: /x }
      - { type: players }
`);
    expect(problems).toEqual([
      'CONFIG_INVALID /distream.yaml:1:1: htp: there is no key "htp" here | Did you mean "http"? Allowed: http, admin, egress, link, tracks, log, streams.',
      expect.stringContaining('/distream.yaml:2:9: http.port: must be at most 65534'),
      expect.stringMatching(/2:22: http.host: expected text, found a number \| Put the value in quotes/),
      expect.stringMatching(
        /5:5: streams.morning.bufer: there is no key "bufer" here \| Did you mean "buffer"\? Allowed: buffer,/,
      ),
      expect.stringMatching(
        /6:5: streams.morning.start: this value is not allowed \| Did you mean "full"\? Allowed: now, full\./,
      ),
      expect.stringMatching(/7:5: streams.morning.silence: expected a duration such as 500ms.*found a number/),
      expect.stringMatching(/8:28: streams.morning.input.mount: expected a path such as \/live.mp3/),
      expect.stringMatching(
        /8:43: streams.morning.input.pasword: .* \| Did you mean "password"\? Allowed: type, mount, user/,
      ),
      expect.stringMatching(
        /MODULE_UNKNOWN .*10:11: streams.morning.outputs\[0\].type: there is no output of type "player" \| Use one of: players, recorder/,
      ),
      expect.stringMatching(/11:9: streams.morning.outputs\[1\].type: this key is missing/),
      expect.stringMatching(
        /12:9: streams.morning.outputs\[2\].mount: this key is missing; expected text \| Where they listen\./,
      ),
    ]);
  });

  it('refuses a mount that is claimed twice, and a recording twice', async () => {
    const outputs = (list: string) =>
      `streams: { a: { input: { type: studio, mount: /s }, outputs: [${list}] }, b: { input: { type: studio, mount: /s } } }`;
    const problems = await problemsOf(
      outputs(
        '{ type: players, mount: /x }, { type: players, mount: /x }, { type: recorder, path: y }, { type: recorder, path: ./y }',
      ),
    );
    expect(problems).toEqual([
      expect.stringContaining('streams.a.outputs[1]: the mount /x is claimed already by streams.a.outputs[0]'),
      expect.stringMatching(/outputs\[3\]: the recording .*\/y is claimed already by streams.a.outputs\[2\]/),
      expect.stringContaining('streams.b.input: the mount /s is claimed already by streams.a.input'),
    ]);
  });

  it('refuses a second input on standard input', async () => {
    const inputs = (a: string, b: string) =>
      `streams: { a: { input: { type: pipe${a} } }, b: { input: { type: studio, mount: /s }, fallback: [{ type: pipe${b} }] } }`;
    expect(await problemsOf(inputs('', ''))).toEqual([
      expect.stringMatching(
        /^MODULE_UNFIT .*streams.b.fallback\[0\]: standard input is claimed already by streams.a.input \| Give one of the two a `path`/,
      ),
    ]);
    await load(inputs('', ', path: fifo'));
  });

  it('warns of a stream without outputs', async () => {
    const { config } = await load('streams: { a: { input: { type: studio, mount: /s } } }');
    expect(config.warnings).toEqual([expect.stringContaining('the stream has no outputs')]);
  });

  it('says which file is missing', async () => {
    const options = { env: {}, secrets: 'make' } as const;
    await expect(loadYamlFile(join(folder, 'none.yaml'), options)).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
    await expect(loadYamlFile(folder, options)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });
});
