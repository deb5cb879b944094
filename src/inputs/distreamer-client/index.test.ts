import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { InputBench } from '../../../test/support/input-bench.ts';
import { recordedPolls } from '../../../test/support/poll-capture.ts';
import client from './index.ts';

const RECORDED = recordedPolls('server-client', 18);

/** Runs the client against a server that gives these answers, one a connection. */
async function against(answers: readonly (Buffer | string)[], options: object = {}) {
  const bench = new InputBench(client, { url: 'studio', password: 'secret', interval: '2s', ...options });
  const asked: string[] = [];
  await bench.line.listen({ host: '::', port: 7080 }, (socket: Socket) => {
    const answer = answers[asked.length];
    const at = asked.push('') - 1;
    socket.on('data', (chunk: Buffer) => {
      asked[at] += chunk.toString('latin1');
      if (answer !== undefined) socket.end(answer);
    });
  });
  await bench.start();
  return { bench, asked };
}

describe('the polling client', () => {
  it('asks as the recorded client and takes what the recorded server gave, every two seconds', async () => {
    const { bench, asked } = await against(RECORDED.map(({ response }) => response));
    await bench.clock.run(5000);
    const lines = asked.map((text) => text.slice(0, text.indexOf(' HTTP/')));
    expect(lines).toEqual(RECORDED.map(({ line }) => line));
    expect(asked[0]).toContain('\r\nHost: studio:7080\r\n');
    expect(bench.sessions.continuities).toEqual(['new']);
    expect(bench.sessions.events[0]).toMatchObject({ options: { peer: 'studio:7080', contentType: 'audio/mpeg' } });
    expect(bench.counters).toMatchObject({ fragments: 15, fragments_missing: 6, gaps: 2 });
    await bench.stop();
    expect(bench.ended).toBe('stopped');
  });

  it('passes on what came before a request failed, and asks for the rest only', async () => {
    const [list, ...fragments] = RECORDED.slice(0, 6).map(({ response }) => response);
    const broken = fragments[2]!.subarray(0, 1000);
    const { bench, asked } = await against([list!, fragments[0]!, fragments[1]!, broken, list!, fragments[2]!]);
    await bench.clock.run(1000);
    expect(bench.ended).toMatchObject({ code: 'CLOSED_BY_PEER' });
    expect([bench.counters.fragments, bench.sessions.isOpen]).toEqual([2, false]);
    await bench.start();
    await bench.clock.run(1000);
    expect(asked[5]).toMatch(/^GET \/8\/secret /);
    await bench.stop();
  });

  it.each([
    ['a wrong password', 'HTTP/1.0 403 Forbidden\r\n\r\nInvalid password', 'REFUSED'],
    ['a page', 'HTTP/1.0 200 OK\r\n\r\n<html>', 'PROTOCOL_VIOLATION'],
    ['no such path', 'HTTP/1.0 404 Not Found\r\n\r\nx', 'PROTOCOL_VIOLATION'],
    ['a persistent server', 'err|18\r\nPassword incorrect\r\n', 'PROTOCOL_VIOLATION'],
    ['an endless list', `HTTP/1.0 200 OK\r\n\r\n${'x'.repeat(4 * 2 ** 20 + 1)}`, 'PROTOCOL_VIOLATION'],
    ['an endless length', 'HTTP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n', 'PROTOCOL_VIOLATION'],
    ['nothing', '', 'CLOSED_BY_PEER'],
  ])('fails in words when it is answered with %s', async (_, answer, code) => {
    const { bench } = await against([answer]);
    await bench.clock.run(1000);
    expect(bench.ended).toMatchObject({ code });
    expect(bench.sessions.events).toEqual([]);
    await bench.stop();
  });

  it('gives up after 5 s of silence', async () => {
    const { bench } = await against([]);
    await bench.clock.run(4900);
    expect(bench.ended).toBe('running');
    await bench.clock.run(200);
    expect(bench.ended).toMatchObject({ code: 'TIMED_OUT', message: 'studio:7080 sent nothing for 5 s' });
    await bench.stop();
  });
});
