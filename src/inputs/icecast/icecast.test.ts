import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { LOCALHOST_CERTIFICATE } from '../../../test/support/localhost-certificate.ts';
import { noNetwork, RecordingSessions, recordingInput } from '../../../test/support/recording-session.ts';
import { ScriptedServer } from '../../../test/support/scripted-server.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { VERSION } from '../../core/version.ts';
import { createDialer } from '../../net/dial.ts';
import icecast from './index.ts';

const servers: ScriptedServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(...args: Parameters<typeof ScriptedServer.start>): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(...args);
  servers.push(server);
  return server;
}

interface PullSettings {
  readonly clock?: Clock;
  readonly allow?: string[];
  readonly memory?: Map<string, unknown>;
  readonly sessions?: RecordingSessions;
  readonly lookup?: (host: string) => Promise<readonly string[]>;
}

/** Starts one attempt; `failure` is what it rejected with, undefined when it resolved. */
function pull(options: Record<string, unknown>, settings: PullSettings = {}) {
  const { clock = systemClock, allow = [], lookup, ...rest } = settings;
  const abort = new AbortController();
  const dial = createDialer({
    allow,
    clock,
    certificateAuthorities: [LOCALHOST_CERTIFICATE],
    ...(lookup ? { lookup } : {}),
  });
  const network = { ...noNetwork, dial };
  const input = recordingInput(icecast.schema.parse(options), { clock, network, signal: abort.signal, ...rest });
  const failure: Promise<unknown> = icecast.run(input.context).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { failure, abort, sessions: input.sessions, report: input.report };
}

const STREAM = 'ICY 200 OK\r\ncontent-type:audio/mpeg\r\n\r\nAUDIO';
const CLOSED = { code: 'CLOSED_BY_PEER' };
const redirect = (to: string) => `HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`;
const playlist = (...entries: string[]) =>
  `HTTP/1.1 200 OK\r\nContent-Type: audio/x-mpegurl\r\n\r\n${entries.join('\r\n')}`;

describe('icecast input', () => {
  it('asks, passes the audio on, and tells that the server closed', async () => {
    const server = await serve('HTTP/1.0 200 OK\r\nServer: Icecast 2.4.4\r\nicy-name: Radio\r\n\r\nAUDIO');
    const { failure, sessions, report } = pull({ url: server.url('/live?x=1') });
    expect(await failure).toMatchObject({ ...CLOSED, message: `${server.url('/live')} closed the connection` });
    expect(server.requests).toEqual([
      `GET /live?x=1 HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAccept-Encoding: identity\r\nIcy-MetaData: 1\r\nUser-Agent: distream/${VERSION}\r\n\r\n`,
    ]);
    expect(String(sessions.bytes)).toBe('AUDIO');
    expect(sessions.events[0]).toMatchObject({
      kind: 'open',
      options: { continuity: 'new', station: { name: 'Radio' }, agent: 'Icecast 2.4.4', peer: server.url('/live') },
    });
    expect(sessions.isOpen).toBe(false);
    expect(report()).toEqual({ counters: { connections: 1, redirects: 0 }, detail: { url: server.url('/live') } });
  });

  it('joins the stream again where the next attempt finds it', async () => {
    const server = await serve(STREAM);
    const memory = new Map();
    const sessions = new RecordingSessions();
    for (let turn = 0; turn < 3; turn++) await pull({ url: server.url('/') }, { memory, sessions }).failure;
    expect(sessions.continuities).toEqual(['new', 'overlap', 'overlap']);
  });

  it('reads titles and chunks', async () => {
    const body = "4\r\nABCD\r\n11\r\n\x01StreamTitle='t';\r\n2\r\nEF\r\n0\r\n\r\n";
    const server = await serve(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nicy-metaint: 4\r\nContent-Type: audio/mpeg\r\n\r\n${body}`,
    );
    const { failure, sessions } = pull({ url: server.url('/') });
    expect(await failure).toMatchObject(CLOSED);
    expect(String(sessions.bytes)).toBe('ABCDEF');
    expect(sessions.titles).toEqual([{ at: 4, title: 't' }]);
  });

  it('pulls over TLS', async () => {
    const server = await serve(STREAM, { tls: true });
    const { failure, sessions } = pull({ url: `https://localhost:${server.port}/live` });
    expect(await failure).toMatchObject(CLOSED);
    expect(String(sessions.bytes)).toBe('AUDIO');
  });

  it('resolves and closes when it is told to stop', async () => {
    const clock = new FakeClock();
    const server = await serve((socket) => socket.write(STREAM));
    const { failure, abort } = pull({ url: server.url('/') }, { clock });
    await server.nextRequest();
    abort.abort();
    expect(await failure).toBeUndefined();
    expect(clock.pendingCount).toBe(0);
    const socket = server.sockets[0]!;
    if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve));
  });

  it('tries another origin of the feed when one has no stream or breaks', async () => {
    const empty = await serve('HTTP/1.0 404 Not Found\r\n\r\n');
    const [first, second] = [await serve(STREAM), await serve(STREAM)];
    const options = { url: empty.url('/'), urls: [first.url('/'), second.url('/')] };
    const memory = new Map();
    await pull(options, { memory }).failure;
    expect([empty, first, second].map(({ requests }) => requests.length)).toEqual([1, 1, 0]);
    await pull(options, { memory }).failure;
    expect([empty, first, second].map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
    await pull(options, { memory }).failure;
    expect([empty, first, second].map(({ requests }) => requests.length)).toEqual([2, 2, 1]);
  });

  it('refuses what is no address of a stream, and has defaults', () => {
    for (const url of ['radio', 'ftp://h/', '']) expect(icecast.schema.safeParse({ url }).success).toBe(false);
    expect(icecast.schema.parse({ url: 'icy://h/' })).toMatchObject({ urls: [], metadata: true, timeout: 5000 });
  });
});

