import { describe, expect, it } from 'vitest';
import { firstBreak } from '../../../test/support/counting-pattern.ts';
import { InputBench } from '../../../test/support/input-bench.ts';
import { recordedPolls } from '../../../test/support/poll-capture.ts';
import { decodeStoreList } from '../../protocols/distreamer/store-list.ts';
import { ResponseReader } from '../../protocols/http/response-reader.ts';
import server from './index.ts';

const RECORDED = recordedPolls('revclient-revserver', 16);
const PORT = 5080;

async function started(options: object = {}): Promise<InputBench> {
  const bench = new InputBench(server, { password: 'secret', ...options });
  await bench.start();
  return bench;
}

async function request(bench: InputBench, bytes: Buffer) {
  const { bytes: answered, isClosed } = await bench.connect(PORT, bytes);
  expect(isClosed()).toBe(true);
  return new ResponseReader(1e6).push(answered())!;
}

describe('the polling push server', () => {
  it('answers every recorded request as the recorded server, and takes the audio', async () => {
    const bench = await started();
    for (const recorded of RECORDED) {
      const { status, body } = await request(bench, recorded.request);
      expect(status).toBe(recorded.status);
      if (recorded.line.startsWith('GET')) {
        const [told, wanted] = [decodeStoreList(body), decodeStoreList(recorded.body)];
        expect(told).toEqual(wanted);
      } else expect(body.toString()).toBe('OK');
    }
    const { sessions } = bench;
    expect(sessions.continuities).toEqual(['new']);
    // 3 to 7 were described; the recording ends before the list that describes 11 to 15 with their bytes.
    expect(bench.counters).toMatchObject({ fragments: 5, lists: 3, posts: 13 });
    expect(firstBreak(sessions.bytes)).toBe(-1);
    await request(bench, RECORDED[10]!.request);
    expect(sessions.causes).toEqual(['line-loss']);
    expect(bench.counters).toMatchObject({ fragments: 10, fragments_missing: 3, gaps: 1 });
    await bench.stop();
  });

  it('names what was posted but not described yet, so that it does not come again', async () => {
    const bench = await started();
    for (const recorded of RECORDED.slice(1, 6)) await request(bench, recorded.request);
    const { body } = await request(bench, RECORDED[0]!.request);
    expect(decodeStoreList(body).fragments).toEqual([3, 4, 5]);
    await bench.stop();
  });

  it('ends the session when the sender is silent, and goes on exactly when it is back', async () => {
    const bench = await started({ timeout: '10s' });
    for (const recorded of RECORDED.slice(0, 9)) await request(bench, recorded.request);
    expect(bench.sessions.isOpen).toBe(true);
    await bench.clock.run(10_000);
    expect(bench.sessions.isOpen).toBe(false);
    for (const recorded of RECORDED.slice(9)) await request(bench, recorded.request);
    await request(bench, RECORDED[10]!.request);
    expect(bench.sessions.continuities).toEqual(['new', 'exact']);
    expect(bench.sessions.causes).toEqual(['line-loss']);
    await bench.stop();
  });

  it('survives what is no list, no request, too slow, and one too many', async () => {
    const bench = await started({ maxConnections: 1 });
    const post = (path: string, body: string) =>
      request(bench, Buffer.from(`POST ${path} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
    expect((await post('/list/secret', '[]')).status).toBe(400);
    expect((await post('/list/wrong', '{}')).status).toBe(403);
    expect((await request(bench, Buffer.from('SSH-2.0-x\r\n\r\n'))).status).toBe(400);
    const slow = await bench.connect(PORT, 'GET /list');
    const late = await bench.connect(PORT, 'GET /list/secret HTTP/1.1\r\n\r\n');
    expect([late.text(), late.isClosed()]).toEqual(['', true]);
    await bench.clock.run(10_000);
    expect([slow.isClosed(), bench.ended]).toEqual([true, 'running']);
    const stuck = await bench.connect(PORT, 'POST /9/secret HTTP/1.1\r\nContent-Length: 9\r\n\r\nab');
    await bench.clock.run(30_000);
    expect(stuck.isClosed()).toBe(true);
    expect(bench.counters).toMatchObject({ passwords_refused: 1, refused: 2, turned_away: 1, timed_out: 2 });
    await bench.stop();
  });
});
