import { describe, expect, it } from 'vitest';
import type { SwarmPeerView, SwarmView } from '../../src/swarm/view/swarm-view.ts';
import { layoutOf, MAX_SINGLE } from '../../web/swarm/mesh-layout.ts';

function view(count: number, peer: (index: number) => Partial<SwarmPeerView> = () => ({})): SwarmView {
  const seen = { dialect: 'pdtps', trust: 'new', reach: 'unknown', given: 0, taken: 0 } as const;
  const peers = Array.from({ length: count }, (_, index) => [String(index + 1), { ...seen, ...peer(index) }] as const);
  return { peers: Object.fromEntries(peers), flows: {} } as unknown as SwarmView;
}

const far = ({ x, y }: { x: number; y: number }) => Math.hypot(x, y);

describe('the picture of a swarm', () => {
  it('gives each of a few peers a place of its own, as far as each other from the server', () => {
    const { peers, isCrowded } = layoutOf(view(5));
    expect(isCrowded).toBe(false);
    expect(new Set(peers.map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`)).size).toBe(5);
    for (const peer of peers) expect(far(peer)).toBeCloseTo(0.8, 6);
  });

  it('keeps all of a crowd inside, the nearer the more they have', () => {
    const { peers, isCrowded } = layoutOf(view(2000, (index) => ({ progress: index / 1999 })));
    expect(isCrowded).toBe(true);
    expect(peers.every((peer) => far(peer) <= 1)).toBe(true);
    const mean = (part: typeof peers) => part.reduce((sum, peer) => sum + far(peer), 0) / part.length;
    expect(mean(peers.slice(0, 200))).toBeGreaterThan(mean(peers.slice(900, 1100)) + 0.2);
    expect(mean(peers.slice(900, 1100))).toBeGreaterThan(mean(peers.slice(-200)) + 0.2);
  });

  it('becomes a crowd with one peer more', () => {
    expect(layoutOf(view(MAX_SINGLE)).isCrowded).toBe(false);
    expect(layoutOf(view(MAX_SINGLE + 1)).isCrowded).toBe(true);
  });

  it('puts peers of one network beside each other', () => {
    const networks = ['b', 'a', 'b', 'a'];
    const { peers } = layoutOf(view(4, (index) => ({ network: networks[index]! })));
    expect(peers.map(({ id }) => id)).toEqual(['2', '4', '1', '3']);
  });

  it('draws lines between peers that are there, from the server too', () => {
    const seen = { ...view(2), flows: { 's>1': 2, '1>2': 1, '1>9': 1, nonsense: 1 } };
    const { flows, peers } = layoutOf(seen);
    expect(flows).toMatchObject([
      { fromX: 0, fromY: 0, toX: peers[0]!.x, isFromServer: true, chunks: 2 },
      { fromX: peers[0]!.x, toX: peers[1]!.x, isFromServer: false, chunks: 1 },
    ]);
    expect(flows.every(({ phase }) => phase >= 0 && phase < 1)).toBe(true);
  });
});