describe('icecast input and what is no stream', () => {
  const page = 'HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>';

  it.each([
    ['HTTP/1.0 404 Not Found\r\n\r\n', 'NOT_A_STREAM', 'it answers 404 Not Found: there is no such stream now'],
    ['HTTP/1.0 401 Unauthorized\r\n\r\n', 'REFUSED', 'refused: 401 Unauthorized'],
    [page, 'NOT_A_STREAM', 'it sends a page (text/html)'],
    ['HTTP/1.0 200 OK\r\nContent-Type: image/png\r\n\r\n', 'NOT_A_STREAM', 'it sends image/png, not audio'],
    ['\x16\x03\x01\r\n\r\n', 'PROTOCOL_VIOLATION', 'the answer is not HTTP'],
    ['', 'CLOSED_BY_PEER', 'closed the connection'],
    ['HTTP/1.0 200 OK\r\nContent-', 'CLOSED_BY_PEER', 'closed the connection'],
    [redirect('file:///etc/passwd'), 'NOT_A_STREAM', 'it redirects to what is no http or https address'],
    [playlist('file:///etc/passwd', 'gopher://h/'), 'NOT_A_STREAM', 'a playlist without an http or https address'],
    [playlist('#EXT-X-TARGETDURATION:10', 'http://h/1.ts'), 'NOT_A_STREAM', 'it is HLS, which is not supported'],
  ])('says of %j: %s', async (answer, code, words) => {
    const server = await serve(answer);
    const { failure, sessions } = pull({ url: server.url('/live') });
    expect(await failure).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(server.requests).toHaveLength(1);
    expect(sessions.events).toEqual([]);
  });

  it('finds the stream of an old SHOUTcast server beside its page, and asks once', async () => {
    const server = await serve((socket, request) => socket.end(request.startsWith('GET /; ') ? STREAM : page));
    const { failure, sessions } = pull({ url: `http://127.0.0.1:${server.port}` });
    expect(await failure).toMatchObject(CLOSED);
    expect(String(sessions.bytes)).toBe('AUDIO');
    const pages = await serve(page);
    expect(await pull({ url: pages.url('/') }).failure).toMatchObject({ code: 'NOT_A_STREAM' });
    expect(pages.requests).toHaveLength(2);
  });

  it('says that nobody listens', async () => {
    const server = await serve(STREAM);
    await server.close();
    expect(await pull({ url: server.url('/') }).failure).toMatchObject({
      code: 'UNREACHABLE',
      message: `cannot reach ${server.url('/')}: connection refused`,
    });
  });
});

describe('icecast input and silence', () => {
  it.each([
    ['no answer', '', 0],
    ['half a head', 'HTTP/1.0 200', 0],
    ['a stream that stops', STREAM, 1],
  ])('leaves a server after the timeout: %s', async (_, text, sessionsOpened) => {
    const clock = new FakeClock();
    const server = await serve((socket) => socket.write(text));
    const { failure, sessions } = pull({ url: server.url('/'), timeout: '3s' }, { clock });
    await server.nextRequest();
    while (sessions.continuities.length < sessionsOpened) await settle();
    await settle();
    await clock.run(2999);
    expect(clock.pendingCount).toBe(1);
    await clock.run(1);
    expect(await failure).toMatchObject({ code: 'TIMED_OUT', message: `${server.url('/')} sent nothing for 3 s` });
    expect(clock.pendingCount).toBe(0);
  });

  it('stays while audio comes', async () => {
    const clock = new FakeClock();
    const server = await serve((socket) => socket.write(STREAM));
    const { failure, sessions } = pull({ url: server.url('/'), timeout: '3s' }, { clock });
    await server.nextRequest();
    for (let turn = 1; turn <= 5; turn++) {
      while (sessions.length < 5 * turn) await settle();
      await clock.run(2000);
      server.sockets[0]!.write('AUDIO');
    }
    while (sessions.length < 30) await settle();
    server.sockets[0]!.end();
    expect(await failure).toMatchObject(CLOSED);
  });

  it('leaves a server whose head never ends', async () => {
    const clock = new FakeClock();
    const server = await serve((socket) => socket.write('HTTP/1.0 200 OK\r\n'));
    const { failure } = pull({ url: server.url('/') }, { clock });
    await server.nextRequest();
    let over = false;
    void failure.then(() => {
      over = true;
    });
    for (let turn = 0; turn < 20 && !over; turn++) {
      server.sockets[0]!.write('x: y\r\n');
      await settle();
      await settle();
      await clock.run(1000);
    }
    expect(await failure).toMatchObject({ code: expect.stringMatching(/PROTOCOL_VIOLATION|TIMED_OUT/) });
    expect(clock.nowMs()).toBeLessThanOrEqual(11_000);
  });
});

