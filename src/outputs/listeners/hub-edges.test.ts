import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeSocket } from '../../../test/support/fake-socket.ts';
import { FragmentSource, patternBytes, testFormat } from '../../../test/support/frames.ts';
import { HEAD, listenerHubRig, takeApart } from '../../../test/support/listener-hub-rig.ts';

describe('ListenerHub at its edges', () => {
  it('gives no burst made before the stream fell silent', async () => {
    const { play, join, stream } = listenerHubRig();
    await play(8);
    expect(join().body().length).toBe(9600);
    stream.live = false; // and nothing is released any more
    expect(join().body().length).toBe(0);
    stream.live = true;
    expect(join().body().length).toBe(9600);
  });

  it('begins a burst where the kind of audio changed, and names the kind of its first byte', async () => {
    const aac = testFormat({ codec: 'aac', contentType: 'audio/aac' });
    const { play, join, stream, source, clock } = listenerHubRig();
    await play(3);
    join(); // with nobody there, nothing waits for the tick
    stream.push(source.next());
    stream.push(source.next({ format: aac }));
    // Not flushed yet: a listener still begins with what was before.
    const early = join();
    expect(early.contentType).toBe('audio/mpeg');
    await clock.run(500);
    const late = join();
    expect(late.contentType).toBe('audio/aac');
    expect(late.body()).toEqual(patternBytes(6400, 8000));
    expect(early.body()).toEqual(patternBytes(0, 8000));
  });

  it('keeps the burst over a restart of the source that sounds the same', async () => {
    const { play, join, stream, source, clock } = listenerHubRig();
    await play(4);
    stream.push(source.next({ format: testFormat() }));
    await clock.run(500);
    expect(join().body()).toEqual(patternBytes(0, 8000));
  });

  it('does not take a burst larger than the queue for a slow listener', async () => {
    const { play, join, left } = listenerHubRig({ maxQueuedBytes: 5000 });
    await play(8);
    join(false, true);
    await play(3);
    expect(left).toEqual([]);
    await play(3);
    expect(left).toEqual(['slow']);
  });

  it('does not keep a listener whose socket closed before it joined', async () => {
    const { play, hub } = listenerHubRig();
    await play(2);
    const socket = new FakeSocket();
    socket.destroy();
    await play(1);
    hub.join({ socket: socket.socket, address: '192.0.2.1', agent: '', icy: false, head: () => HEAD });
    expect(hub.size).toBe(0);
  });

  it('writes once a tick when fragments are far shorter, and once a fragment when they are longer', async () => {
    const count = async (fragmentMs: number, tickMs: number, fragments: number) => {
      const { clock, stream, source, join } = listenerHubRig({ tickMs });
      stream.push(source.next());
      await clock.run(1000);
      const { socket } = join();
      let writes = 0;
      const write = socket.write.bind(socket) as (chunk: Buffer) => boolean;
      socket.write = ((chunk: Buffer) => {
        writes++;
        return write(chunk);
      }) as never;
      for (let index = 0; index < fragments; index++) {
        stream.push(source.next());
        await clock.run(fragmentMs);
      }
      return writes;
    };
    expect(await count(20, 500, 500)).toBeLessThanOrEqual(21); // 10 s
    expect(await count(500, 20, 20)).toBe(20);
  });

  it('leaves no timer behind when it is closed while it sends', async () => {
    const { play, join, hub, clock, stream, source } = listenerHubRig();
    await play(4);
    for (let index = 0; index < 450; index++) join();
    stream.push(source.next()); // the first slice goes out now
    stream.push(source.next());
    hub.close();
    await clock.run(0);
    await clock.run(0);
    expect(clock.pendingCount).toBe(0);
    expect(hub.size).toBe(0);
  });

  it('sends nothing of the reserve when what is due was evicted', async () => {
    const { play, join, stream, source, clock } = listenerHubRig();
    await play(4);
    const { body } = join();
    for (let index = 0; index < 200; index++) stream.append(source.next()); // 100 s: the buffer holds 60
    stream.release(source.next({ sequence: 10 }));
    await clock.run(1000);
    expect(body()).toEqual(patternBytes(0, 6400));
  });

  it('counts metadata from the first byte for who joins, leaves and joins anew at any time', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('play' as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant('join' as const), icy: fc.boolean() }),
      fc.record({ kind: fc.constant('leave' as const) }),
      fc.record({ kind: fc.constant('title' as const), offset: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ kind: fc.constant('silence' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const rig = listenerHubRig({ burstMs: 1200 }, new FragmentSource(testFormat({ latticeBytes: 160 })));
        const { source, stream, clock } = rig;
        const titles: { at: number; title: string }[] = [{ at: 0, title: 'title 0' }];
        source.metadata = { title: 'title 0' };
        await rig.play(3);
        const all: ReturnType<typeof rig.join>[] = [];
        const present: ReturnType<typeof rig.join>[] = [];
        for (const each of steps) {
          if (each.kind === 'play') await rig.play(each.count);
          else if (each.kind === 'join') {
            const listener = rig.join(each.icy);
            all.push(listener);
            present.push(listener);
          } else if (each.kind === 'leave') present.shift()?.socket.destroy();
          else if (each.kind === 'title') {
            const metadata = { title: `title ${titles.length}` };
            const fragment = source.next({ metadata: [{ offset: each.offset * 160, metadata }] });
            source.metadata = metadata;
            titles.push({ at: (fragment.sequence - 1) * 1600 + each.offset * 160, title: metadata.title });
            stream.push(fragment);
            await clock.run(500);
          } else {
            stream.live = false;
            const listener = rig.join(true);
            all.push(listener);
            present.push(listener);
            stream.live = true;
          }
        }
        await rig.play(4);
        const endByte = stream.released!.sequence * 1600;
        const titleAt = (byte: number) => titles.findLast(({ at }) => at <= byte)!.title;
        for (const { metaint, body, socket } of all) {
          const { audio, titles: shown } = metaint ? takeApart(body(), metaint) : { audio: body(), titles: [] };
          if (socket.destroyed) continue;
          const startByte = endByte - audio.length;
          expect(audio.equals(patternBytes(startByte, endByte))).toBe(true);
          if (!metaint) continue;
          expect(shown[0]?.at).toBe(metaint);
          for (const { at, title } of shown) expect(title).toBe(titleAt(startByte + at));
        }
        rig.hub.close();
      }),
      { numRuns: 60 },
    );
  });
});
