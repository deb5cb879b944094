import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { SwarmCounters } from '../coordinator/swarm-counters.ts';
import { FileTally } from './file-tally.ts';
import type { FileSight, FlowSight, PeerSight, SwarmSight } from './sight.ts';
import { MAX_FILES, MAX_FLOWS, MAX_PEERS, swarmViewSchema } from './swarm-view.ts';
import { SwarmViewer } from './swarm-viewer.ts';

function peer(index: number, more: Partial<PeerSight> = {}): PeerSight {
  const address = index % 2 ? `203.0.113.${index % 256}` : `2001:db8:77:${index.toString(16)}::5`;
  const seen = { trust: 'trusted', reach: 'reachable', bytesGiven: 123_456, bytesTaken: 9, progress: 0.567 } as const;
  return { key: { index }, address, ...seen, ...more };
}

function file(path: string, more: Partial<FileSight> = {}): FileSight {
  const facts = { size: 1000, chunks: 10, isLive: false, givers: 1, takers: 0, progress: undefined };
  return { path, ...facts, tally: new FileTally(), ...more };
}

interface Fed {
  peers?: readonly PeerSight[];
  files?: readonly FileSight[];
  flows?: readonly FlowSight[];
  uplinks?: SwarmSight['uplinks'];
  counters?: SwarmCounters;
}

function sight({ peers = [], files = [], flows = [], uplinks, counters = new SwarmCounters() }: Fed): SwarmSight {
  const dialect = uplinks ? 'pdtps' : 'pdtp';
  return { dialect, counters, uplinks, peers: () => peers, files: () => files, flows: () => flows };
}

function viewer(...fed: Fed[]) {
  const clock = new FakeClock();
  let looks = 0;
  const sources = () =>
    fed.map((each) => ({
      look: () => {
        looks++;
        return sight(each);
      },
    }));
  return { clock, looks: () => looks, viewer: new SwarmViewer({ clock, name: () => 'radio.example', sources }) };
}