describe('icecast input and where it is led', () => {
  it('follows redirects, relative ones too, and playlists', async () => {
    const stream = await serve(STREAM);
    const server = await serve((socket, request) => {
      if (request.startsWith('GET /a ')) socket.end(redirect('b.m3u'));
      else if (request.startsWith('GET /b.m3u ')) socket.end(playlist('nowhere', '/c.pls'));
      else if (request.startsWith('GET /c.pls ')) {
        socket.end(`HTTP/1.0 200 OK\r\n\r\n[playlist]\nFile1=${stream.url('/live')}\n`);
      } else socket.end('HTTP/1.0 404 Not Found\r\n\r\n');
    });
    const { failure, sessions, report } = pull({ url: server.url('/a') });
    expect(await failure).toMatchObject(CLOSED);
    expect(String(sessions.bytes)).toBe('AUDIO');
    expect(report()).toMatchObject({
      counters: { connections: 5, redirects: 1 },
      detail: { url: stream.url('/live') },
    });
  });

  it('gives up on redirects and playlists in a circle', async () => {
    const circle = await serve(redirect('/again'));
    expect(await pull({ url: circle.url('/') }).failure).toMatchObject({ code: 'TOO_MANY_REDIRECTS' });
    expect(circle.requests).toHaveLength(6);
    const lists = await serve((socket) => socket.end(playlist('/x', '/y')));
    expect(await pull({ url: lists.url('/list') }).failure).toMatchObject({ code: 'NOT_A_STREAM' });
    expect(lists.requests.length).toBeLessThanOrEqual(20);
  });

  it('is not led to a private place that the operator did not name', async () => {
    const secret = await serve(STREAM);
    const places = [
      `http://localhost:${secret.port}/`,
      `http://127.0.0.2:${secret.port}/`,
      `http://[::ffff:127.0.0.1]:${secret.port}/`,
      `http://[::1]:${secret.port}/`,
      `http://rebound.example:${secret.port}/`,
      'http://169.254.169.254/',
    ];
    const lookup = async () => ['127.0.0.1'];
    for (const answer of [redirect, playlist]) {
      for (const place of places) {
        const server = await serve(answer(place));
        expect(await pull({ url: server.url('/') }, { lookup }).failure, place).toMatchObject({
          code: 'ADDRESS_NOT_ALLOWED',
        });
      }
    }
    expect(secret.requests).toEqual([]);
    const server = await serve(redirect(`http://rebound.example:${secret.port}/`));
    expect(await pull({ url: server.url('/') }, { lookup, allow: ['127.0.0.0/8'] }).failure).toMatchObject(CLOSED);
    expect(secret.requests).toHaveLength(1);
  });

  it('follows a name of the operator to the address behind it', async () => {
    const stream = await serve(STREAM);
    const server = await serve(redirect(stream.url('/live')));
    const { failure } = pull({ url: `http://studio.lan:${server.port}/` }, { lookup: async () => ['127.0.0.1'] });
    expect(await failure).toMatchObject(CLOSED);
    expect(stream.requests).toHaveLength(1);
  });
});

describe('icecast input and credentials', () => {
  const sent = (server: ScriptedServer) => server.requests.map((request) => /Authorization: (.*)\r/.exec(request)?.[1]);
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it('gives them to the server that they are for and to no other', async () => {
    const other = await serve(STREAM);
    const server = await serve((socket, _, turn) => socket.end(redirect(turn === 0 ? '/next' : other.url('/'))));
    const options = { url: server.url('/'), user: 'u', password: 'pässword' };
    expect(await pull(options).failure).toMatchObject(CLOSED);
    expect(sent(server)).toEqual([basic('u:pässword'), basic('u:pässword')]);
    expect(sent(other)).toEqual([undefined]);
  });

  it('takes them from the address too, and shows them nowhere', async () => {
    const server = await serve('HTTP/1.0 403 Forbidden\r\n\r\n');
    const { failure, report } = pull({ url: `http://u:CANARY@127.0.0.1:${server.port}/x?key=CANARY` });
    const error = (await failure) as Error;
    expect(sent(server)).toEqual([basic('u:CANARY')]);
    expect(error).toMatchObject({ code: 'REFUSED' });
    expect(JSON.stringify([error, error.message, error.stack, report()])).not.toContain('CANARY');
  });
});
