import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { audioFlows } from '../../protocols/sdp/flows.ts';
import { lintSdp } from '../../protocols/sdp/lint.ts';
import { parseSdp } from '../../protocols/sdp/parse.ts';
import { SDP_PROFILES } from '../../protocols/sdp/profiles.ts';
import { planSession } from '../plan/plan-session.ts';
import { type DescribedSession, describeSession, profileVerdict, writeDescriptions } from './describe-session.ts';
import { flowDestinations } from './destinations.ts';

function session(channels: readonly number[], networks: readonly string[], more: Partial<DescribedSession> = {}) {
  const plan = planSession({
    tracks: channels.map((count, index) => ({
      name: `track ${index + 1}`,
      format: { sampleRate: 48_000, channels: count, bitsPerSample: 24, isFloat: false },
    })),
    layout: 8,
  });
  const byNetwork = networks.map((address) => flowDestinations(plan.flows.length, { address, port: 5004, ttl: 16 }));
  return {
    name: 'Stems',
    plan,
    destinations: plan.flows.map((_, flow) => byNetwork.map((each) => each[flow]!)),
    originAddresses: networks.map((_, network) => `192.0.2.${network + 1}`),
    profile: 'plain',
    referenceClock: { kind: 'local' },
    mediaClockOffset: 0,
    startUtcMs: Date.UTC(2026, 10, 21),
    ...more,
  } as const satisfies DescribedSession;
}

describe('descriptions', () => {
  it('name the tracks of each flow, where it goes, and how its timestamps count', () => {
    const {
      flows,
      session: all,
      single,
    } = describeSession(session([1, 8, 2], ['239.69.1.1'], { mediaClockOffset: 77 }));
    expect(flows.map(({ title }) => title)).toEqual(['track 1', 'track 2', 'track 3']);
    expect(single).toEqual([]);
    const found = audioFlows(parseSdp(all!)).flows;
    expect(
      found.map(({ address, port, channels, timestampOffset }) => [address, port, channels, timestampOffset]),
    ).toEqual([
      ['239.69.1.1', 5004, 1, 77],
      ['239.69.1.2', 5004, 8, 77],
      ['239.69.1.3', 5004, 2, 77],
    ]);
    expect(
      new Set([...flows.map(({ sdp }) => parseSdp(sdp)), parseSdp(all!)].map(({ origin }) => origin!.sessionId)).size,
    ).toBe(4);
    for (const { sdp } of flows) {
      expect(lintSdp(sdp, SDP_PROFILES.plain).filter(({ severity }) => severity !== 'note')).toEqual([]);
    }
  });

  it('tie two networks together, and have each by itself', () => {
    const { flows, single } = describeSession(session([2], ['239.69.1.1', '239.70.1.1']));
    const [first, second] = audioFlows(parseSdp(flows[0]!.sdp)).flows;
    expect([first!.mid, first!.duplicates, second!.address]).toEqual(['1a', ['1b'], '239.70.1.1']);
    expect(single.map(({ title, sdp }) => [title, audioFlows(parseSdp(sdp)).flows.length])).toEqual([
      ['track 1 (network 1)', 1],
      ['track 1 (network 2)', 1],
    ]);
  });

  it('say where redundancy is', () => {
    const { flows } = describeSession(session([8, 8], ['192.0.2.9'], { redundancy: { mode: 'duplicate' } }));
    expect(flows.map(({ sdp }) => audioFlows(parseSdp(sdp)).flows[0]!.redundancy)).toEqual([
      { port: 5008, fecPayloadType: 99, delayMs: 50 },
      { port: 5010, fecPayloadType: 99, delayMs: 50 },
    ]);
  });

  it('are refused where a profile takes no such flow, and PTP is only spoken of', () => {
    const { refusals, notes } = profileVerdict(session([1], ['10.0.0.1'], { profile: 'dante' }));
    expect(refusals).toEqual([expect.stringMatching(/Dante.*239\.69/)]);
    expect(notes).toEqual([expect.stringMatching(/PTP/)]);
  });

  it('are written as files whose names can be names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'distream-sdp-'));
    const described = describeSession(session([1, 8], ['239.69.1.1', '239.70.1.1']));
    const flows = [{ ...described.flows[0]!, title: '../a/b' }, described.flows[1]!];
    await writeDescriptions(join(folder, 'new'), { ...described, flows });
    expect(readdirSync(join(folder, 'new')).toSorted()).toEqual([
      '01 .._a_b.sdp',
      '01 track 1 (network 1).sdp',
      '01 track 1 (network 2).sdp',
      '02 track 2 (network 1).sdp',
      '02 track 2 (network 2).sdp',
      '02 track 2.sdp',
      'session.sdp',
    ]);
    expect(readFileSync(join(folder, 'new', 'session.sdp'), 'utf8')).toBe(described.session);
    writeFileSync(join(folder, 'file'), '');
    await expect(writeDescriptions(join(folder, 'file'), described)).rejects.toMatchObject({
      code: 'RECORDING_FAILED',
    });
  });
});
