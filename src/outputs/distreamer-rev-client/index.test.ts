import { describe, expect, it } from 'vitest';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { OutputBench } from '../../../test/support/output-bench.ts';
import client from './index.ts';

const PORT = 5080;
const bench = () => new OutputBench(client, { url: 'http://far:5080/', password: 'secret' });

describe('the polling push client', () => {
  it.each([
    ['a wrong password', 'HTTP/1.0 403 Forbidden\r\nContent-Length: 16\r\n\r\nInvalid password', 'REFUSED'],
    ['a page', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi', 'PROTOCOL_VIOLATION'],
    ['an error', 'HTTP/1.0 500 Error\r\nContent-Length: 0\r\n\r\n', 'PROTOCOL_VIOLATION'],
    ['something else', 'SSH-2.0-OpenSSH\r\n', 'PROTOCOL_VIOLATION'],
  ])('fails in words when it is answered with %s', async (_, answer, code) => {
    const out = bench();
    await out.listen(PORT, answer);
    await out.start();
    await out.clock.run(500);
    expect(out.ended).toMatchObject({ code });
    await out.stop();
  });

  it('is not ready before a poll is whole, and gives up a silent server', async () => {
    const out = bench();
    const servers = await out.listen(PORT, '');
    await out.play(2);
    await out.start();
    await out.clock.run(5100);
    expect(out.ended).toMatchObject({ code: 'TIMED_OUT' });
    expect([out.report().state, servers.length]).toEqual(['none', 1]);
    await out.stop();
  });

  it('asks and posts with the recorded answers', async () => {
    const out = bench();
    const asked: string[] = [];
    await out.line.listen({ host: '::', port: PORT }, (socket) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        const isFirst = text === '';
        text += chunk.toString('latin1');
        if (!isFirst) return;
        asked.push(text.slice(0, text.indexOf(' HTTP/')));
        const name = text.startsWith('GET') ? 'revclient-revserver-1' : 'revclient-revserver-4';
        socket.end(distreamerCapture(`${name}.server`));
      });
    });
    await out.play(2);
    await out.start();
    await out.clock.run(1000);
    expect(asked).toEqual(['GET /list/secret', 'POST /10/secret', 'POST /11/secret', 'POST /list/secret']);
    expect(out.report()).toMatchObject({ state: 'ready', target: 'far:5080', counters: { polls: 1, fragments: 2 } });
    await out.clock.run(2500);
    expect(asked.length).toBe(8);
    await out.stop();
  });
});
