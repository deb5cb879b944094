import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeIo } from '../../test/support/fake-io.ts';
import { fakeLink } from '../../test/support/fake-node-view.ts';
import { table } from '../core/table.ts';
import type { NodeStatus } from '../node/status/schema.ts';
import { bar, sparkline } from './bars.ts';
import { runDistream } from './main.ts';
import { nodeAgeWarning } from './node-age.ts';
import { statusUrl } from './read-status.ts';
import { statusView } from './status-view.ts';

const AT = '2026-01-01T12:00:00.000Z';

function statusOf(reserveSeconds = 5): NodeStatus {
  return {
    node: { version: '1.2.3', nodeVersion: 'v24.0.0', startedAt: AT, uptimeSeconds: 7980 },
    streams: [
      {
        name: 'morning',
        state: 'reserve',
        since: AT,
        format: { codec: 'mp3', contentType: 'audio/mpeg', sampleRate: 44_100, channels: 2 },
        bitrateKbps: 128.4,
        lastsSeconds: reserveSeconds,
        buffer: {
          heldSeconds: 30,
          fragments: 60,
          bytes: 480_000,
          reserveSeconds,
          reserveTargetSeconds: 10,
          reserveLowestSeconds: 1,
          reserveLowestHourSeconds: 2,
        },
        counters: {
          gaps: 1,
          gapSeconds: 2.5,
          stalls: 0,
          stallSeconds: 0,
          repeats: 1,
          causes: { 'source-restart': 0, 'input-switch': 0, 'line-loss': 1, eviction: 0, corrupt: 0 },
          skippedBytes: 0,
          overlapBytesDropped: 0,
        },
        metadata: { title: 'Band - Song\u001b[2J', artist: 'Band' },
        titles: [],
        inputs: [
          {
            name: 'input',
            type: 'icecast',
            state: 'retrying',
            active: true,
            since: AT,
            reconnects: 2,
            lastError: { code: 'UNREACHABLE', message: 'cannot reach http://x: connection refused', at: AT },
            bytes: 1,
            counters: {},
            detail: {},
          },
        ],
        outputs: [
          {
            name: 'output 1',
            type: 'icecast',
            state: 'ready',
            target: '/live.mp3',
            listeners: 1,
            since: AT,
            restarts: 0,
            counters: {},
            detail: {},
          },
        ],
      },
    ],
    links: [],
  };
}

