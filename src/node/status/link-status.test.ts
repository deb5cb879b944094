import { describe, expect, it } from 'vitest';
import { fakeLink, fakeNodeView, fakeStream } from '../../../test/support/fake-node-view.ts';
import type { LinkStatus } from '../../modules/link.ts';
import { linkSchema } from './link-schema.ts';
import { linkView } from './link-status.ts';
import { publicStatus } from './public-status.ts';

const PATH: LinkStatus['paths'][number] = {
  id: 0,
  carrier: 'udp',
  state: 'alive',
  local: '192.0.2.1:40000',
  remote: '[2001:db8::1]:4090',
  rttMs: 41.27,
  minRttMs: 40,
  lossRatio: 1 / 3,
  deliveryBytesPerSecond: 16_000.4,
  payloadBytes: 1447,
  sentBytes: 10,
  sentPackets: 3,
  receivedBytes: 5,
  lostPackets: 1,
  spuriousLosses: 0,
};

const LINK: LinkStatus = {
  peer: 'studio',
  role: 'listens',
  state: 'up',
  sinceUtcMs: 0,
  connects: 2,
  paths: [PATH, { ...PATH, id: 1, state: 'attaching', rttMs: 100, minRttMs: Number.POSITIVE_INFINITY }],
  sends: [
    { name: 'a', isWanted: true, unackedBytes: 1, resentBytes: 2, skippedBytes: 3, lagMs: 1500.4, refillMs: undefined },
    { name: 'b', isWanted: false, unackedBytes: 0, resentBytes: 0, skippedBytes: 0, lagMs: 0, refillMs: 250 },
  ],
  receives: ['c'],
  lastError: undefined,
};

describe('linkView', () => {
  it('gives rounded numbers that the schema takes, and no guess for what was not measured', () => {
    const view = linkView(LINK);
    expect(linkSchema.parse(view)).toEqual(view);
    expect(view).toMatchObject({ peer: 'studio', since: '1970-01-01T00:00:00.000Z', receives: ['c'] });
    expect(view.paths).toMatchObject([
      {
        rttMs: 41.3,
        minRttMs: 40,
        lossRatio: 0.33333,
        deliveryBytesPerSecond: 16_000,
        remote: '[2001:db8::1]:4090',
        payloadBytes: 1447,
      },
      { state: 'attaching' },
    ]);
    expect(view.paths[1]).not.toHaveProperty('rttMs');
    expect(view.sends).toEqual([
      { name: 'a', wanted: true, unackedBytes: 1, resentBytes: 2, skippedBytes: 3, lagSeconds: 1.5 },
      {
        name: 'b',
        wanted: false,
        unackedBytes: 0,
        resentBytes: 0,
        skippedBytes: 0,
        lagSeconds: 0,
        refillSeconds: 0.25,
      },
    ]);
    expect(view).not.toHaveProperty('lastError');
  });
});

describe('the public status', () => {
  it('names no peer, address, error, or run of audio, and no stream that is not of this node', () => {
    const ledger = { epoch: 'e1', firstByte: 1, endByte: 2, audioBytes: 3, audioSeconds: 4, gaps: 5, repeats: 6 };
    const view = fakeNodeView({ streams: [fakeStream({ ledger })], links: [fakeLink(), fakeLink({ peer: 'van' })] });
    const shown = publicStatus(view.status(), new Set());
    expect(JSON.stringify(shown)).not.toMatch(/studio|van|10\.0\.0|evening|e1/);
    expect(shown.links.map(({ peer }) => peer)).toEqual(['link 1', 'link 2']);
    expect(shown.links[0]).toMatchObject({ state: 'up', sends: [{ name: 'morning' }], receives: [] });
    expect(shown.streams[0]!.ledger).toEqual({ audioBytes: 3, audioSeconds: 4, gaps: 5, repeats: 6 });
    expect(JSON.stringify(view.status())).toMatch(/studio.*10\.0\.0\.7:4090/);
  });
});
