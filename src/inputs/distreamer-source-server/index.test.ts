import { describe, expect, it } from 'vitest';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { FakeNetwork } from '../../../test/support/fake-network.ts';
import { FakeSocket } from '../../../test/support/fake-socket.ts';
import { takeApart } from '../../../test/support/listener-hub-rig.ts';
import { RecordingSessions } from '../../../test/support/recording-session.ts';
import { silentLogger } from '../../core/logger.ts';
import { PasswordLineReader, SHOUTCAST_REFUSED } from '../../protocols/shoutcast/source-login.ts';
import sourceServer from './index.ts';

async function setUp(options: Record<string, unknown> = {}) {
  const clock = new FakeClock();
  const network = new FakeNetwork();
  const sessions = new RecordingSessions();
  const abort = new AbortController();
  const ended = sourceServer.run({
    options: sourceServer.schema.parse({ password: 'secret', ...options }),
    signal: abort.signal,
    clock,
    log: silentLogger,
    streamName: 'test',
    fragmentMs: 500,
    baseDir: '/',
    keepDir: undefined,
    reserve: () => ({ nowMs: 0, targetMs: 0 }),
    network,
    memory: new Map(),
    openSession: (given) => sessions.open(given),
    onReport: () => {},
  });
  await settle();
  const [mount] = network.shoutcast;
  const stop = async () => {
    abort.abort();
    await ended;
  };
  /** Plays a recorded encoder in portions of 1,000 bytes. */
  const encoder = async (name: string) => {
    const socket = new FakeSocket();
    const bytes = distreamerCapture(`${name}.client`);
    const login = new PasswordLineReader().push(bytes.subarray(0, 1000))!;
    if (!mount!.matches(login.password)) return undefined;
    mount!.acceptShoutcast(socket.socket, login.rest, '192.0.2.7');
    for (let at = 1000; at < bytes.length; at += 1000) {
      socket.push(bytes.subarray(at, at + 1000));
      await clock.run(20);
    }
    await clock.run(1000);
    return socket;
  };
  return { clock, network, sessions, mount: mount!, stop, encoder };
}

describe("DiStreamer's ShoutcastSourceServer", () => {
  it('takes the recorded encoder byte for byte, with the answer of the original', async () => {
    const { encoder, sessions, stop } = await setUp();
    const socket = await encoder('sourceserver-source-2');
    expect(socket!.received).toEqual(distreamerCapture('sourceserver-source-2.server'));
    const bytes = distreamerCapture('sourceserver-source-2.client');
    expect(sessions.bytes.equals(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4))).toBe(true);
    expect(sessions.events[0]).toMatchObject({
      options: {
        contentType: 'audio/mpeg',
        station: { name: 'Lab Radio', genre: 'Test', url: 'http://lab.example', bitrateKbps: 128, isPublic: false },
      },
    });
    await stop();
    expect(socket!.destroyed).toBe(true);
  });

  it('gives its listener the audio that the original gave', async () => {
    const { encoder, sessions, stop } = await setUp();
    await encoder('sourceserver-source-2');
    const heard = distreamerCapture('sourceserver-listener-1.server');
    const { audio } = takeApart(heard.subarray(heard.indexOf('\r\n\r\n') + 4), 4000);
    expect(sessions.bytes.includes(audio)).toBe(true);
    await stop();
  });

  it('refuses the recorded wrong password as the original does', async () => {
    const { encoder, stop } = await setUp();
    expect(await encoder('sourceserver-source-1')).toBeUndefined();
    expect(SHOUTCAST_REFUSED).toEqual(distreamerCapture('sourceserver-source-1.server'));
    await stop();
  });

  it('tells at /stats whether a source sends', async () => {
    const { encoder, network, stop } = await setUp();
    const stats = network.json.get('/stats')!;
    expect(stats()).toEqual({ sourceConnected: false });
    await encoder('sourceserver-source-2');
    expect(stats()).toEqual({ sourceConnected: true });
    await stop();
    expect([network.frontsOpen, network.shoutcast.size, network.json.size]).toEqual([0, 0, 0]);
  });

  it('stamps every title, or repeats the title stamped anew every so many seconds', async () => {
    const every = await setUp({ timeKeyInterval: 0, timeout: '60s' });
    await every.encoder('sourceserver-source-2');
    every.mount.setTitle({ song: 'Artist - Title' });
    const seconds = (every.clock.utcMs() / 1000).toFixed(3);
    expect(every.sessions.titles.map(({ title }) => title)).toEqual([`Artist - Title {${seconds}}`]);
    await every.stop();

    const timed = await setUp({ timeKeyInterval: 5, timeout: '60s' });
    await timed.encoder('sourceserver-source-2'); // 3.7 s
    timed.mount.setTitle({ song: 'Artist - Title' });
    await timed.clock.run(10_000);
    const titles = timed.sessions.titles.map(({ title }) => title.replace(/ \{\d+\.\d{3}\}$/, ' {}'));
    expect(titles).toEqual(Array(3).fill('Artist - Title {}'));
    await timed.stop();
    expect(timed.clock.pendingCount).toBe(0);
  });
});
