import { describe, expect, it } from 'vitest';
import { settle } from '../../../test/support/fake-clock.ts';
import { FragmentSource, patternBytes, testFormat } from '../../../test/support/frames.ts';
import { listenerHubRig as setUp, takeApart } from '../../../test/support/listener-hub-rig.ts';

describe('ListenerHub', () => {
  it('sends head and burst at once, then what follows, byte for byte', async () => {
    const { play, join } = setUp();
    await play(10);
    const { body } = join();
    await settle();
    const start = 4 * 1600; // 3 s before the end of fragment 10
    expect(body()).toEqual(patternBytes(start, 16_000));
    await play(20);
    expect(body().equals(patternBytes(start, 48_000))).toBe(true);
  });

  it('writes to a listener once a tick although fragments come in heaps', async () => {
    const { play, join, stream, source, clock } = setUp();
    await play(2);
    const { socket, body } = join();
    let writes = 0;
    const write = socket.write.bind(socket) as (chunk: Buffer) => boolean;
    socket.write = ((chunk: Buffer) => {
      writes++;
      return write(chunk);
    }) as never;
    for (let index = 0; index < 10; index++) stream.push(source.next());
    await clock.run(1000);
    expect(writes).toBe(1);
    for (let index = 0; index < 10; index++) stream.push(source.next());
    await settle();
    expect(writes).toBe(2);
    stream.push(source.next());
    await settle();
    expect(writes).toBe(2);
    await clock.run(500);
    expect(writes).toBe(3);
    expect(body().equals(patternBytes(0, 23 * 1600))).toBe(true);
  });

  it('loses nothing when more is released within a tick than the buffer keeps', async () => {
    const { play, join, stream, source, clock } = setUp();
    await play(4);
    const { body } = join();
    for (let index = 0; index < 400; index++) stream.push(source.next()); // 200 s, and the buffer keeps 60 s
    await clock.run(1000);
    expect(body().equals(patternBytes(0, 404 * 1600))).toBe(true);
  });

  it('gives every listener with metadata exact audio and each title at its byte', async () => {
    const source = new FragmentSource();
    const { play, join, stream, clock } = setUp({}, source);
    source.metadata = { title: 'First' };
    await play(12);
    const joined: { start: number; listener: ReturnType<typeof join> }[] = [];
    for (let index = 0; index < 30; index++) {
      joined.push({ start: 0, listener: join(index % 3 !== 0) });
      await play(1);
    }
    const second = { title: "Second ' quoted';" };
    const changed = source.next({ metadata: [{ offset: 480, metadata: second }] });
    source.metadata = second;
    stream.push(changed);
    await clock.run(500);
    const changeByte = (changed.sequence - 1) * 1600 + 480;
    await play(40);
    const endByte = stream.released!.sequence * 1600;
    for (const { listener } of joined) {
      const { metaint, body } = listener;
      const { audio, titles } = metaint ? takeApart(body(), metaint) : { audio: body(), titles: [] };
      const startByte = endByte - audio.length;
      expect(startByte % 160).toBe(0);
      expect(audio.equals(patternBytes(startByte, endByte))).toBe(true);
      if (!metaint) continue;
      for (const { at, title } of titles) {
        expect(title).toBe(startByte + at < changeByte ? 'First' : "Second ' quoted\u2019;");
      }
      const changes = titles.filter(({ at }) => startByte + at >= changeByte);
      expect(changes).toHaveLength(1);
      expect(startByte + changes[0]!.at - changeByte).toBeLessThanOrEqual(metaint);
      expect(titles.length).toBeLessThanOrEqual(2);
    }
  });

  it('puts listeners of opaque streams into one group, whenever they join', async () => {
    const { play, join, hub } = setUp({}, new FragmentSource(testFormat({ codec: 'opaque', primeFrames: 0 })));
    await play(20);
    for (let index = 0; index < 40; index++) {
      join(true);
      await play(1);
    }
    expect(hub.size).toBe(40);
    expect(hub.groupCount).toBeLessThanOrEqual(2);
  });

  it('shares groups between listeners of constant frames', async () => {
    const { play, join, hub } = setUp({}, new FragmentSource(testFormat({ latticeBytes: 160 })));
    await play(20);
    for (let index = 0; index < 40; index++) {
      join(true);
      await play(1);
    }
    expect(hub.groupCount).toBeLessThanOrEqual(2);
  });

  it('sends codec headers first to who joins, and again where the format changes', async () => {
    const first = testFormat({ codec: 'opus', headers: Buffer.from('HEADERS-1') });
    const second = testFormat({ codec: 'opus', headers: Buffer.from('HEADERS-2') });
    const { play, join, source, stream, clock } = setUp({ burstMs: 1000 }, new FragmentSource(first));
    await play(4);
    const early = join();
    stream.push(source.next({ format: second }));
    await clock.run(500);
    const late = join();
    await settle();
    const expected = [first.headers, patternBytes(3200, 6400), second.headers, patternBytes(6400, 8000)];
    expect(early.body()).toEqual(Buffer.concat(expected));
    expect(late.body()).toEqual(Buffer.concat([first.headers, patternBytes(4800, 6400), ...expected.slice(2)]));
  });

  it('drops who takes nothing for too long, and says why', async () => {
    const { play, join, hub, left } = setUp({ slowAfterMs: 5000 });
    await play(4);
    const slow = join();
    const fine = join();
    slow.socket.stall();
    await play(20);
    expect(left).toEqual(['slow']);
    expect(hub.counters.slow).toBe(1);
    expect(slow.socket.destroyed).toBe(true);
    expect(fine.body().length).toBe(24 * 1600);
  });

  it('drops who has too much waiting', async () => {
    const { play, join, left } = setUp({ maxQueuedBytes: 5000 });
    await play(1);
    join().socket.stall();
    await play(10);
    expect(left).toEqual(['slow']);
  });

  it('reaches more listeners than one slice, each exactly once', async () => {
    const { play, join, clock } = setUp();
    await play(8);
    const listeners = Array.from({ length: 450 }, () => join());
    await play(3);
    for (let slice = 0; slice < 10; slice++) await clock.run(100); // a slice a turn, and the tick after the last
    for (const { body } of listeners) expect(body().equals(patternBytes(3200, 17_600))).toBe(true);
  });

  it('forgets a listener that closes, and closes one that is kicked', async () => {
    const { play, join, hub, left } = setUp();
    await play(1);
    const gone = join();
    const kicked = join();
    gone.socket.destroy();
    await settle();
    expect(hub.size).toBe(1);
    expect(hub.kick([...hub.clients()][0]!.id)).toBe(true);
    expect(kicked.socket.destroyed).toBe(true);
    expect(hub.kick(99)).toBe(false);
    expect(left).toEqual(['closed', 'kicked']);
  });

  it('gives no stale burst while the stream is silent, and continues when it is back', async () => {
    const { play, join, stream } = setUp();
    await play(8);
    stream.live = false;
    const { body } = join();
    expect(body().length).toBe(0);
    stream.live = true;
    await play(2);
    expect(body()).toEqual(patternBytes(8 * 1600, 10 * 1600));
  });
});
