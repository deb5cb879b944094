import { describe, expect, it } from 'vitest';
import { fakeRequest } from '../../../test/support/fake-request.ts';
import { FragmentSource, patternBytes, testFormat } from '../../../test/support/frames.ts';
import { listenerHubRig } from '../../../test/support/listener-hub-rig.ts';
import { StreamMount, type StreamMountOptions } from './stream-mount.ts';

async function setUp(options: Partial<StreamMountOptions> = {}, source = new FragmentSource(), fragments = 8) {
  const rig = listenerHubRig({}, source);
  const mount = new StreamMount({
    mount: '/live',
    stream: rig.stream,
    hub: rig.hub,
    clock: rig.clock,
    hidden: false,
    rangeProbe: true,
    ...options,
  });
  await rig.play(fragments);
  const ask = (head: string) => {
    const sent = fakeRequest(head);
    mount.accept(sent.request);
    const body = () => sent.socket.received.subarray(sent.socket.received.indexOf('\r\n\r\n') + 4);
    return { ...sent, body };
  };
  return { ...rig, mount, ask };
}

describe('StreamMount', () => {
  it.each(['HTTP/1.0', 'HTTP/1.1'])('answers %s with HTTP/1.0, without a length, for every player', async (version) => {
    const { ask } = await setUp();
    const { answer, body } = ask(`GET /live ${version}\r\nHost: x\r\n\r\n`);
    expect(answer()).toMatch(/^HTTP\/1\.0 200 OK\r\n/);
    expect(answer()).toContain('Content-Type: audio/mpeg\r\n');
    expect(answer()).toContain('icy-name: Test Radio\r\nicy-br: 128\r\n');
    expect(answer()).toContain('Cache-Control: no-cache, no-store\r\n');
    expect(answer()).toContain('Access-Control-Allow-Origin: *\r\n');
    expect(answer()).toContain('Connection: close\r\n');
    expect(answer()).not.toMatch(/^(content-length|transfer-encoding|icy-metaint):/im);
    expect(body()).toEqual(patternBytes(3200, 12_800));
  });

  it.each([
    ['1', true],
    [' 1', true],
    ['0', false],
    ['', false],
    ['yes', false],
  ])('sends inline metadata for Icy-MetaData: %j only where it is above 0', async (value, wanted) => {
    const { ask } = await setUp();
    expect(ask(`GET /live HTTP/1.0\r\nIcy-MetaData:${value}\r\n\r\n`).answer().includes('icy-metaint: ')).toBe(wanted);
  });

  it.each(['shoutcastsource', 'Windows-Media-Player/9', 'RealMedia Player', 'BlackBerry9000'])(
    'begins with ICY for %s',
    async (agent) => {
      const { ask } = await setUp();
      expect(ask(`GET /live HTTP/1.0\r\nUser-Agent: ${agent}\r\n\r\n`).answer()).toMatch(/^ICY 200 OK\r\n/);
    },
  );

  it('answers HEAD with the head of GET and nothing more, and closes', async () => {
    const { ask, clock, hub } = await setUp();
    const { answer, body, socket } = ask('HEAD /live HTTP/1.0\r\nIcy-MetaData: 1\r\n\r\n');
    expect(answer()).toMatch(/icy-metaint: \d+\r\n/);
    expect([body().length, hub.size]).toEqual([0, 0]);
    socket.push(Buffer.alloc(100)); // a client that goes on sending
    await clock.run(5000);
    expect(socket.destroyed).toBe(true);
    expect(clock.pendingCount).toBe(0);
  });

  it("answers Safari's probe with the first bytes that it would be sent, and counts no listener", async () => {
    const ogg = testFormat({ codec: 'opus', contentType: 'audio/ogg', headers: Buffer.from('OggS-headers') });
    const { ask, hub, mount } = await setUp({}, new FragmentSource(ogg));
    const { answer, body } = ask('GET /live HTTP/1.1\r\nRange: bytes=0-1\r\n\r\n');
    expect(answer()).toMatch(/^HTTP\/1\.1 206 Partial Content\r\n/);
    expect(answer()).toContain('Content-Type: audio/ogg\r\n');
    expect(answer()).toContain('Content-Length: 2\r\nContent-Range: bytes 0-1/*\r\n');
    expect(body().toString()).toBe('Og');
    expect([hub.size, mount.counters.probes]).toEqual([0, 1]);
  });

  it.each(['bytes=0-', 'bytes=100-200', 'bytes=-5', 'garbage'])('ignores Range: %s', async (range) => {
    const { ask } = await setUp();
    expect(ask(`GET /live HTTP/1.1\r\nRange: ${range}\r\n\r\n`).answer()).toMatch(/^HTTP\/1\.0 200 OK/);
  });

  it('takes the probe for a listener where it asks for metadata, or the answer is switched off', async () => {
    const probe = 'Range: bytes=0-1\r\n\r\n';
    expect((await setUp()).ask(`GET /live HTTP/1.1\r\nIcy-MetaData: 1\r\n${probe}`).answer()).toContain('200 OK');
    expect((await setUp({ rangeProbe: false })).ask(`GET /live HTTP/1.1\r\n${probe}`).answer()).toContain('200 OK');
  });

  it.each([
    ['no source came yet', {}, 0, '404 Not Found'],
    ['as many listen as may', { maxListeners: 0 }, 8, '503 Service Unavailable'],
    ['the module says so', { refuse: () => ({ status: '403 Forbidden', text: 'no' }) }, 8, '403 Forbidden'],
  ])('refuses when %s, with a body for GET only', async (_, options, fragments, status) => {
    const { ask, mount, clock } = await setUp(options, new FragmentSource(), fragments);
    const refused = ask('GET /live HTTP/1.0\r\n\r\n');
    expect(refused.answer()).toContain(`HTTP/1.0 ${status}\r\n`);
    expect(refused.body().length).toBeGreaterThan(0);
    expect(ask('HEAD /live HTTP/1.0\r\n\r\n').body().length).toBe(0);
    expect(mount.counters.refused).toBe(2);
    await clock.run(5000);
    expect([refused.socket.destroyed, clock.pendingCount]).toEqual([true, 0]);
  });

  it('lets no header of the station or the player add a line', async () => {
    const { ask, stream, mount } = await setUp();
    stream.station = { name: 'x\r\nSet-Cookie: a=b' };
    const { answer } = ask('GET /live HTTP/1.0\r\nUser-Agent: a\tb\r\n\r\n');
    expect(answer()).not.toContain('\nSet-Cookie');
    expect([...mount.clients()][0]).toMatchObject({ address: '192.0.2.7', bytesSent: 9600 });
  });

  it('tells what it is and who listens, and disconnects one', async () => {
    const { ask, mount, source, play } = await setUp({ maxListeners: 5 });
    source.metadata = { title: 'Anna - Sea', artist: 'Anna' };
    await play(1);
    const { socket } = ask('GET /live HTTP/1.0\r\n\r\n');
    expect(mount.info()).toMatchObject({
      streamName: 'test',
      contentType: 'audio/mpeg',
      title: 'Anna - Sea',
      artist: 'Anna',
      live: true,
      listeners: 1,
      listenerPeak: 1,
      maxListeners: 5,
      hidden: false,
    });
    expect(mount.kick([...mount.clients()][0]!.id)).toBe(true);
    expect(socket.destroyed).toBe(true);
    expect(mount.info()).toMatchObject({ listeners: 0, listenerPeak: 1 });
  });
});
