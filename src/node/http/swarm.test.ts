import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { fakeNodeView } from '../../../test/support/fake-node-view.ts';
import { type HttpHarness, serve } from '../../../test/support/http-client.ts';
import { FailureLimiter } from '../../net/failure-limiter.ts';
import { SwarmCounters } from '../../swarm/coordinator/swarm-counters.ts';
import { FileTally } from '../../swarm/view/file-tally.ts';
import type { PeerSight, SwarmSight } from '../../swarm/view/sight.ts';
import { createRequestListener } from './router.ts';

let harness: HttpHarness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

const PEER: PeerSight = {
  key: {},
  address: '198.51.100.77',
  trust: 'new',
  reach: 'firewalled',
  bytesGiven: 0,
  bytesTaken: 5000,
  progress: 0.25,
};

function sight(): SwarmSight {
  const tally = new FileTally();
  tally.confirmed(PEER, 5000, true);
  const file = {
    path: '/<b>.mp3',
    size: 20_000,
    chunks: 4,
    isLive: false,
    givers: 1,
    takers: 1,
    progress: 0.25,
    tally,
  };
  return {
    dialect: 'pdtps',
    counters: new SwarmCounters(),
    uplinks: { server: 1, peers: 1 },
    peers: () => [PEER],
    files: () => [file],
    flows: () => [{ giver: undefined, taker: PEER.key }],
  };
}

async function start(changes: Parameters<typeof fakeNodeView>[0] = {}) {
  const view = fakeNodeView(changes);
  view.swarms.push({ look: sight });
  const failures = new FailureLimiter({ clock: view.clock });
  harness = await serve(createRequestListener(view, { failures }));
  return { view, ask: harness.ask, port: harness.port };
}

describe('/api/v1/swarm', () => {
  it('shows peers without addresses; networks only to administrators', async () => {
    const { ask } = await start();
    const { body } = await ask('/api/v1/swarm');
    expect(JSON.parse(body)).toMatchObject({
      name: 'radio.example',
      dialects: ['pdtps'],
      counts: { peers: 1, firewalled: 1, transfers: 1 },
      peers: { 1: { trust: 'new', progress: 0.25, taken: 5000 } },
      files: { 1: { path: '/<b>.mp3', takers: 1 } },
      flows: { 's>1': 1 },
    });
    expect(body).not.toContain('198.51.100');
    const admin = await ask('/api/v1/swarm', { login: 'admin:secret' });
    expect(JSON.parse(admin.body).peers['1'].network).toBe('198.51.100.0/24');
  });

  it('shows strangers nothing where the public view is reduced or off', async () => {
    const { ask, view } = await start({ publicView: 'reduced' });
    expect((await ask('/api/v1/swarm')).status).toBe(401);
    expect((await ask('/api/v1/swarm/events')).status).toBe(401);
    expect((await ask('/status/')).body).not.toContain('.mp3');
    expect((await ask('/swarm')).body).not.toContain('.mp3');
    view.publicView = 'off';
    expect((await ask('/status/')).status).toBe(401);
    expect((await ask('/api/v1/swarm', { login: 'admin:secret' })).status).toBe(200);
  });

  it('says that a node publishes in no swarm', async () => {
    const { ask, view } = await start();
    view.swarms.length = 0;
    expect(JSON.parse((await ask('/api/v1/swarm')).body)).toMatchObject({ dialects: [], peers: {}, score: {} });
  });

  it('begins its events with everything', async () => {
    const { port, view } = await start();
    const told = await new Promise<string>((resolve, reject) => {
      const asked = request({ port, path: '/api/v1/swarm/events', agent: false }, (response) => {
        response.once('data', (bytes: Buffer) => {
          asked.destroy();
          resolve(`${response.headers['content-type']}\n${bytes.toString()}`);
        });
      });
      asked.on('error', reject).end();
    });
    const [, data = ''] = /^text\/event-stream.*\nretry: \d+\n\nevent: snapshot\nid: 0\ndata: (.*)\n/.exec(told) ?? [];
    expect(JSON.parse(data)).toEqual(view.swarm.view(false));
  });
});

describe('pages about the swarm without scripts', () => {
  it.each(['/status/', '/swarm'])('%s has a table, escaped, without an address', async (path) => {
    const { ask } = await start();
    const { body, headers } = await ask(path);
    expect(body).toContain('<td>/&#60;b&#62;.mp3</td>');
    expect(body).toContain('<th scope="row">Peers</th><td>1</td>');
    expect(body).not.toMatch(/198\.51\.100|<style| style=/);
    expect(headers['content-security-policy']).toContain("style-src 'self'");
  });

  it('are at the root where the node is the page of a swarm', async () => {
    const wall = await start();
    expect((await wall.ask('/')).body).toMatch(/data-home="wall"[\s\S]*Streams of this node/);
    await harness!.close();
    const { ask } = await start({ home: 'swarm' });
    expect((await ask('/')).body).toMatch(/data-home="swarm"[\s\S]*Swarm of radio\.example/);
  });
});
