import { describe, expect, it } from 'vitest';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { FakeNetwork } from '../../../test/support/fake-network.ts';
import { fakeRequest } from '../../../test/support/fake-request.ts';
import { patternBytes } from '../../../test/support/frames.ts';
import { takeApart } from '../../../test/support/listener-hub-rig.ts';
import { streamRig } from '../../../test/support/stream-rig.ts';
import shoutcastServer from './index.ts';

async function setUp(options: Record<string, unknown> = {}, start: 'now' | 'full' = 'now') {
  const network = new FakeNetwork();
  const use = {
    module: shoutcastServer,
    options: shoutcastServer.schema.parse({ metadataInterval: 4000, ...options }),
  };
  const rig = await streamRig({ outputs: [use], reserve: { ms: start === 'full' ? 2000 : 0 }, start }, [], network);
  const ask = (head: string | Buffer) => {
    const sent = fakeRequest(head);
    network.listeners.get('*')!.accept(sent.request);
    const body = () => sent.socket.received.subarray(sent.socket.received.indexOf('\r\n\r\n') + 4);
    return { ...sent, body };
  };
  const stats = () => network.json.get('/stats')!() as Record<string, unknown>;
  return { ...rig, network, ask, stats };
}

/** Head and body of what the original answered, and its metadata interval. */
function recorded(name: string) {
  const bytes = distreamerCapture(name);
  const end = bytes.indexOf('\r\n\r\n');
  const head = bytes.toString('latin1', 0, end);
  const metaint = Number(/icy-metaint: (\d+)/.exec(head)?.[1] ?? 0);
  return { head, body: bytes.subarray(end + 4), metaint };
}

describe("DiStreamer's ShoutcastServer", () => {
  it.each([
    ['shoutcastserver-listener-meta-yes-1', 'audio/mpeg'],
    ['shoutcastserver-listener-ogg-icy-1', 'application/ogg'],
    ['sourceserver-listener-1', 'audio/mpeg'],
  ])('gives a recorded listener (%s) what the original gave: the same audio and title', async (name, contentType) => {
    const original = recorded(`${name}.server`);
    const { audio, titles } = takeApart(original.body, original.metaint);
    expect(original.metaint).toBe(4000);
    const { input, clock, ask, stream } = await setUp({ burst: '60s' });
    const writer = input.open('new', contentType);
    let at = 0;
    for (const title of [...titles, { at: audio.length, title: undefined }]) {
      writer.write(audio.subarray(at, title.at));
      at = title.at;
      if (title.title !== undefined) writer.setMetadata({ title: title.title });
    }
    await clock.run(1500);
    const { answer, body } = ask(distreamerCapture(`${name}.client`));
    await clock.run(1000);
    expect(answer()).toMatch(/^HTTP\/1\.0 200 OK\r\n/);
    expect(answer().toLowerCase()).toContain(`content-type: ${contentType}\r\n`);
    expect(answer()).toContain('icy-metaint: 4000\r\n');
    const ours = takeApart(body(), 4000);
    // The end of an Ogg packet whose beginning was not recorded follows the headers there; nobody can play it.
    const { skippedBytes } = stream.status().counters;
    const headerBytes = stream.buffer.oldest!.format.headers.length;
    const playable = Buffer.concat([audio.subarray(0, headerBytes), audio.subarray(headerBytes + skippedBytes)]);
    expect(ours.audio.length).toBeGreaterThan(audio.length * 0.9); // the newest fragment is not full
    expect(ours.audio.equals(playable.subarray(0, ours.audio.length))).toBe(true);
    // The original repeats the title in every block; ours holds the bytes until it knows what they are.
    expect(ours.titles.length).toBeLessThanOrEqual(titles.length);
    expect(ours.titles.at(-1)?.title).toBe(titles.at(-1)?.title);
    await stream.close();
  });

  it('serves who cannot take metadata, whom the original refused', async () => {
    expect(recorded('shoutcastserver-listener-meta-yes-2.server').head).toContain('500');
    const { input, feed, ask, stream } = await setUp();
    const writer = input.open();
    writer.setMetadata({ title: 'Title' });
    await feed(writer, 0, 6);
    const { answer, body } = ask(distreamerCapture('shoutcastserver-listener-meta-yes-2.client'));
    expect(answer()).toContain('200 OK');
    expect(answer()).not.toContain('icy-metaint');
    expect(body()).toEqual(patternBytes(48_000, 96_000));
    await stream.close();
  });

  it('keeps listeners when the source restarts', async () => {
    const { input, feed, ask, stream } = await setUp();
    await feed(input.open(), 0, 4);
    const { body, socket } = ask('GET / HTTP/1.0\r\n\r\n');
    await feed(input.open(), 1_000_000, 2);
    expect(socket.destroyed).toBe(false);
    expect(body().subarray(-32_000)).toEqual(patternBytes(1_000_000, 1_032_000));
    await stream.close();
  });

  it('answers 404 until there is enough to begin with', async () => {
    const { input, feed, ask, stream, stats } = await setUp({}, 'full');
    const early = ask('GET /any HTTP/1.0\r\n\r\n');
    expect(early.answer()).toMatch(/^HTTP\/1\.0 404 Not Found\r\n[\s\S]*No stream yet\n$/);
    expect(stats()).toEqual({ connectedClients: 0, fragmentsList: [], storeAge: 0 });
    const writer = input.open();
    await feed(writer, 0, 1);
    expect(ask('GET /any HTTP/1.0\r\n\r\n').answer()).toContain('404');
    await feed(writer, 16_000, 2);
    expect(ask('GET /any HTTP/1.0\r\n\r\n').answer()).toContain('200 OK');
    await stream.close();
  });

  it('may require one path', async () => {
    const { input, feed, ask, stream } = await setUp({ requireUrl: 'live.mp3' });
    await feed(input.open(), 0, 1);
    expect(ask('GET /other HTTP/1.0\r\n\r\n').answer()).toMatch(
      /^HTTP\/1\.0 403 Forbidden\r\n[\s\S]*Not authorized\n$/,
    );
    expect(ask('GET /live.mp3 HTTP/1.0\r\n\r\n').answer()).toContain('200 OK');
    await stream.close();
  });

  it('tells clients, fragments and age at /stats, and gives all back when it ends', async () => {
    const { input, feed, ask, stream, stats, network } = await setUp({ listen: { host: '127.0.0.1', port: 8080 } });
    await feed(input.open(), 0, 3);
    const { socket } = ask('GET / HTTP/1.0\r\n\r\n');
    expect(stats()).toEqual({ connectedClients: 1, fragmentsList: [1, 2, 3, 4, 5, 6], storeAge: 2 });
    expect([...network.json.keys()]).toEqual(['/stats', '/favicon.ico']);
    expect(network.addresses).toEqual([{ host: '127.0.0.1', port: 8080 }]);
    await stream.close();
    expect([socket.destroyed, network.frontsOpen, network.listeners.size, network.json.size]).toEqual([true, 0, 0, 0]);
  });
});
