import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectiveConfig, effectiveJson } from '../effective.ts';
import { loadConfig, loadDistreamerDefault } from '../load.ts';
import { ConfigurationError } from '../problems.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-ini-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(text: string, name = 'jazz.conf'): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const options = { env: {}, secrets: 'make' } as const;
const load = (text: string) => loadConfig([write(text)], options);

async function problemsOf(text: string): Promise<string[]> {
  const error = await load(text).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as ConfigurationError).problems.map((one) =>
    `${one.message} | ${one.remedy}`.replaceAll(`${folder}/`, ''),
  );
}

const PULL = '[INPUT]\nMODE=ShoutcastClient\nSTREAMURL=http://studio:8000/live\n';
const PLAYERS = '[OUTPUT]\nMODE=ShoutcastServer\n';

describe('a DiStreamer configuration', () => {
  it('becomes a stream that plays MINFRAGMENTS behind when the buffer has so many', async () => {
    const { config } = await load(`${PULL}GETMETADATA=No\nHTTPTIMEOUT=2.5\n${PLAYERS}PORT=8090\nREQUIREURL=live\n`);
    expect(config.http).toBeUndefined();
    expect(config.warnings).toEqual([]);
    expect(config.streams).toMatchObject([
      {
        name: 'jazz',
        buffer: { bytes: 409_600 },
        reserve: { bytes: 409_600 },
        start: 'full',
        input: {
          module: { type: 'icecast' },
          options: { url: 'http://studio:8000/live', metadata: false, timeout: 2500 },
        },
        outputs: [
          {
            module: { type: 'distreamer-shoutcast-server' },
            options: { listen: { host: '0.0.0.0', port: 8090 }, requireUrl: 'live', timeout: 30_000 },
          },
        ],
      },
    ]);
  });

  it('begins at once with MINFRAGMENTS=0, and waits for no more than the buffer holds', async () => {
    const none = await load(`${PULL}${PLAYERS}MINFRAGMENTS=0\n`);
    expect(none.config.streams[0]).toMatchObject({ reserve: { bytes: 0 }, start: 'now' });
    const many = await load(`${PULL}FRAGMENTSNUMBER=3\nFRAGMENTSIZE=1000\n${PLAYERS}MINFRAGMENTS=9\n`);
    expect(many.config.streams[0]).toMatchObject({ buffer: { bytes: 3000 }, reserve: { bytes: 3000 }, start: 'full' });
    expect(many.config.warnings).toEqual([
      expect.stringMatching(/:8:1: \[OUTPUT\] MINFRAGMENTS: the buffer holds only 3/),
    ]);
  });

  it('takes a source and offers it to clients', async () => {
    const text =
      '[INPUT]\nMODE=shoutcastsourceserver\nPORT=9000\nPASSWORD=a good one\nICYINT=4096\nTIMEKEYINTERVAL=2.5\n' +
      '[OUTPUT]\nMODE=DiStreamerPersServer\nPASSWORD=another one\nINTERVAL=2\n';
    const { config } = await load(text);
    expect(config.warnings).toEqual([]);
    expect(config.streams[0]).toMatchObject({
      reserve: { bytes: 0 },
      start: 'now',
      input: {
        module: { type: 'distreamer-source-server' },
        options: {
          listen: { host: '0.0.0.0', port: 9000 },
          password: 'a good one',
          timeout: 5000,
          timeKeyInterval: 2.5,
        },
      },
      outputs: [
        {
          module: { type: 'distreamer-pers-server' },
          options: {
            listen: { host: '0.0.0.0', port: 4080 },
            password: 'another one',
            interval: 2000,
            fragmentSize: 81_920,
            fragments: 5,
            metadataInterval: 4096,
          },
        },
      ],
    });
  });

  it('pulls from another DiStreamer', async () => {
    const { config } = await load(`[INPUT]\nMODE=DiStreamerPersClient\nSERVERURL=far:4080\nPASSWORD=x y\n${PLAYERS}`);
    // Fragments of 5 s and more are no silence.
    expect(config.streams[0]?.silenceMs).toBe(12_000);
    expect(config.streams[0]?.input).toMatchObject({
      module: { type: 'distreamer-pers-client' },
      options: { url: 'http://far:4080', password: 'x y', timeout: 5000 },
    });
  });

  it('only warns of passwords that everybody knows, loudly', async () => {
    const text = '[INPUT]\nMODE=ShoutcastSourceServer\n[OUTPUT]\nMODE=DiStreamerPersServer\nPORT=4081\n';
    const { config, secrets } = await load(text);
    // Hidden in the log it would blot out the names of modules.
    expect(secrets).not.toContain('distreamer');
    expect(config.warnings).toEqual([
      expect.stringMatching(
        /\[INPUT\] PASSWORD: the password is an example that everybody knows, and 0.0.0.0 is reached/,
      ),
      expect.stringMatching(/\[OUTPUT\] PASSWORD: the password is empty/),
    ]);
    expect(config.warnings.join()).not.toContain('distreamer,');
  });

  it('names the line of what is wrong, all at once', async () => {
    expect(
      await problemsOf(
        `[INPUT]\nMODE=ShoutcastClient\nSTREAMURL=\nFRAGMENTSIZE=80KiB\nGETMETADATA=maybe\n${PLAYERS}PORT=99999\n`,
      ),
    ).toEqual([
      'jazz.conf:3:1: [INPUT] STREAMURL: this key is missing | Address of the stream to pull.',
      expect.stringContaining('jazz.conf:4:1: [INPUT] FRAGMENTSIZE: expected a whole number'),
      expect.stringContaining('jazz.conf:5:1: [INPUT] GETMETADATA: expected yes or no'),
      expect.stringContaining('jazz.conf:8:1: [OUTPUT] PORT: must be from 1 to 65535'),
    ]);
  });

  const SERVER = '[OUTPUT]\nMODE=DiStreamerServer\n';
  const peer = { url: 'http://far:9', password: 'x y', timeout: 2000 };
  const store = { fragmentSize: 2000, fragments: 3, metadataInterval: 0 };
  const listen = { host: '0.0.0.0', port: 9999 };
  const PEER_KEYS = 'SERVERURL=far:9\nPASSWORD=x y\n';
  const LISTEN_KEYS = 'PORT=9999\nPASSWORD=x y\n';

  it.each([
    ['PersRevServer', `${LISTEN_KEYS}TIMEOUT=2\n`, 'pers-rev-server', { listen, password: 'x y', timeout: 2000 }],
    ['Client', `${PEER_KEYS}HTTPTIMEOUT=2\nHTTPINTERVAL=1.5\n`, 'client', { ...peer, interval: 1500 }],
    ['RevServer', LISTEN_KEYS, 'rev-server', { listen, password: 'x y' }],
  ])('takes the input of the mode DiStreamer%s', async (mode, keys, type, expected) => {
    const { config } = await load(`[INPUT]\nMODE=DiStreamer${mode}\n${keys}${PLAYERS}`);
    expect(config.warnings).toEqual([]);
    expect(config.streams[0]).toMatchObject({
      buffer: { bytes: 5 * 81_920 },
      input: { module: { type: `distreamer-${type}` }, options: expected },
    });
  });

  it.each([
    ['PersRevClient', `${PEER_KEYS}TIMEOUT=2\nINTERVAL=0.5\n`, 'pers-rev-client', { ...peer, ...store, interval: 500 }],
    ['Server', LISTEN_KEYS, 'server', { listen, password: 'x y', ...store }],
    ['RevClient', `${PEER_KEYS}HTTPTIMEOUT=2\nHTTPINTERVAL=7\n`, 'rev-client', { ...peer, ...store, interval: 7000 }],
  ])('sends by the output of the mode DiStreamer%s', async (mode, keys, type, expected) => {
    const input = `${PULL}GETMETADATA=no\nFRAGMENTSNUMBER=3\nFRAGMENTSIZE=2000\n`;
    const { config } = await load(`${input}[OUTPUT]\nMODE=DiStreamer${mode}\n${keys}`);
    expect(config.warnings).toEqual([]);
    expect(config.streams[0]?.outputs[0]).toMatchObject({
      module: { type: `distreamer-${type}` },
      options: expected,
    });
  });

  it('has the defaults of the original', async () => {
    const input = '[INPUT]\nMODE=DiStreamerClient\nSERVERURL=far\n';
    const push = await load(`${input}[OUTPUT]\nMODE=DiStreamerPersRevClient\nSERVERURL=near\n`);
    expect(push.config.streams[0]).toMatchObject({
      input: { options: { url: 'http://far', password: '', timeout: 5000, interval: 3000 } },
      outputs: [{ options: { url: 'http://near', password: '', timeout: 5000, interval: 1000, fragments: 5 } }],
    });
    const poll = await load(`[INPUT]\nMODE=DiStreamerRevServer\n${SERVER}`);
    expect(poll.config.streams[0]).toMatchObject({
      input: { options: { listen: { host: '0.0.0.0', port: 5080 }, password: '' } },
      outputs: [{ options: { listen: { host: '0.0.0.0', port: 7080 }, password: '' } }],
    });
    const rev = await load(`[INPUT]\nMODE=DiStreamerPersRevServer\n[OUTPUT]\nMODE=DiStreamerRevClient\nSERVERURL=x\n`);
    expect(rev.config.streams[0]).toMatchObject({
      input: { options: { listen: { host: '0.0.0.0', port: 3080 }, timeout: 5000 } },
      outputs: [{ options: { timeout: 5000, interval: 3000 } }],
    });
  });

  it('says which modes work', async () => {
    expect(await problemsOf(`[INPUT]\nMODE=Shoutcast\n[OUTPUT]\nMODE=ShoutcastServr\n`)).toEqual([
      'jazz.conf:2:1: [INPUT] MODE: there is no such mode | These modes work: ShoutcastClient, ShoutcastSourceServer, ' +
        'DiStreamerPersClient, DiStreamerPersRevServer, DiStreamerClient, DiStreamerRevServer.',
      'jazz.conf:4:1: [OUTPUT] MODE: there is no such mode | Did you mean ShoutcastServer? These modes work: ' +
        'ShoutcastServer, DiStreamerPersServer, DiStreamerPersRevClient, DiStreamerServer, DiStreamerRevClient.',
    ]);
    expect(await problemsOf('[INPUT]\n')).toEqual([
      expect.stringContaining('jazz.conf: the section [OUTPUT] is missing'),
      expect.stringContaining('jazz.conf:1:1: [INPUT]: the key MODE is missing'),
    ]);
  });

  it('warns of keys and sections that it does not know', async () => {
    const { config } = await load(`[GENERAL]\nLOGLEVL=1\n[EXTRA]\nA=1\n${PULL}PASSWORD=x\n${PLAYERS}`);
    expect(config.warnings.map((line) => line.replaceAll(`${folder}/`, ''))).toEqual([
      expect.stringMatching(
        /^jazz.conf:2:1: \[GENERAL\] LOGLEVL: there is no such key; it is ignored. Did you mean "LOGLEVEL"\?/,
      ),
      'jazz.conf:3:1: [EXTRA]: there is no such section; it is ignored',
      expect.stringMatching(/^jazz.conf:8:1: \[INPUT\] PASSWORD: there is no such key in the mode ShoutcastClient/),
    ]);
  });

  it('maps the log levels', async () => {
    const { config } = await load(`[GENERAL]\nOUTPUTLEVEL=0\nLOGFILE=${folder}/a.log\nLOGLEVEL=4\n${PULL}${PLAYERS}`);
    expect(config.log).toEqual({ level: 'error', file: join(folder, 'a.log'), fileLevel: 'debug' });
    const plain = await load(`[GENERAL]\nLOGFILE=/dev/null\n${PULL}${PLAYERS}`);
    expect(plain.config.log).toEqual({ level: 'info', file: undefined });
  });

  it('runs several files and several streams of a file in one node', async () => {
    const two = `${PULL}${PLAYERS}[INPUT talk]\nMODE=ShoutcastClient\nSTREAMURL=http://talk/\n[OUTPUT talk]\nMODE=ShoutcastServer\nPORT=8081\n`;
    const files = [write(two), write(`${PULL}${PLAYERS}PORT=8082\n`, 'news.conf')];
    const loaded = await loadConfig(files, options);
    expect(loaded.config.streams.map((stream) => stream.name)).toEqual(['jazz', 'talk', 'news']);
    expect(loaded.config.origin).toBe(files.join(' '));
    const { config } = effectiveJson(effectiveConfig(loaded.parts)) as { config: { streams: object } };
    expect(Object.keys(config.streams)).toEqual(['jazz', 'talk', 'news']);
    await expect(loadConfig([files[0]!, 'x.yaml'], options)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('comes from the environment when there is no file', async () => {
    const env = {
      DS_INPUT_MODE: 'ShoutcastClient',
      DS_INPUT_STREAMURL: 'http://studio/',
      DS_OUTPUT_MODE: 'ShoutcastServer',
      DS_OUTPUT_PORT: 'x',
    };
    const here = { ...options, workingDir: folder };
    await expect(loadDistreamerDefault({ ...here, env })).rejects.toThrow(
      'environment: DS_OUTPUT_PORT: expected a whole number',
    );
    const { config } = await loadDistreamerDefault({ ...here, env: { ...env, DS_OUTPUT_PORT: '8080' } });
    expect(config.streams[0]).toMatchObject({ name: 'distreamer', input: { options: { url: 'http://studio/' } } });
    expect(config.log.file).toBeUndefined();
    await expect(loadDistreamerDefault(here)).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
    write('[INPUT]\nMODE=x\n', 'distreamer.conf');
    await expect(loadDistreamerDefault({ ...here, env })).rejects.toThrow(/distreamer.conf: the section/);
  });
});
