import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { fakeRequest } from '../../../test/support/fake-request.ts';
import { FakeSocket } from '../../../test/support/fake-socket.ts';
import { patternBytes } from '../../../test/support/frames.ts';
import { RecordingSessions } from '../../../test/support/recording-session.ts';
import { silentLogger } from '../../core/logger.ts';
import { encodeMetadataBlock } from '../../protocols/icy/metadata-block.ts';
import { EncoderMount } from './source-mount.ts';

const BASIC = `Authorization: Basic ${Buffer.from('source:secret').toString('base64')}\r\n`;
const AUDIO = 'Content-Type: audio/mpeg\r\n';

function setUp() {
  const clock = new FakeClock();
  const sessions = new RecordingSessions();
  const mount = new EncoderMount({
    mount: '/studio',
    streamName: 'test',
    user: 'source',
    password: 'secret',
    timeoutMs: 10_000,
    fragmentMs: 500,
    clock,
    log: silentLogger,
    openSession: (options) => sessions.open(options),
  });
  const send = (text: string, address?: string) => {
    const sent = fakeRequest(text, address);
    mount.accept(sent.request);
    return sent;
  };
  const put = (headers = '', body = '') => send(`PUT /studio HTTP/1.1\r\n${BASIC}${AUDIO}${headers}\r\n${body}`);
  return { clock, sessions, mount, send, put };
}

