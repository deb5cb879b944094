import { describe, expect, it } from 'vitest';
import { OutputBench } from '../../../test/support/output-bench.ts';
import { decodeStoreList } from '../../protocols/distreamer/store-list.ts';
import { ResponseReader } from '../../protocols/http/response-reader.ts';
import server from './index.ts';

const PORT = 7080;

async function started(options: object = {}): Promise<OutputBench> {
  const bench = new OutputBench(server, { password: 'secret', ...options });
  await bench.play(2);
  await bench.start();
  return bench;
}

async function get(bench: OutputBench, path: string) {
  const { bytes, isClosed } = await bench.connect(PORT, `GET ${path} HTTP/1.1\r\n\r\n`);
  expect(isClosed()).toBe(true);
  return new ResponseReader(1e6).push(bytes())!;
}

describe('the polling server', () => {
  it('gives the list and the fragments that the buffer holds, and counts', async () => {
    const bench = await started();
    const { fragments } = decodeStoreList((await get(bench, '/list/secret')).body);
    expect(fragments.length).toBe(2);
    expect((await get(bench, `/${fragments[1]}/secret`)).body.length).toBe(1600);
    await bench.play(1);
    expect(decodeStoreList((await get(bench, '/list/secret')).body).fragments.length).toBe(3);
    expect(await get(bench, '/1/secret')).toEqual({ status: 404, body: Buffer.from('Invalid fragment 1') });
    expect(await get(bench, '/list')).toEqual({ status: 403, body: Buffer.from('Invalid password') });
    expect(bench.report()).toMatchObject({
      state: 'ready',
      target: ':: port 7080',
      counters: { requests: 5, lists: 2, fragments: 1, not_found: 1, passwords_refused: 1, refused: 0 },
    });
    await bench.stop();
  });

  it('takes no posts', async () => {
    const bench = await started();
    const { text } = await bench.connect(PORT, 'POST /list/secret HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}');
    expect(text()).toMatch(/^HTTP\/1\.0 405 /);
    await bench.stop();
  });

  it('disconnects who asks nothing, who takes nothing, and who comes when all places are taken', async () => {
    const bench = await started({ maxClients: 2, timeout: '20s' });
    const slow = await bench.connect(PORT, 'GET /li');
    const stuck = await bench.connect(PORT, 'GET /list/secret');
    const late = await bench.connect(PORT, 'GET /list/secret HTTP/1.1\r\n\r\n');
    expect([late.text(), late.isClosed()]).toEqual(['', true]);
    stuck.socket.write(' HTTP/1.1\r\n\r\n');
    await bench.clock.run(5);
    bench.line.down();
    await bench.clock.run(10_000);
    bench.line.up();
    await bench.clock.run(50);
    expect(slow.isClosed()).toBe(true);
    expect(bench.counters).toMatchObject({ turned_away: 1, timed_out: 1 });
    await bench.stop();
  });
});
