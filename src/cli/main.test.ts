import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeIo } from '../../test/support/fake-io.ts';
import { VERSION } from '../core/version.ts';
import { runDistreamer } from './distreamer.ts';
import { runDistream } from './main.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-cli-'));
  file = join(folder, 'distream.yaml');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(args: string[], env: Record<string, string> = {}) {
  const io = new FakeIo(env);
  const code = await runDistream(args, io);
  return { code, out: io.stdout, err: io.stderr };
}

const STATION = `http: { host: 127.0.0.1, port: 0 }
streams:
  morning:
    input: { type: source, mount: /studio, password: canary-secret }
    outputs: [{ type: icecast, mount: /live.mp3 }]
`;

const write = (text = STATION) => writeFileSync(file, text, { mode: 0o600 });

describe('distream', () => {
  it('shows short help without arguments, and help with examples for each command', async () => {
    expect(await run([])).toMatchObject({ code: 0, err: '', out: expect.stringContaining('distream demo') });
    for (const command of ['run', 'check', 'status', 'demo', 'credentials', 'keygen', 'verify']) {
      const { code, out } = await run([command, '--help']);
      expect(code).toBe(0);
      expect(out).toMatch(/Usage: distream \w+/);
      expect(out).toContain(`Examples:\n  distream ${command}`);
    }
    expect(await run(['--version'])).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  });

  it('names each file that cannot be sent, in text and for machines', async () => {
    const paths = ['a.wav', 'b.wav'].map((name) => join(folder, name));
    for (const path of paths) writeFileSync(path, '');
    const { code, err } = await run(['send', folder, '--no-account']);
    expect(code).toBe(1);
    expect(err).toMatch(
      /error: 2 of 2 files cannot be sent, so nothing was sent\n {2}\S+a\.wav: .+\n {2}\S+b\.wav: .+\n {2}fix: /,
    );
    const { err: json } = await run(['send', ...paths, '--json', '--no-account']);
    expect(JSON.parse(json).errors[0].lines).toEqual([
      expect.stringContaining('a.wav: '),
      expect.stringContaining('b.wav: '),
    ]);
  });

  it.each([
    [['chekc'], 'Did you mean check?'],
    [['check', '--jsn'], 'Did you mean --json?'],
    [['run', '--log-level', 'loud'], 'Allowed choices are silent, error'],
    [['demo', '--port', '70000'], 'Expected a port'],
    [['run', 'a.yaml', 'b.yaml'], 'only DiStreamer files'],
    [['status', 'http://'], 'no address of a node'],
  ])('answers the wrong command line %j with exit code 2 and help', async (args, hint) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(hint);
    expect(err).toContain('  fix: ');
  });

  it('prints what takes effect, without secrets', async () => {
    write();
    const { code, out, err } = await run(['check', file]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('mount: /live.mp3');
    expect(out).toContain('password: "********"');
    expect(out).not.toContain('canary');
    const json = await run(['check', '--json', file]);
    expect(JSON.parse(json.out)).toMatchObject({ file, config: { http: { host: '127.0.0.1' } }, warnings: [] });
    expect(json.out).not.toContain('canary');
  });

  it('prints every problem with its fix and exit code 3, on a terminal in colours', async () => {
    write('streams: { a: { input: { type: soruce }, bufer: 1s } }');
    const { code, out, err } = await run(['check', file]);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err.replaceAll(folder, '')).toBe(
      `error: /distream.yaml:1:26: streams.a.input.type: there is no input of type "soruce"
  fix: Use one of: source, icecast, file, pipe, wav, rtp, link, distreamer-pers-client, distreamer-pers-rev-server, distreamer-client, distreamer-rev-server, distreamer-source-server; or install the package that provides it.
error: /distream.yaml:1:42: streams.a.bufer: there is no key "bufer" here
  fix: Did you mean "buffer"? Allowed: buffer, reserve, start, fragment, silence, input, fallback, outputs.
  more: docs/errors.md#module_unknown (MODULE_UNKNOWN)
  more: docs/errors.md#config_invalid (CONFIG_INVALID)
`,
    );
    const json = await run(['check', '--json', file]);
    expect(JSON.parse(json.err).errors).toMatchObject([{ code: 'MODULE_UNKNOWN' }, { code: 'CONFIG_INVALID' }]);
    const io = new FakeIo();
    io.errIsTerminal = true;
    await runDistream(['check', file], io);
    expect(io.stderr).toContain('\u001b[31merror:\u001b[0m');
    for (const plain of [new FakeIo({ NO_COLOR: '1' }), new FakeIo()]) {
      plain.errIsTerminal = true;
      await runDistream(['check', file, ...(plain.env.NO_COLOR ? [] : ['--no-color'])], plain);
      expect(plain.stderr).not.toContain('\u001b');
    }
  });

  it('shows the passwords that were made, or that they will be', async () => {
    write();
    const before = await run(['credentials', file]);
    expect(before.out).toMatch(/admin.password +admin +made when the node first starts/);
    expect(before.out).not.toContain('canary');
    await stopWhen('runs 1 stream', ['run', file]);
    const { out } = await run(['credentials', '--json', file]);
    expect(JSON.parse(out)).toMatchObject({
      file: join(folder, '.distream', 'credentials.json'),
      secrets: [{ key: 'admin.password', user: 'admin', password: expect.stringMatching(/^\w{5}-/) }],
    });
  });

  it('runs a node until Ctrl-C, with a log that holds no secret', async () => {
    write();
    const { code, io } = await stopWhen('runs 1 stream', ['run', '--log-level', 'debug', file]);
    expect(code).toBe(0);
    const lines = io.stderr.trim().split('\n');
    const messages = lines.map((line) => JSON.parse(line) as { level: string; message: string; open?: string });
    expect(messages.find(({ message }) => message.startsWith('distream'))).toMatchObject({
      level: 'info',
      open: expect.stringMatching(/^http:\/\/127.0.0.1:\d+\/$/),
    });
    expect(messages.at(-1)?.message).toBe('stopping; Ctrl-C again ends at once');
    expect(io.stderr).not.toContain('canary');
    io.stop();
    expect(io.exits).toEqual([130]);
  });

  it('says which port is in use with exit code 4', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    write(STATION.replace('port: 0', `port: ${port}`));
    const { code, err } = await run(['run', file]);
    holder.close();
    expect(code).toBe(4);
    expect(err).toContain(`error: port ${port} on 127.0.0.1 is in use`);
  });

  async function stopWhen(text: string, args: string[]) {
    const io = new FakeIo();
    const running = runDistream(args, io);
    await Promise.race([io.written(text), running]);
    io.stop('SIGINT');
    return { code: await running, io };
  }
});

describe('distreamer', () => {
  it('runs what the variables say', async () => {
    const io = new FakeIo({ DS_INPUT_MODE: 'ShoutcastClient', DS_INPUT_STREAMURL: 'x', DS_OUTPUT_MODE: 'None' });
    expect(await runDistreamer([], io)).toBe(3);
    expect(io.stderr).toContain('environment: DS_OUTPUT_MODE: there is no such mode');
  });

  it('has help of its own', async () => {
    const io = new FakeIo();
    expect(await runDistreamer(['--help'], io)).toBe(0);
    expect(io.stdout).toContain('distreamer a.conf b.conf');
    expect(await runDistreamer(['none.conf'], io)).toBe(3);
    expect(io.stderr).toContain('no configuration file at none.conf');
  });
});
