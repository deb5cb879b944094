import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import type { Line, LineEvents } from './carrier.ts';
import { TlsCarrier } from './tls-carrier.ts';

const KEY = Buffer.alloc(32, 7);

/** Resolves once `condition` holds; real sockets take their time. */
async function once(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000 && !condition(); turn++) await new Promise(setImmediate);
  expect(condition()).toBe(true);
}

async function pair() {
  const clock = new FakeClock();
  const heard: Buffer[] = [];
  let portions = 0;
  const events: LineEvents = {
    onData: (bytes) => {
      portions++;
      heard.push(bytes);
    },
    onDrain: () => {},
    onClose: () => {},
  };
  const quiet: LineEvents = { onData: () => {}, onDrain: () => {}, onClose: () => {} };
  let accepted: Line | undefined;
  const giver = new TlsCarrier(clock);
  const taker = new TlsCarrier(clock);
  const host = {
    keyOf: () => KEY,
    accept: (line: Line) => {
      accepted = line;
      return events;
    },
  };
  const port = await taker.listen(host, '127.0.0.1', 0);
  const line = await giver.dial({ host: '127.0.0.1', port, identity: 'me', key: KEY }, quiet);
  await once(() => accepted !== undefined);
  const close = () => {
    line.close();
    accepted?.close();
    taker.close();
  };
  return { clock, line, close, bytes: () => Buffer.concat(heard), portions: () => portions };
}

describe('a line over TLS', () => {
  it('is read at common instants, whatever number of packets came in between', async () => {
    const { clock, line, close, bytes, portions } = await pair();
    line.send(Buffer.from('a'));
    await once(() => bytes().length === 1);
    for (let packet = 0; packet < 100; packet++) {
      line.send(Buffer.from('b'));
      await new Promise(setImmediate);
    }
    expect(portions()).toBe(1);
    for (let turn = 0; bytes().length < 101 && turn < 20; turn++) {
      clock.advance(25);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
    }
    expect(bytes().toString()).toBe(`a${'b'.repeat(100)}`);
    close();
  });

  it('carries every byte in its order', async () => {
    const { clock, line, close, bytes } = await pair();
    const sent = Buffer.from(Uint8Array.from({ length: 500_000 }, (_, at) => (at * 7919) >> 3));
    for (let at = 0; at < sent.length; at += 50_000) line.send(sent.subarray(at, at + 50_000));
    await once(() => {
      clock.advance(25);
      return bytes().length === sent.length;
    });
    expect(bytes().equals(sent)).toBe(true);
    close();
  });
});
