import { expect, it } from 'vitest';
import type { FlowSpec } from './flow-spec.ts';
import { RepairOffers } from './repair-offers.ts';

function spec(port: number, session?: string): FlowSpec {
  return {
    title: 'drums',
    encoding: 'L24',
    sampleRate: 48_000,
    channels: 1,
    channelNames: [],
    payloadTypes: [98],
    paths: [{ address: '239.69.0.1', port, rtcpPort: port + 1, sources: [] }],
    ...(session === undefined ? {} : { repair: { port: 40_000, session } }),
  };
}

it('keeps what each description of a flow has offered, the newest first, and a bounded number of them', () => {
  const offers = new RepairOffers();
  offers.note([spec(5004, 'a'), spec(5006)]);
  offers.note([spec(5004, 'b'), spec(5004, 'a')]);
  expect(offers.of(spec(5004)).map(({ session }) => session)).toEqual(['b', 'a']);
  expect(offers.of(spec(5006))).toEqual([]);
  for (let index = 0; index < 100; index++) offers.note([spec(5004, `${index}`)]);
  expect(offers.of(spec(5004))).toHaveLength(16);
  expect(offers.of(spec(5004))[0]!.session).toBe('99');
});
