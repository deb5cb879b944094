// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax under test
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LinkModuleOptions, linkOptionsOf } from '../modules/link-options.ts';
import { generatePrivateKey, generateSharedKey, parseKey, publicKeyOf } from '../protocols/link/keys.ts';
import { effectiveConfig, effectiveYaml } from './effective.ts';
import { generatedSecrets } from './generated-secrets.ts';
import { type LoadedConfig, loadYamlFile } from './load.ts';
import { ConfigurationError } from './problems.ts';

const PRIVATE = generatePrivateKey();
const PUBLIC = publicKeyOf(generatePrivateKey())!;
const SHARED = generateSharedKey();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-link-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string, secrets: 'make' | 'preview' = 'preview'): Promise<LoadedConfig> {
  const file = join(folder, 'distream.yaml');
  writeFileSync(file, text, { mode: 0o600 });
  return loadYamlFile(file, { env: { KEY: PRIVATE }, secrets });
}

const stream = (input: string, rest = '') => `${rest}
streams:
  morning:
    input: { type: link, ${input} }
    outputs: [{ type: icecast, mount: /live }]
`;

async function problemsOf(text: string): Promise<string[]> {
  const error = await load(text).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConfigurationError)) throw error ?? new Error('no problem was found');
  return error.problems.map(({ message }) => message.replace(folder, ''));
}

async function optionsOf(text: string) {
  const { config } = await load(stream(text));
  return linkOptionsOf(config.streams[0]!.input.options as LinkModuleOptions, 25_000);
}

describe('the options of a link', () => {
  it('say where to dial, and whom', async () => {
    expect(
      await optionsOf(
        `to: ["relay.example:4100", "wss://b/link"], from: [192.0.2.1], peer: ${PUBLIC}, maxRate: 2Mbit/s, policy: spread, proxy: "http://u:p@proxy:3128", key: "\${KEY}"`,
      ),
    ).toEqual({
      to: [
        { carrier: 'udp', host: 'relay.example', port: 4100, path: '/' },
        { carrier: 'tls', host: 'relay.example', port: 4100, path: '/' },
        { carrier: 'wss', host: 'b', port: 443, path: '/link' },
      ],
      from: ['192.0.2.1'],
      listen: undefined,
      peers: [{ name: 'relay.example', publicKey: PUBLIC }],
      sharedKey: undefined,
      privateKey: PRIVATE,
      policy: 'spread',
      maxBytesPerSecond: 250_000,
      reserveMs: 25_000,
      proxy: 'http://u:p@proxy:3128',
    });
  });

  it('say where to wait, and for whom', async () => {
    expect(await optionsOf(`listen: {}, peers: { studio: ${PUBLIC}, van: ${PUBLIC} }`)).toMatchObject({
      to: [],
      listen: { host: '::', port: 4090 },
      peers: [
        { name: 'studio', publicKey: PUBLIC },
        { name: 'van', publicKey: PUBLIC },
      ],
      policy: 'race',
    });
    expect(await optionsOf(`to: relay, sharedKey: ${SHARED}`)).toMatchObject({
      peers: [{ name: 'relay', publicKey: undefined }],
      sharedKey: SHARED,
    });
  });

  it.each([
    ['', ['input.to: say where to connect', 'input.peer: say who the other side is']],
    [`to: a, listen: {}, peer: ${PUBLIC}`, ['input.listen: a side either dials']],
    [`to: a, peer: ${PUBLIC}, sharedKey: ${SHARED}`, ['input.sharedKey: only one of']],
    [`to: a, peers: { b: ${PUBLIC} }`, ['input.peers: a side that dials has one peer']],
    [`listen: {}, peer: ${PUBLIC}, proxy: "http://p:1"`, ['input.proxy: this is for a side that dials']],
    [`to: a, sharedKey: ${SHARED}, key: ${PRIVATE}`, ['input.key: with a shared key']],
    [`to: "http://a", peer: ${PUBLIC}`, ['input.to: expected an address such as relay.example:4090']],
    [`to: [a, "b c"], peer: ${PUBLIC}`, ['input.to[1]: expected an address such as']],
    [`to: a, peer: ${PUBLIC}, from: [b]`, ['input.from[0]: expected an address of this machine']],
    [`to: a, peer: ${PUBLIC}, maxRate: 2MB`, ['input.maxRate: expected a rate such as 500kbit/s']],
    [`to: a, peer: ${PUBLIC}, maxRate: 1kbit/s`, ['input.maxRate: must be at least 8kbit/s']],
    [`to: a, peer: ${PUBLIC}, proxy: "socks://canary@p:1"`, ['input.proxy: expected a proxy such as']],
    [`to: a, peer: ${PRIVATE}`, ['input.peer: this is a private key; a public key']],
    [`to: a, peer: ${PUBLIC.slice(0, -3)}`, ['input.peer: the key is cut off']],
    [`listen: {}, peers: { b: ${PUBLIC}, c: ${SHARED} }`, ['input.peers.c: this is a shared key']],
    [`to: a, sharedKey: canary`, ['input.sharedKey: a shared key begins with dsshared_']],
  ])('with { %s } are refused with their place', async (options, expected) => {
    const problems = await problemsOf(stream(options));
    expect(problems).toEqual(expected.map(() => expect.stringMatching(/^\/distream.yaml:4:\d+: streams.morning./)));
    for (const [index, text] of expected.entries()) expect(problems[index]).toContain(text);
    expect(problems.join()).not.toMatch(/canary|dskey_[^.]|dsshared_[^. ,]/);
  });
});

