import { describe, expect, it } from 'vitest';
import { runningSwarms } from '../view/running-swarms.ts';
import type { SwarmSight } from '../view/sight.ts';
import { ServerPool } from './server-pool.ts';

class FakeServer {
  isClosed = false;

  look(): SwarmSight {
    throw new Error('nobody looks here');
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

const ADDRESS = { host: '127.0.0.1', port: 6085 };

describe('servers that streams share', () => {
  it('are one for an address, seen and open until the last one gives it back', async () => {
    const pool = new ServerPool<FakeServer>();
    const start = async () => new FakeServer();
    const [one, two] = await Promise.all([pool.share(ADDRESS, start), pool.share(ADDRESS, start)]);
    const other = await pool.share({ ...ADDRESS, port: 6087 }, start);
    expect(two.server).toBe(one.server);
    expect([...runningSwarms()]).toEqual([one.server, other.server]);
    await one.release();
    await other.release();
    expect([one.server.isClosed, other.server.isClosed]).toEqual([false, true]);
    await two.release();
    expect([two.server.isClosed, [...runningSwarms()]]).toEqual([true, []]);
    const anew = await pool.share(ADDRESS, start);
    expect(anew.server).not.toBe(one.server);
    await anew.release();
  });

  it('are tried again after a start that failed', async () => {
    const pool = new ServerPool<FakeServer>();
    const failing = () => Promise.reject(new Error('the port is in use'));
    const tries = [pool.share(ADDRESS, failing), pool.share(ADDRESS, failing)];
    for (const each of tries) await expect(each).rejects.toThrow('in use');
    expect([...runningSwarms()]).toEqual([]);
    const { server, release } = await pool.share(ADDRESS, async () => new FakeServer());
    await release();
    expect(server.isClosed).toBe(true);
  });
});