describe('statusView', () => {
  it('shows state, reserve, troubles, inputs and outputs', () => {
    const history = new Map([['morning', [0, 5, 10]]]);
    const view = statusView(statusOf(), 'http://x:8000', { colour: false, columns: 120, history });
    expect(view).toBe(`distream 1.2.3  http://x:8000  up 2 h 13 min  Node.js v24.0.0

morning  reserve  mp3 44.1 kHz  sound lasts 5 s  128 kbit/s  Band - Song [2J
  reserve ██████████░░░░░░░░░░ 5.0 of 10.0 s, lowest of the hour 2.0 s, 30.0 s held  ▁▅█
  1 gap (2.5 s), 0 stalls, 1 repeat
  input     icecast  retrying  on air, 2 reconnects, cannot reach http://x: connection refused
  output 1  icecast  ready     /live.mp3, 1 listener
`);
  });

  it('shows links: state, round trip, loss, rate, and what goes over them', () => {
    const links = [
      fakeLink(),
      fakeLink({ peer: 'van', role: 'listens', state: 'down', paths: [], sends: [], receives: [] }),
    ];
    const view = statusView({ ...statusOf(), links }, 'x', { colour: false, columns: 120, history: new Map() });
    expect(view.slice(view.indexOf('links'))).toBe(`links
  studio  dials    up    udp 43 ms, 5.0 % lost, 320 kbit/s; tls attaching; sends morning, 0.5 s behind, all there in 3 s; receives evening
  van     listens  down  since 00:00:00 UTC; no answer from 10.0.0.7:4090
`);
  });

  it('says that an input to which others connect waits, and counts in words', () => {
    const [stream] = statusOf().streams;
    const of = (type: string) => ({ ...stream!.inputs[0]!, type, state: 'connecting' as const, reconnects: 1 });
    const status = { ...statusOf(), streams: [{ ...stream!, inputs: [of('source'), of('icecast')] }] };
    const view = statusView(status, 'x', { colour: false, columns: 80, history: new Map() });
    expect(view).toMatch(/source +waiting +on air, 1 reconnect,/);
    expect(view).toMatch(/icecast +connecting +on air, 1 reconnect,/);
  });

  it('holds no control characters of strangers', () => {
    const view = statusView(statusOf(), 'x', { colour: true, columns: 80, history: new Map() });
    expect(view.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe('distream status', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function serve(listener: RequestListener): Promise<string> {
    server = createServer(listener);
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('prints once when the output is no terminal, and JSON when asked', async () => {
    const address = await serve((request, response) => {
      expect(request.url).toBe('/api/v1/status');
      response.end(JSON.stringify(statusOf()));
    });
    const io = new FakeIo();
    expect(await runDistream(['status', address], io)).toBe(0);
    expect(io.stdout).toMatch(/^distream 1.2.3 /);
    expect(io.stdout).not.toContain('\u001b');
    const json = new FakeIo();
    expect(await runDistream(['status', '--json', `http://${address}/`], json)).toBe(0);
    expect(JSON.parse(json.stdout)).toEqual(statusOf());
  });

  it('signs in with the password of the variable, and says when that is wrong', async () => {
    const logins: unknown[] = [];
    const address = await serve((request, response) => {
      logins.push(request.headers.authorization);
      if (request.headers.authorization !== `Basic ${btoa('ann:right')}`) response.writeHead(401);
      response.end(JSON.stringify(statusOf()));
    });
    const ask = async (args: string[], password: string) => {
      const io = new FakeIo({ DISTREAM_ADMIN_PASSWORD: password });
      return { code: await runDistream(['status', address, ...args], io), err: io.stderr };
    };
    expect(await ask(['--user', 'ann'], 'right')).toEqual({ code: 0, err: '' });
    const wrong = await ask([], 'canary');
    expect(wrong).toMatchObject({ code: 6, err: expect.stringContaining('the user or the password is wrong') });
    expect(wrong.err).not.toContain('canary');
    expect(logins).toHaveLength(2);
  });

  it('signs in with the password of the configuration that is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'distream-status-'));
    const config = join(folder, 'node.yaml');
    writeFileSync(
      config,
      'admin: { user: ann, password: right-word }\nstreams: { a: { input: { type: source, mount: /in } } }\n',
      { mode: 0o600 },
    );
    let login: string | undefined;
    const address = await serve((request, response) => {
      login = request.headers.authorization;
      response.end(JSON.stringify(statusOf()));
    });
    const io = new FakeIo();
    const code = await runDistream(['status', '--config', config, address], io);
    rmSync(folder, { recursive: true });
    expect({ code, err: io.stderr, login }).toEqual({ code: 0, err: '', login: `Basic ${btoa('ann:right-word')}` });
  });

  it('redraws on a terminal until Ctrl-C, and leaves the terminal as it was', async () => {
    const address = await serve((_request, response) => response.end(JSON.stringify(statusOf())));
    const io = new FakeIo({ NO_COLOR: '1' });
    io.outIsTerminal = true;
    const running = runDistream(['status', address], io);
    await io.written('Ctrl-C ends');
    io.stop();
    expect(await running).toBe(0);
    expect(io.stdout.startsWith('\u001b[?1049h')).toBe(true);
    expect(io.stdout.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(io.isListening).toBe(false);
  });

  it.each<[string, RequestListener, string]>([
    ['a page', (_request, response) => response.end('<html>'), 'what answers there is no node'],
    ['other JSON', (_request, response) => response.end('{}'), 'what answers there is no node'],
    ['an error', (_request, response) => response.writeHead(404).end(), 'HTTP status 404'],
    ['a broken line', (request) => request.socket.destroy(), 'connection reset|socket hang up'],
  ])('says that %s is no node, with exit code 5', async (_name, listener, reason) => {
    const io = new FakeIo();
    expect(await runDistream(['status', await serve(listener)], io)).toBe(5);
    expect(io.stderr).toMatch(new RegExp(`no node answers at http://127.0.0.1:\\d+: .*(${reason})`));
  });
});

describe('statusUrl', () => {
  it('takes what people type', () => {
    expect(statusUrl('localhost:8000').href).toBe('http://localhost:8000/api/v1/status');
    expect(statusUrl('https://radio.example.org/page?x').href).toBe('https://radio.example.org/api/v1/status');
    expect(() => statusUrl('http://')).toThrow('no address of a node');
  });
});

describe('table, bar and sparkline', () => {
  it('draw text', () => {
    expect(
      table(
        [
          ['a', 'bb'],
          ['ccc', 'd'],
        ],
        ' ',
      ),
    ).toBe(' a    bb\n ccc  d\n');
    expect([bar(0, 4), bar(0.5, 4), bar(9, 4), bar(-1, 4)]).toEqual(['░░░░', '██░░', '████', '░░░░']);
    expect(sparkline([0, 4, 8, 99, -1], 8, 4)).toBe('▅██▁');
  });
});

describe('nodeAgeWarning', () => {
  it('warns of a line past its end, and of no other', () => {
    const at = (iso: string) => Date.parse(iso);
    expect(nodeAgeWarning('v20.20.2', at('2026-05-01'))).toContain('gets no security fixes since 2026-04-30');
    expect(nodeAgeWarning('v20.20.2', at('2026-04-30'))).toBeUndefined();
    expect(nodeAgeWarning('v24.1.0', at('2028-04-29'))).toBeUndefined();
    expect(nodeAgeWarning('v99.0.0', at('2040-01-01'))).toBeUndefined();
  });
});
