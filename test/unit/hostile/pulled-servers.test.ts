import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FORBIDDEN_HOSTS, FORBIDDEN_TARGETS } from '../../hostile/addresses.ts';
import { UNSHOWABLE } from '../../hostile/titles.ts';
import { eventually } from '../../support/eventually.ts';
import { type HostileNode, startHostileNode } from '../../support/hostile-node.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';
import { ScriptedServer } from '../../support/scripted-server.ts';

const SECRET = 'Nachtigall-9c';
const OK = 'HTTP/1.0 200 OK\r\nContent-Type: audio/x-raw\r\n';
let hostile: HostileNode;
let server: ScriptedServer;
type Script = (socket: Socket) => void;
/** Streams that pull side by side, each by a path of its own. */
const LANES = Array.from({ length: 8 }, (_, lane) => lane);
/** What the pulled server does now, for each lane. */
const scripts: Script[] = LANES.map(() => (socket) => socket.end());

beforeAll(async () => {
  server = await ScriptedServer.start((socket, request) => {
    const lane = Number(/^GET \/live(\d+) /.exec(request)?.[1]);
    // a redirect may lead to any path
    if (Number.isNaN(lane)) socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    else scripts[lane]!(socket);
  });
  const lookup = async (host: string) => {
    if (host === 'radio.test') return ['127.0.0.1'];
    if (host === 'private.test') return ['10.1.2.3'];
    if (host === 'mixed-private.test') return ['::1', '192.168.0.1'];
    if (host.startsWith('localhost')) return ['127.0.0.1', '::1'];
    throw Object.assign(new Error(`ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
  };
  hostile = await startHostileNode({
    clock: hurriedClock(20),
    deps: { lookup, random: () => 0 },
    streams: LANES.map(
      (lane) => `
  pulled${lane}:
    fragment: 100ms
    buffer: 1MiB
    reserve: 0s
    input: { type: icecast, url: "http://source:${SECRET}@radio.test:${server.port}/live${lane}", timeout: 15s }
    outputs: [{ type: icecast, mount: /out${lane}, tick: 50ms, burst: 0s }]`,
    ).join(''),
  });
});
afterEach(async () => {
  scripts.fill((socket) => socket.destroy());
  for (const socket of server.sockets.splice(0)) socket.destroy();
  expect(hostile.log.join('')).not.toContain(SECRET);
  expect(JSON.stringify(hostile.node.status())).not.toContain(SECRET);
  await hostile.expectUnharmed();
}, 20_000);
afterAll(async () => {
  await hostile?.close();
  await server?.close();
});

const input = (lane = 0) => hostile.stream(`pulled${lane}`).inputs[0]!;

/** Lets the server do that, and waits for the failure that comes of it: the second, for the first may be of a try that had begun. */
async function failureOf(answer: string | Script, lane = 0): Promise<{ code: string; message: string }> {
  scripts[lane] = typeof answer === 'string' ? (socket) => void socket.end(answer, 'latin1') : answer;
  let failures = 0;
  let lastAt = input(lane).lastError?.at;
  await eventually('two failures', () => {
    const at = input(lane).lastError?.at;
    if (at !== lastAt) failures++;
    lastAt = at;
    return failures >= 2;
  });
  const { code, message } = input(lane).lastError!;
  expect(message).not.toMatch(UNSHOWABLE);
  expect(message.length).toBeLessThan(400);
  return { code, message };
}

/** Goes through all items in all lanes at once. */
async function inLanes<T>(items: readonly T[], act: (item: T, lane: number) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    LANES.map(async (lane) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item, lane);
    }),
  );
}

describe('a pulled server', () => {
  it('that gives no stream is told apart', async () => {
    const answers: [string, string | Script, string][] = [
      ['html', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><script>x</script>', 'NOT_A_STREAM'],
      ['404', 'HTTP/1.1 404 \x1b[2JNot Found\r\n\r\n', 'NOT_A_STREAM'],
      ['401', 'HTTP/1.1 401 Unauthorized\r\n\r\n', 'REFUSED'],
      ['403 that repeats the password', `HTTP/1.1 403 Forbidden\r\n\r\n`, 'REFUSED'],
      ['503', 'HTTP/1.1 503 Busy\r\nRetry-After: 99999999\r\n\r\n', 'NOT_A_STREAM'],
      ['json', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}', 'NOT_A_STREAM'],
      ['compressed', `${OK}Content-Encoding: br\r\n\r\n\x1b`, 'NOT_A_STREAM'],
      ['garbage', '\xff\xfe\0\x01 garbage\r\n\r\n', 'PROTOCOL_VIOLATION'],
      ['no head at all', 'x'.repeat(200_000), 'PROTOCOL_VIOLATION'],
      ['headers without end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(10_000)}`, 'PROTOCOL_VIOLATION'],
      ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100), 'PROTOCOL_VIOLATION'],
      ['status 999', 'HTTP/1.1 999 What\r\n\r\n', 'NOT_A_STREAM'],
      ['status 101', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n', 'NOT_A_STREAM'],
      ['nothing and closes', (socket) => void socket.end(), 'CLOSED_BY_PEER'],
      ['reset', (socket) => void socket.resetAndDestroy(), 'CLOSED_BY_PEER'],
      ['nothing', () => {}, 'TIMED_OUT'],
      [
        'an endless playlist',
        `HTTP/1.1 200 OK\r\nContent-Type: audio/x-mpegurl\r\n\r\n${'#x\r\n'.repeat(100_000)}`,
        'NOT_A_STREAM',
      ],
      [
        'HLS',
        'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n\r\n#EXTM3U\n#EXT-X-TARGETDURATION:6\nhttp://127.0.0.1/\n',
        'NOT_A_STREAM',
      ],
      ['a redirect without a place', 'HTTP/1.1 302 Found\r\n\r\n', 'NOT_A_STREAM'],
      [
        'bad chunks',
        `HTTP/1.1 200 OK\r\nContent-Type: audio/x-raw\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
        'PROTOCOL_VIOLATION',
      ],
    ];
    const codes: Record<string, string> = {};
    await inLanes(answers, async ([id, answer], lane) => {
      codes[id] = (await failureOf(answer, lane)).code;
    });
    expect(codes).toEqual(Object.fromEntries(answers.map(([id, , code]) => [id, code])));
  }, 30_000);

  it('cannot lead elsewhere: redirects and playlists to private places are refused', async () => {
    await inLanes(FORBIDDEN_HOSTS, async (host, lane) => {
      const place = `http://${Buffer.from(host).toString('latin1')}:${host === '127.0.0.1' ? 22 : 80}/x`;
      const redirect = await failureOf(`HTTP/1.1 302 Found\r\nLocation: ${place}\r\n\r\n`, lane);
      // 127.0.0.1 is where the operator's own name leads
      if (!/^(127\.|0x7f|0177|2130706433|\uff11|localhost|\[::ffff:)/.test(host))
        expect(redirect.code, host).toBe('ADDRESS_NOT_ALLOWED');
      else expect(['ADDRESS_NOT_ALLOWED', 'UNREACHABLE'], host).toContain(redirect.code);
    });
    await inLanes(FORBIDDEN_TARGETS, async (target, lane) => {
      const { code } = await failureOf(`HTTP/1.1 302 Found\r\nLocation: ${target}\r\n\r\n`, lane);
      expect(['NOT_A_STREAM', 'UNREACHABLE', 'TOO_MANY_REDIRECTS'], target).toContain(code);
    });
    const list = ['http://10.0.0.1/', 'file:///etc/passwd', 'http://169.254.169.254/latest'].join('\n');
    expect((await failureOf(`HTTP/1.1 200 OK\r\nContent-Type: audio/x-mpegurl\r\n\r\n${list}\n`)).code).toBe(
      'ADDRESS_NOT_ALLOWED',
    );
  }, 30_000);

  it('is not followed in circles, and gives its password to no other', async () => {
    expect((await failureOf('HTTP/1.1 302 Found\r\nLocation: /live0\r\n\r\n')).code).toBe('TOO_MANY_REDIRECTS');
    expect(
      (
        await failureOf(
          'HTTP/1.1 200 OK\r\nContent-Type: audio/x-scpls\r\n\r\n[playlist]\nFile1=/live0\nFile2=/live0\n',
        )
      ).code,
    ).toBe('NOT_A_STREAM');
    const other = await ScriptedServer.start('HTTP/1.1 404 No\r\n\r\n');
    await failureOf(`HTTP/1.1 302 Found\r\nLocation: http://radio.test:${other.port}/\r\n\r\n`);
    await other.close();
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.join('')).not.toMatch(/authorization/i);
  }, 20_000);

  it('whose metadata is none changes no byte of audio', async () => {
    const METAINT = 16;
    const audio = '0123456789abcdef';
    const block = (text: string, units = Math.ceil(text.length / 16)) =>
      String.fromCharCode(units) + text.padEnd(units * 16, '\0');
    const blocks = [
      block(''),
      block("StreamTitle='a';b';"),
      block("StreamTitle='"),
      block("StreamTitle='x", 255),
      block('\0'.repeat(4080)),
      block("';';';';"),
      block("StreamUrl='javascript:x';"),
      block('\xff'.repeat(4080)),
      block("StreamTitle='\x1b[2J\r\n\x9b';"),
      block("StreamTitle='a';StreamTitle='b';StreamUrl='c';"),
      block("streamtitle='lower';"),
      block(`${"StreamTitle='".repeat(300)}`),
    ];
    const body = audio + blocks.map((each) => each + audio).join('');
    let heard = 0;
    scripts[0] = (socket) => {
      heard = input().bytes;
      socket.write(`${OK}icy-metaint: ${METAINT}\r\n\r\n${body}`, 'latin1');
      for (let turn = 0; turn < 2000; turn++)
        socket.write(`${block(`StreamTitle='storm ${turn}';`)}${audio}`, 'latin1');
      socket.write('\xff', 'latin1');
    };
    await eventually('all audio', () => input().bytes - heard === (blocks.length + 2001) * METAINT);
    await eventually('the last title', () => hostile.stream('pulled0').metadata?.title === 'storm 1999');
    for (const { title } of hostile.stream('pulled0').titles) expect(title).not.toMatch(UNSHOWABLE);
    for (const metaint of ['0', '-1', '2147483648', '99999999999999999999', 'text', '', '1e3', '16, 16']) {
      for (const socket of server.sockets.splice(0)) socket.destroy();
      let before = -1;
      scripts[0] = (socket) => {
        before = input().bytes;
        socket.write(`${OK}icy-metaint: ${metaint}\r\n\r\n${body}`, 'latin1');
      };
      await eventually(`audio with ${metaint}`, () => before >= 0 && input().bytes - before === body.length);
      scripts[0] = () => {};
    }
  }, 20_000);
});
