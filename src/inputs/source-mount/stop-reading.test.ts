import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FakeSocket } from '../../../test/support/fake-socket.ts';
import { stopReading } from './stop-reading.ts';

describe('stopReading', () => {
  it('leaves what comes in the kernel, then gives it all, and the end', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const sender = connect(port, '127.0.0.1');
    const [receiver] = (await once(server, 'connection')) as [Socket];
    const portions: string[] = [];
    receiver.on('data', (data) => portions.push(data.toString()));
    sender.write('first');
    await once(receiver, 'data');
    for (let round = 0; round < 3; round++) {
      const goOn = stopReading(receiver);
      expect(goOn).toBeTypeOf('function');
      expect(stopReading(receiver)).toBeUndefined(); // stopped already
      for (const text of ['a', 'b', 'c']) {
        await new Promise((written) => sender.write(text, written));
        await new Promise((turn) => setImmediate(turn)); // a socket that still read would have it now
      }
      expect(portions).toHaveLength(1 + round);
      goOn!();
      goOn!();
      await once(receiver, 'data');
    }
    expect(portions).toEqual(['first', 'abc', 'abc', 'abc']);
    const goOn = stopReading(receiver)!;
    sender.end();
    const ended = once(receiver, 'end');
    goOn();
    await ended;
    receiver.destroy();
    goOn();
    server.close();
  });

  it('does without where the socket has no handle', () => {
    expect(stopReading(new FakeSocket().socket)).toBeUndefined();
  });

  it('goes on however much the stream held before the stop', async () => {
    const server = createServer({ pauseOnConnect: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sender = connect((server.address() as { port: number }).port, '127.0.0.1');
    const [receiver] = (await once(server, 'connection')) as [Socket];
    // what was read while the socket was paused waits in the stream, as after the head of a request
    receiver.read(0);
    for (let part = 0; part < 4; part++) {
      await new Promise((written) => sender.write('x'.repeat(1000), written));
      await once(receiver, 'readable');
    }
    let received = 0;
    const whole = new Promise<void>((resolve) => {
      receiver.on('data', (data: Buffer) => {
        received += data.length;
        const goOn = stopReading(receiver);
        if (goOn) setImmediate(goOn);
        if (received === 104_000) resolve();
      });
    });
    receiver.resume();
    for (let part = 0; part < 100; part++) await new Promise((written) => sender.write('y'.repeat(1000), written));
    await whole;
    sender.destroy();
    receiver.destroy();
    server.close();
  });
});