describe('EncoderMount', () => {
  it.each([
    ['PUT', `PUT /studio HTTP/1.1\r\n${BASIC}${AUDIO}\r\n`, 'HTTP/1.1 200 OK', true],
    ['SOURCE', `SOURCE /studio HTTP/1.0\r\n${BASIC}${AUDIO}\r\n`, 'HTTP/1.0 200 OK', true],
    ['ICE/1.0', `SOURCE /studio ICE/1.0\n${BASIC}\n`, 'HTTP/1.0 200 OK', true],
    [
      'Expect',
      `PUT /studio HTTP/1.1\r\n${BASIC}${AUDIO}Expect: 100-continue\r\n\r\n`,
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK',
      true,
    ],
    ['no credentials', `PUT /studio HTTP/1.1\r\n${AUDIO}\r\n`, 'HTTP/1.1 401 Unauthorized', false],
    [
      'a wrong password',
      `PUT /studio HTTP/1.1\r\nAuthorization: Basic c291cmNlOndyb25n\r\n${AUDIO}\r\n`,
      'HTTP/1.1 401 Unauthorized',
      false,
    ],
    [
      'another user',
      `PUT /studio HTTP/1.1\r\nAuthorization: Basic YWRtaW46c2VjcmV0\r\n${AUDIO}\r\n`,
      'HTTP/1.1 401 Unauthorized',
      false,
    ],
    ['PUT without a type', `PUT /studio HTTP/1.1\r\n${BASIC}\r\n`, 'HTTP/1.1 400 Bad Request', false],
  ])('answers %s', async (_, text, status, accepted) => {
    const { send, mount, clock, sessions } = setUp();
    const { answer, socket } = send(text);
    expect(answer().startsWith(status)).toBe(true);
    expect(mount.source() !== undefined).toBe(accepted);
    expect(sessions.isOpen).toBe(accepted);
    if (status.includes('401')) {
      expect(answer()).toContain('WWW-Authenticate: Basic realm="distream"');
      expect(answer()).toContain('Allow: GET, HEAD, PUT, OPTIONS, SOURCE');
    }
    mount.close();
    await clock.run(5000);
    expect(socket.destroyed).toBe(true);
    expect(clock.pendingCount).toBe(0);
  });

  it('keeps the connection of the empty probe of libshout', () => {
    const { send } = setUp();
    const probe = send('PUT /studio HTTP/1.1\r\nContent-Length: 0\r\n\r\n');
    expect(probe.answer()).toContain('401 Unauthorized');
    expect(probe.answer()).toContain('Connection: Keep-Alive');
    expect(probe.reused).toHaveLength(1);
    const known = send(`PUT /studio HTTP/1.1\r\n${BASIC}Content-Length: 0\r\n\r\n`);
    expect(known.answer()).toContain('200 OK');
    expect(known.reused).toHaveLength(1);
  });

  it.each([
    ['PUT', '409 Conflict'],
    ['SOURCE', '403 Forbidden'],
  ])('refuses a second %s while the first sends, and takes over from one that hangs', async (method, status) => {
    const { send, put, mount, clock, sessions } = setUp();
    const first = put('', 'abc');
    const request = `${method} /studio HTTP/1.0\r\n${BASIC}${AUDIO}\r\n`;
    const second = send(request);
    await clock.run(100);
    expect(second.answer()).toContain(status);
    expect(mount.counters.refused_in_use).toBe(1);
    await clock.run(2000);
    const third = send(`${request}def`, '192.0.2.9');
    await clock.run(100);
    expect(third.answer()).toContain('200 OK');
    expect(first.socket.destroyed).toBe(true);
    expect(mount.source()).toMatchObject({ address: '192.0.2.9', bytesRead: 3 });
    expect(mount.counters).toMatchObject({ connects: 2, takeovers: 1 });
    expect(sessions.bytes.toString()).toBe('abcdef');
    mount.close();
  });

  it('lets an encoder back in at once when its old connection has ended', async () => {
    const { put, mount, clock } = setUp();
    const first = put('', 'abc');
    first.socket.push(null); // not read yet when the encoder is back
    const again = put('', 'def');
    await clock.run(100);
    expect(again.answer()).toContain('200 OK');
    expect(mount.counters).toMatchObject({ connects: 2, takeovers: 0, refused_in_use: 0 });
    mount.close();
  });

  it('passes on the body, the bytes after the head included, and what the source says of itself', async () => {
    const { send, sessions, mount } = setUp();
    const head = `PUT /studio HTTP/1.1\r\n${BASIC}Content-Type: audio/ogg; codecs=opus\r\nIce-Name: Radio\r\nice-bitrate: 96\r\nUser-Agent: butt\r\n\r\n`;
    const { socket } = send(`${head}first `);
    socket.push('second');
    await settle();
    expect(sessions.bytes.toString()).toBe('first second');
    expect(sessions.events[0]).toMatchObject({
      options: {
        contentType: 'audio/ogg; codecs=opus',
        continuity: 'new',
        station: { name: 'Radio', bitrateKbps: 96 },
        peer: '192.0.2.7',
        agent: 'butt',
      },
    });
    socket.push(null);
    await settle();
    expect(sessions.isOpen).toBe(false);
    expect(mount.source()).toBeUndefined();
    expect(socket.destroyed).toBe(true);
  });

  it('takes chunked framing off, ends with the last chunk, and ends a source that breaks the framing', async () => {
    const { put, sessions } = setUp();
    const whole = put('Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
    expect(sessions.bytes.toString()).toBe('abcde');
    expect(whole.socket.destroyed).toBe(true);
    const broken = put('Transfer-Encoding: chunked\r\n', 'zz\r\n');
    expect(broken.socket.destroyed).toBe(true);
    expect(sessions.isOpen).toBe(false);
  });

  it('takes inline titles out where they stand', () => {
    const { put, sessions, mount } = setUp();
    const block = encodeMetadataBlock({ title: 'Anna - Sea' }).toString('latin1');
    put('icy-metaint: 4\r\n', `abcd${block}efgh\0ij`);
    expect(sessions.bytes.toString()).toBe('abcdefghij');
    expect(sessions.titles).toEqual([{ at: 4, title: 'Anna - Sea' }]);
    mount.close();
  });

  it('drops a source that sends nothing', async () => {
    const { put, clock, mount, sessions } = setUp();
    const { socket } = put('', 'abc');
    await clock.run(9000);
    expect(mount.source()).toBeDefined();
    await clock.run(2000);
    expect([socket.destroyed, sessions.isOpen, clock.pendingCount]).toEqual([true, false, 0]);
  });

  it('ends the source that is killed', () => {
    const { put, mount } = setUp();
    expect(mount.kill('asked to')).toBe(false);
    const { socket } = put();
    expect(mount.kill('asked to')).toBe(true);
    expect(socket.destroyed).toBe(true);
    expect(mount.kill('asked to')).toBe(false);
  });
});

describe('Titles from aside', () => {
  it('need a source', () => {
    const { mount, put } = setUp();
    expect(mount.setTitle({ song: 'x' })).toBe('no-source');
    put();
    expect(mount.setTitle({ song: 'x' })).toBe('ok');
    mount.close();
  });

  it('come through at most four times a second, the last one always', async () => {
    const { mount, put, sessions, clock } = setUp();
    put();
    for (let count = 0; count < 100; count++) mount.setTitle({ artist: 'A', title: `T${count}` });
    expect(sessions.titles.map(({ title }) => title)).toEqual(['A - T0']);
    await clock.run(250);
    expect(sessions.titles.map(({ title }) => title)).toEqual(['A - T0', 'A - T99']);
    mount.close();
    expect(clock.pendingCount).toBe(0);
  });

  it('that wait are not given to the next source', async () => {
    const { mount, put, sessions, clock } = setUp();
    put();
    mount.setTitle({ song: 'one' });
    mount.setTitle({ song: 'two' });
    mount.kill('gone');
    put();
    await clock.run(1000);
    expect(sessions.titles.map(({ title }) => title)).toEqual(['one']);
    mount.close();
  });
});

describe('A SHOUTcast login', () => {
  const HEADERS = 'icy-name: Lab\r\nicy-br: 128\r\ncontent-type: audio/aacp\r\n\r\n';

  it('takes headers and audio in any portions', async () => {
    const { mount, sessions } = setUp();
    const socket = new FakeSocket();
    mount.acceptShoutcast(socket.socket, Buffer.from(HEADERS.slice(0, 20)), '192.0.2.7');
    expect(socket.received.toString()).toBe('OK2\r\nicy-caps:11\r\n\r\n');
    socket.push(HEADERS.slice(20));
    await settle();
    expect(sessions.isOpen).toBe(false); // no audio yet
    socket.push(patternBytes(0, 100));
    await settle();
    expect(sessions.bytes).toEqual(patternBytes(0, 100));
    expect(sessions.events[0]).toMatchObject({
      options: { contentType: 'audio/aacp', station: { name: 'Lab', bitrateKbps: 128 } },
    });
    mount.close();
  });

  it.each(['secret', 'source:secret', 'secret:/studio', '/studio:secret'])('knows the password as %s', (line) => {
    expect(setUp().mount.matches(line)).toBe(true);
  });

  it.each(['', 'Secret', 'secret ', 'admin:secret'])('does not take %j for the password', (line) => {
    expect(setUp().mount.matches(line)).toBe(false);
  });

  it('is refused while another source sends, and closed', async () => {
    const { mount, put, clock } = setUp();
    put('', 'abc');
    const socket = new FakeSocket();
    mount.acceptShoutcast(socket.socket, Buffer.alloc(0), '192.0.2.9');
    await clock.run(2500);
    expect(socket.received.toString()).toBe('Another source is connected.\r\n');
    expect(socket.destroyed).toBe(true);
    mount.close();
  });

  it('ends after ten seconds without headers, and with the mount', async () => {
    const { mount, clock, sessions } = setUp();
    const slow = new FakeSocket();
    mount.acceptShoutcast(slow.socket, Buffer.from('icy-name: x\r\n'), '192.0.2.9');
    await clock.run(10_000);
    expect(slow.destroyed).toBe(true);
    const late = new FakeSocket();
    mount.acceptShoutcast(late.socket, Buffer.alloc(0), '192.0.2.9');
    mount.close();
    expect(late.destroyed).toBe(true);
    await settle();
    expect([clock.pendingCount, sessions.isOpen]).toEqual([0, false]);
  });

  it('loses the source, and not the program, when its bytes meet a fault', () => {
    const errors: string[] = [];
    const mount = new EncoderMount({
      mount: '/studio',
      streamName: 'test',
      user: 'source',
      password: 'secret',
      timeoutMs: 10_000,
      fragmentMs: 500,
      clock: new FakeClock(),
      log: { ...silentLogger, error: (message) => void errors.push(message) },
      openSession: (options) => ({
        ...new RecordingSessions().open(options),
        write: () => {
          throw new RangeError('a fault');
        },
        end: () => {},
      }),
    });
    const { request } = fakeRequest(`PUT /studio HTTP/1.1\r\n${BASIC}${AUDIO}\r\naudio`);
    expect(() => mount.accept(request)).not.toThrow();
    expect(errors).toEqual(['reading the source on /studio failed']);
    expect(mount.source()).toBeUndefined();
  });
});