describe('the key of the node', () => {
  const plain = stream(`to: a, peer: ${PUBLIC}`);

  it('is made once when a stream needs it, and only its public half is shown', async () => {
    const { config, credentials, secrets } = await load(plain, 'make');
    expect(parseKey(config.linkKey!, 'private').kind).toBe('private');
    expect(secrets).toContain(config.linkKey);
    const again = await load(plain, 'make');
    expect(again.config.linkKey).toBe(config.linkKey);
    const shown = generatedSecrets(again).find(({ key }) => key === 'link.key')!;
    expect(shown).toMatchObject({
      password: undefined,
      publicKey: publicKeyOf(config.linkKey!),
      use: expect.stringContaining('peer:'),
    });
    expect(JSON.stringify(generatedSecrets(again))).not.toContain('dskey_');
    expect(readFileSync(credentials.path, 'utf8')).toContain(config.linkKey);
    const yaml = effectiveYaml(effectiveConfig(again.parts));
    expect(yaml).toContain('link:\n  key: "********" # made once; see: distream credentials');
  });

  it('is not made yet when the configuration is only looked at', async () => {
    const shown = generatedSecrets(await load(plain)).find(({ key }) => key === 'link.key')!;
    expect(shown.publicKey).toBeUndefined();
  });

  it.each([
    [
      'no link',
      'streams: { a: { input: { type: icecast, url: "http://a/b" }, outputs: [{ type: icecast, mount: /l }] } }',
    ],
    ['a key of its own', stream(`to: a, peer: ${PUBLIC}, key: ${PRIVATE}`)],
    ['a shared key', stream(`to: a, sharedKey: ${SHARED}`)],
  ])('is not made for %s', async (_, text) => {
    const loaded = await load(text);
    expect(loaded.config.linkKey).toBeUndefined();
    expect(effectiveYaml(effectiveConfig(loaded.parts))).not.toMatch(/^link:/m);
  });

  it('is taken from the configuration, a variable or a file, and masked', async () => {
    writeFileSync(join(folder, 'link.key'), `${PRIVATE}\n`, { mode: 0o600 });
    for (const key of [PRIVATE, '"${KEY}"', '{ file: link.key }']) {
      const loaded = await load(stream(`to: a, peer: ${PUBLIC}, proxy: "http://canary@p:1"`, `link: { key: ${key} }`));
      expect(loaded.config.linkKey).toBe(PRIVATE);
      const yaml = effectiveYaml(effectiveConfig(loaded.parts));
      expect(yaml).not.toMatch(/dskey_|canary/);
      expect(yaml).toContain(PUBLIC);
      expect(generatedSecrets(loaded).some((secret) => secret.key === 'link.key')).toBe(false);
    }
  });

  it('is refused with its place when it is no private key', async () => {
    const [problem] = await problemsOf(stream(`to: a, peer: ${PUBLIC}`, `link: { key: ${PUBLIC} }`));
    expect(problem).toMatch(/^\/distream.yaml:1:9: link.key: this is a public key; a private key/);
    const state = join(folder, '.distream');
    await load(plain, 'make');
    writeFileSync(
      join(state, 'credentials.json'),
      '{"version":1,"secrets":{"link.key":"canary","admin.password":"a-long-one"}}',
      {
        mode: 0o600,
      },
    );
    const problems = await problemsOf(plain);
    expect(problems).toEqual([
      expect.stringContaining('the credentials file: link.key: a private key begins with dskey_'),
    ]);
  });
});

describe('a buffer', () => {
  const withBuffer = (buffer: string) =>
    stream(`to: a, peer: ${PUBLIC}`).replace('    input', `    buffer: ${buffer}\n    input`);

  it('may name a folder, relative to the file, and each stream has its own in it', async () => {
    const { config, parts } = await load(withBuffer('{ keep: 25s, path: keep }'));
    expect(config.streams[0]).toMatchObject({
      buffer: { ms: 25_000 },
      reserve: { ms: 25_000 },
      keepPath: join(folder, 'keep', 'morning'),
    });
    const yaml = effectiveYaml(effectiveConfig(parts));
    expect(yaml).toContain('keep: 25s');
    expect(yaml).toMatch(/reserve: 25s # default/);
    expect((await load(withBuffer('30s'))).config.streams[0]).not.toHaveProperty('keepPath');
  });

  it.each([
    ['{ keep: 25s }', 'buffer.path: this key is missing'],
    ['{ keep: 25, path: a }', 'buffer.keep: expected a duration such as 60s or a size'],
    ['{ keep: 25s, paht: a }', 'buffer.path: this key is missing'],
    ['{ keep: 25s, path: a, more: 1 }', 'buffer.more: there is no key "more" here'],
    ['25', 'buffer: expected'],
    ['25x', 'buffer: expected a duration such as 60s or a size'],
  ])('%s is refused with its place', async (buffer, expected) => {
    const [problem] = await problemsOf(withBuffer(buffer));
    expect(problem).toContain(`streams.morning.${expected}`);
  });
});
