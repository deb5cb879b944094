import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FakeSocket } from '../../../test/support/fake-socket.ts';
import { readWaiting } from './read-waiting.ts';
import { stopReading } from './stop-reading.ts';

describe('readWaiting', () => {
  it('gives what waits for a stopped socket, nothing else, and leaves the end to Node', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sender = connect((server.address() as { port: number }).port, '127.0.0.1');
    const [receiver] = (await once(server, 'connection')) as [Socket];
    const portions: string[] = [];
    receiver.on('data', (data) => portions.push(data.toString()));
    sender.write('first');
    await once(receiver, 'data');
    const goOn = stopReading(receiver)!;
    expect(readWaiting(receiver)).toBeUndefined();
    for (const text of ['a', 'b', 'c']) await new Promise((written) => sender.write(text, written));
    const data = readWaiting(receiver)!;
    expect(data.toString()).toBe('abc');
    await new Promise((written) => sender.write('later', written));
    expect(readWaiting(receiver)!.toString()).toBe('later');
    expect(data.toString()).toBe('abc'); // its own bytes
    expect(portions).toEqual(['first']);
    const ended = once(receiver, 'end');
    await new Promise<void>((finished) => sender.end(finished));
    expect(readWaiting(receiver)).toBeUndefined();
    goOn();
    await ended;
    receiver.destroy();
    expect(readWaiting(receiver)).toBeUndefined();
    server.close();
  });

  it('never reads past what the stream holds, nor below TLS', () => {
    expect(readWaiting(new FakeSocket().socket)).toBeUndefined();
    const held = { _handle: { fd: 0 }, readableLength: 5 };
    expect(readWaiting(held as never)).toBeUndefined();
    const secured = { _handle: { fd: 0 }, readableLength: 0, encrypted: true };
    expect(readWaiting(secured as never)).toBeUndefined();
  });
});
