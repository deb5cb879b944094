import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { runningSwarms } from '../view/running-swarms.ts';
import { shareServer } from './shared-servers.ts';

const OPTIONS = {
  clock: new FakeClock(),
  log: silentLogger,
  random: () => 0.5,
  listen: { host: '127.0.0.1', port: 0 },
  virtualHost: 'localhost',
  fileRoot: undefined,
  chunkSize: 5000,
  givePort: undefined,
  hasStatusPage: false,
};

describe('a server that streams share', () => {
  it('is seen on the pages of the node, once, until the last stream gives it back', async () => {
    const [one, two] = [await shareServer(OPTIONS), await shareServer(OPTIONS)];
    expect(two.server).toBe(one.server);
    expect([...runningSwarms()]).toEqual([one.server]);
    await one.release();
    expect([...runningSwarms()]).toEqual([two.server]);
    await two.release();
    expect([...runningSwarms()]).toEqual([]);
  });
});
