import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FakeIo } from '../../../test/support/fake-io.ts';
import { LinesLogger } from '../../../test/support/lines-logger.ts';
import { SwarmCounters } from '../../swarm/coordinator/swarm-counters.ts';
import type { SwarmSource } from '../../swarm/view/sight.ts';
import { startSwarmPages } from './swarm-pages.ts';

const SOURCE: SwarmSource = {
  look: () => ({
    dialect: 'pdtp',
    counters: new SwarmCounters(),
    uplinks: undefined,
    peers: () => [],
    files: () => [],
    flows: () => [],
  }),
};

function pagesAt(port: number, log: LinesLogger) {
  const swarm = { host: '127.0.0.1', port: port - 1 };
  const io = new FakeIo({ DISTREAM_STATE_DIR: '/nonexistent' });
  return startSwarmPages({ io, log, swarm, name: 'radio.example', sources: () => [SOURCE] });
}

describe('the pages of a server', () => {
  it('are a node at the next port; without that port the server goes on after one warning', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const log = new LinesLogger();
    expect(await pagesAt(port, log)).toBeUndefined();
    expect(log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/^warn there is no page about the swarm: .*port/),
    ]);
    await new Promise((resolve) => other.close(resolve));
    const node = await pagesAt(port, log);
    try {
      const view = await (await fetch(`http://127.0.0.1:${port}/api/v1/swarm`)).json();
      expect(view).toMatchObject({ name: 'radio.example', dialects: ['pdtp'] });
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('data-home="swarm"');
    } finally {
      await node?.close();
    }
    expect(await pagesAt(65_536, log)).toBeUndefined();
  });
});