describe('a view of a swarm', () => {
  it('tells nobody an address, and only administrators a network', () => {
    const { viewer: seen } = viewer({ peers: [peer(1), peer(2)] });
    expect(JSON.stringify(seen.view(false))).not.toMatch(/203\.0\.113|2001:db8|network/);
    const { peers } = seen.view(true);
    expect(peers['1']).toEqual({
      dialect: 'pdtp',
      trust: 'trusted',
      reach: 'reachable',
      progress: 0.56,
      given: 123_000,
      taken: 9,
      network: '203.0.113.0/24',
    });
    expect(peers['2']!.network).toBe('2001:db8:77::/48');
    expect(JSON.stringify(peers)).not.toMatch(/203\.0\.113\.1\b|::5/);
  });

  it('names a bounded number of peers, files and lines, and counts the rest', () => {
    const peers = Array.from({ length: 3000 }, (_, index) => peer(index, index < 5 ? { trust: 'convicted' } : {}));
    const files = Array.from({ length: 900 }, (_, index) => file(`/${index}`, { takers: index === 899 ? 1 : 0 }));
    const flows = peers.flatMap(({ key }, index) => [
      { giver: undefined, taker: key },
      { giver: peers[(index + 7) % 3000]!.key, taker: key },
    ]);
    const { viewer: seen } = viewer({ peers, files, flows });
    const view = seen.view(false);
    expect(Object.keys(view.peers)).toHaveLength(MAX_PEERS);
    expect(Object.keys(view.files)).toHaveLength(MAX_FILES);
    expect(Object.values(view.files)[0]!.path).toBe('/899');
    const pairs = Object.keys(view.flows);
    expect(pairs.length).toBeGreaterThan(MAX_FLOWS / 2);
    expect(pairs.length).toBeLessThanOrEqual(MAX_FLOWS);
    for (const pair of pairs) {
      for (const id of pair.split('>')) expect(id === 's' || view.peers[id] !== undefined).toBe(true);
    }
    expect(view.counts).toMatchObject({ peers: 3000, convicted: 5, trusted: 2995, files: 900, transfers: 6000 });
    expect(swarmViewSchema.parse(view)).toEqual(view);
    expect(JSON.stringify(view).length).toBeLessThan(400_000);
  });

  it('keeps numbers of peers and files from one look to the next', () => {
    const [one, two] = [peer(1), peer(2)];
    const fed = { peers: [one, two], files: [file('/a'), file('/b')] };
    const { viewer: seen, clock } = viewer(fed);
    expect(Object.keys(seen.view(false).peers)).toEqual(['1', '2']);
    fed.peers = [peer(3), two];
    fed.files = [file('/b'), file('/c')];
    clock.advance(1000);
    const next = seen.view(false);
    expect(Object.keys(next.peers).sort()).toEqual(['2', '3']);
    expect(Object.fromEntries(Object.entries(next.files).map(([id, { path }]) => [id, path]))).toEqual({
      2: '/b',
      3: '/c',
    });
  });

  it('looks once for all who ask in a quarter of a second', () => {
    const { viewer: seen, looks, clock } = viewer({ peers: [peer(1)] });
    for (let times = 0; times < 10; times++) seen.view(times % 2 === 0);
    expect(looks()).toBe(1);
    clock.advance(300);
    seen.view(false);
    expect(looks()).toBe(2);
  });

  it('scores the share of peers against the bound: five takers need one copy of five', () => {
    const tally = new FileTally();
    for (let taker = 0; taker < 5; taker++) {
      const key = { taker };
      for (let chunk = 0; chunk < 10; chunk++) tally.confirmed(key, 100, taker < 1 || (taker === 1 && chunk < 4));
    }
    tally.possibleBytes = 6000;
    const uplinks = { server: 100, peers: 400 };
    const { score, files, rates } = viewer({ uplinks, files: [file('/a', { tally, givers: 3 })] }).viewer.view(false);
    expect(score).toEqual({ share: 0.72, shareBound: 0.8, score: 0.9, timeScore: 0.833, serverCopies: 1.4 });
    expect(files['1']).toMatchObject({ share: 0.72, shareBound: 0.8, serverCopies: 1.4, givers: 3 });
    expect(rates).toBeUndefined();
  });

  it('bounds a stream by uplinks in its rates', () => {
    const tally = new FileTally();
    for (let taker = 0; taker < 4; taker++) tally.confirmed({ taker }, 100, taker > 1);
    const live = file('/live', { isLive: true, tally, uplinks: [1, 0.5, 0.5, 0.4] });
    expect(viewer({ files: [live] }).viewer.view(false).score).toEqual({ share: 0.5, shareBound: 0.6, score: 0.833 });
  });

  it('takes the uplinks of the dialects in which somebody took', () => {
    const tally = new FileTally();
    for (let taker = 0; taker < 4; taker++) tally.confirmed({ taker }, 100, false);
    const live = { isLive: true, uplinks: [0.5, 0.5] };
    const { viewer: seen } = viewer(
      { files: [file('/live', { isLive: true })] },
      { files: [file('/live', { ...live, tally })], uplinks: NO_UPLINKS },
    );
    expect(seen.view(false).score.shareBound).toBe(0.5);
  });

  it('sees two dialects of one folder as one', () => {
    const [first, second] = [new FileTally(), new FileTally()];
    first.confirmed({}, 600, true);
    second.confirmed({}, 400, false);
    const { viewer: seen } = viewer(
      { peers: [peer(1)], files: [file('/a', { tally: first, takers: 1, progress: 0.5, givers: 2 })] },
      {
        peers: [peer(2)],
        files: [file('/a', { tally: second, takers: 3, progress: 1, givers: 2 })],
        uplinks: NO_UPLINKS,
      },
    );
    const view = seen.view(false);
    expect(view.dialects).toEqual(['pdtp', 'pdtps']);
    expect(view.counts.peers).toBe(2);
    expect(view.files).toEqual({
      1: {
        path: '/a',
        size: 1000,
        chunks: 10,
        live: false,
        givers: 3,
        takers: 4,
        progress: 0.875,
        share: 0.4,
        shareBound: 0.5,
        serverCopies: 0.6,
      },
    });
  });

  it('tells rates of the last seconds, from the second look on', () => {
    const counters = new SwarmCounters();
    const { viewer: seen, clock } = viewer({ counters, uplinks: { server: 1000, peers: 500 } });
    seen.view(false);
    for (let second = 1; second <= 9; second++) {
      counters.bytesFromPeers += 1000;
      if (second > 4) counters.bytesFromServer += 500;
      clock.advance(1000);
      if (second < 9) seen.view(false);
    }
    expect(seen.view(false).rates).toEqual({ fromServer: 500, fromPeers: 1000, possible: 1500 });
    clock.advance(60_000);
    expect(seen.view(false).rates).toBeUndefined();
  });
});

const NO_UPLINKS = { server: 0, peers: 0 };
