import { describe, expect, it } from 'vitest';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { InputBench } from '../../../test/support/input-bench.ts';
import server from './index.ts';

const recorded = (n: number) => distreamerCapture(`persrevclient-persrevserver-${n}.client`);
const PORT = 3080;

async function started(options: object = {}): Promise<InputBench> {
  const bench = new InputBench(server, { password: 'secret', ...options });
  await bench.start();
  return bench;
}

describe('the persistent push server', () => {
  it('takes the recorded sessions one after the other, the second from where the first ended', async () => {
    const bench = await started();
    const first = await bench.connect(PORT, recorded(1));
    expect(first.text()).toBe('ok|\r\n');
    expect(bench.sessions.events[0]).toMatchObject({
      kind: 'open',
      options: { continuity: 'new', contentType: 'audio/mpeg', peer: '192.0.2.7', station: { name: 'netlab pattern' } },
    });
    first.socket.destroy();
    await bench.clock.run(50);
    expect(bench.sessions.isOpen).toBe(false);
    const second = await bench.connect(PORT, recorded(2));
    expect(second.text()).toBe('ok|11/12/13/14/15\r\n');
    expect(bench.sessions.continuities).toEqual(['new', 'exact']);
    expect(bench.counters).toMatchObject({ connections: 2, fragments_missing: 2, gaps: 1, taken_over: 0 });
    await bench.stop();
  });

  it('hears the newer of two senders, and drops the older when it speaks again', async () => {
    const bench = await started();
    const older = await bench.connect(PORT, recorded(1).subarray(0, 30_000));
    const heard = bench.sessions.length;
    const newer = await bench.connect(PORT, 'secret\r\n');
    expect(newer.text()).toMatch(/^ok\|[\d/]+\r\n$/);
    expect([older.isClosed(), bench.sessions.isOpen]).toEqual([false, false]);
    older.socket.write(recorded(1).subarray(30_000));
    await bench.clock.run(50);
    expect([older.isClosed(), newer.isClosed(), bench.sessions.length]).toEqual([true, false, heard]);
    newer.socket.write(recorded(2).subarray('secret\r\n'.length));
    await bench.clock.run(50);
    expect(bench.sessions.continuities).toEqual(['new', 'exact']);
    expect(bench.counters.taken_over).toBe(1);
    await bench.stop();
  });

  it('lets nobody take over who does not know the password', async () => {
    const bench = await started();
    const sender = await bench.connect(PORT, recorded(1));
    const other = await bench.connect(PORT, 'Secret\r\noggheader|0\r\n\r\n');
    expect([other.text(), other.isClosed()]).toEqual(['err|Invalid password\r\n', true]);
    expect([sender.isClosed(), bench.sessions.isOpen]).toEqual([false, true]);
    expect(bench.counters).toMatchObject({ passwords_refused: 1, taken_over: 0 });
    await bench.stop();
  });

  it('drops a silent sender, one that never logs in, one that breaks the protocol, and one too many', async () => {
    const bench = await started({ timeout: '3s', maxConnections: 2 });
    const sender = await bench.connect(PORT, recorded(1));
    const slow = await bench.connect(PORT, 'sec');
    const late = await bench.connect(PORT, 'secret\r\n');
    expect([late.text(), late.isClosed()]).toEqual(['', true]);
    await bench.clock.run(3000);
    expect([sender.isClosed(), slow.isClosed(), bench.sessions.isOpen]).toEqual([true, false, false]);
    const broken = await bench.connect(PORT, 'secret\r\nlist|2\r\n[]\r\n');
    expect([broken.isClosed(), bench.ended]).toEqual([true, 'running']);
    await bench.clock.run(7000);
    expect(slow.isClosed()).toBe(true);
    expect(bench.counters).toMatchObject({ timed_out: 2, refused: 1, turned_away: 1 });
    await bench.stop();
  });
});
