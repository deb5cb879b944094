import { describe, expect, it } from 'vitest';
import { OutputBench } from '../../../test/support/output-bench.ts';
import { spellMessages } from '../../../test/support/spell-messages.ts';
import client from './index.ts';

const LOGIN = 'p\r\n';
const PORT = 3080;

const bench = () => new OutputBench(client, { url: 'far', password: 'p' });

describe('the persistent push client', () => {
  it('sends what the buffer holds and what comes, with a list at each interval', async () => {
    const out = bench();
    const [server] = [await out.listen(PORT, 'ok|\r\n')];
    await out.play(2);
    await out.start();
    await out.clock.run(100);
    expect(spellMessages(server[0]!.bytes().subarray(LOGIN.length))).toMatch(/^oggheader 10 11 list:10,11$/);
    await out.play(2);
    await out.clock.run(1000);
    expect(spellMessages(server[0]!.bytes().subarray(LOGIN.length))).toMatch(
      / 12 .*13 list:10,11,12,13( list:10,11,12,13)?$/,
    );
    expect(out.report()).toMatchObject({ state: 'ready', target: 'far:3080', counters: { connections: 1 } });
    await out.stop();
    expect(out.ended).toBe('stopped');
  });

  it('keeps its numbers over attempts, and sends what was not named', async () => {
    const out = bench();
    const servers = await out.listen(PORT, 'ok|\r\n');
    await out.start();
    await out.play(3);
    const [first] = spellMessages(servers[0]!.bytes().subarray(LOGIN.length)).match(/\d+/)!;
    servers[0]!.socket.destroy();
    await out.clock.run(100);
    expect(out.ended).toMatchObject({ code: 'CLOSED_BY_PEER' });
    await out.play(2);
    const number = Number(first);
    const again = await out.listen(PORT, `ok|${number}/${number + 2}\r\n`);
    await out.start();
    await out.clock.run(100);
    const said = spellMessages(again[0]!.bytes().subarray(LOGIN.length));
    expect(said).toMatch(new RegExp(`^oggheader ${number + 1} ${number + 3} ${number + 4} list:`));
    expect(out.counters.connections).toBe(2);
    await out.stop();
  });

  it.each([
    ['a refusal', 'err|Invalid password\r\n', 'REFUSED'],
    ['an HTTP server', 'HTTP/1.1 400 Bad Request\r\n', 'PROTOCOL_VIOLATION'],
    ['an endless line', Buffer.alloc(200_000, 0x41), 'PROTOCOL_VIOLATION'],
  ])('fails in words when it meets %s', async (_, answer, code) => {
    const out = bench();
    await out.listen(PORT, answer);
    await out.start();
    await out.clock.run(200);
    expect(out.ended).toMatchObject({ code });
    await out.stop();
  });

  it('gives up when there is no answer, and when nothing is taken any more', async () => {
    const silent = bench();
    await silent.listen(PORT, '');
    await silent.start();
    await silent.clock.run(5600);
    expect(silent.ended).toMatchObject({ code: 'TIMED_OUT' });
    await silent.stop();

    const stalled = bench();
    await stalled.listen(PORT, 'ok|\r\n');
    await stalled.start();
    await stalled.play(4);
    stalled.line.down();
    await stalled.play(8);
    expect(stalled.ended).toBe('running');
    await stalled.play(6);
    expect(stalled.ended).toMatchObject({
      code: 'UNREACHABLE',
      message: 'cannot reach far:3080: it took nothing for 5 s',
    });
    stalled.line.up();
    await stalled.stop();
  });
});
