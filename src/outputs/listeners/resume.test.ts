import { describe, expect, it } from 'vitest';
import { FakeSocket } from '../../../test/support/fake-socket.ts';
import { FragmentSource, testFormat } from '../../../test/support/frames.ts';
import { HEAD, listenerHubRig } from '../../../test/support/listener-hub-rig.ts';
import { formatPosition, parsePosition, type StreamPosition } from './resume-point.ts';

type Rig = ReturnType<typeof listenerHubRig>;

function join({ hub }: Rig, from?: StreamPosition, icy = false) {
  const socket = new FakeSocket();
  let position: StreamPosition | undefined;
  const head = (_: unknown, __: unknown, given: StreamPosition | undefined) => {
    position = given;
    return HEAD;
  };
  hub.join({ socket: socket.socket, address: '192.0.2.1', agent: 'test', icy, from, head });
  return { socket, position, body: () => socket.received.subarray(HEAD.length) };
}

/** The position behind what was received. */
function next({ position, body }: ReturnType<typeof join>): StreamPosition {
  return { run: position!.run, byte: position!.byte + body().length };
}

describe('a listener that comes back', () => {
  it('goes on at the very next byte, whoever listened meanwhile', async () => {
    for (const isAlone of [true, false]) {
      const rig = listenerHubRig();
      await rig.play(20);
      if (!isAlone) join(rig);
      const first = join(rig);
      await rig.play(5);
      first.socket.socket.destroy();
      await rig.play(7);
      const second = join(rig, next(first));
      expect(second.position).toEqual(next(first));
      await rig.play(3);
      const all = Buffer.concat([first.body(), second.body()]);
      const whole = Buffer.concat([...rig.stream.buffer.from(0)].map(({ data }) => data));
      expect(whole.indexOf(all)).toBeGreaterThanOrEqual(0);
      expect(whole.subarray(-all.length).equals(all)).toBe(true);
    }
  });

  it('goes on over a gap and another source, which it would have heard too', async () => {
    const rig = listenerHubRig();
    await rig.play(10);
    const first = join(rig);
    rig.stream.push(rig.source.next({ originByte: 999_999, discontinuity: { cause: 'line-loss', lostMs: 70 } }));
    await rig.clock.run(500);
    rig.stream.push(rig.source.next({ originEpoch: 'another', originByte: 0 }));
    await rig.clock.run(500);
    first.socket.socket.destroy();
    await rig.play(4);
    const second = join(rig, next(first));
    const whole = Buffer.concat([...rig.stream.buffer.from(0)].map(({ data }) => data));
    const all = Buffer.concat([first.body(), second.body()]);
    expect(whole.subarray(-all.length).equals(all)).toBe(true);
  });

  it('is sent nothing at once when it missed nothing', async () => {
    const rig = listenerHubRig();
    await rig.play(10);
    const first = join(rig);
    await rig.play(1);
    const second = join(rig, next(first));
    expect(second.body()).toHaveLength(0);
    await rig.play(1);
    expect(second.body()).toHaveLength(1600);
  });

  it('begins anew where it cannot go on: another run, the future, what is no longer kept, headers, titles', async () => {
    const rig = listenerHubRig();
    await rig.play(20);
    const { position } = join(rig);
    const burst = join(rig).body().length;
    const { run, byte } = position!;
    for (const from of [
      { run: 'other', byte },
      { run, byte: byte + 10_000_000 },
      { run, byte: -1 },
    ]) {
      const again = join(rig, from);
      expect(again.position).toEqual(position);
      expect(again.body()).toHaveLength(burst);
    }
    expect(join(rig, { run, byte: 4 }, true).position).toBeUndefined();

    const withHeaders = listenerHubRig({}, new FragmentSource(testFormat({ headers: Buffer.from('OggS') })));
    await withHeaders.play(20);
    expect(join(withHeaders, { run, byte: 0 }).position).toBeUndefined();
  });
});

describe('parsePosition', () => {
  it('reads what formatPosition writes, and nothing else', () => {
    const position = { run: 'a1B2-_', byte: 123_456 };
    expect(parsePosition(formatPosition(position))).toEqual(position);
    for (const text of [
      undefined,
      null,
      '',
      '.',
      'a.',
      '.5',
      'a.-1',
      'a.1e9',
      'a b.1',
      'a.1.2',
      `a.${'9'.repeat(16)}`,
      'a.1\n',
    ])
      expect(parsePosition(text)).toBeUndefined();
  });
});
