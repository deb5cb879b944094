import { describe, expect, it } from 'vitest';
import { audioFlows } from './flows.ts';
import { lintSdp } from './lint.ts';
import { parseSdp } from './parse.ts';
import { SDP_PROFILES } from './profiles.ts';
import { type FlowOffer, offerProblems, ptimeText, reviseSdp, type SessionOffer, writeSdp } from './write.ts';

const ptp = { kind: 'ptp', version: 'IEEE1588-2008', clockId: '00-1D-C1-FF-FE-50-36-33', domain: '0' } as const;

const flow: FlowOffer = {
  title: '2 channels: Kick, Snare',
  address: '239.69.1.2',
  port: 5004,
  payloadType: 98,
  encoding: 'L24',
  sampleRate: 48_000,
  channels: 2,
  framesPerPacket: 48,
  timestampOffset: 0,
  referenceClock: ptp,
  sourceAddress: '192.0.2.7',
};

const offer: SessionOffer = { sessionId: '42', originAddress: '192.0.2.7', name: 'Stems', flows: [flow] };

describe('writeSdp', () => {
  it('writes for AES67 and RAVENNA receivers', () => {
    expect(writeSdp(offer, SDP_PROFILES.aes67, '7').split('\r\n')).toEqual([
      'v=0',
      'o=- 42 7 IN IP4 192.0.2.7',
      's=Stems',
      'c=IN IP4 239.69.1.2/32',
      't=0 0',
      'a=clock-domain:PTPv2 0',
      'm=audio 5004 RTP/AVP 98',
      'i=2 channels: Kick, Snare',
      'c=IN IP4 239.69.1.2/32',
      'a=rtpmap:98 L24/48000/2',
      'a=ptime:1',
      'a=framecount:48',
      'a=sync-time:0',
      'a=source-filter: incl IN IP4 239.69.1.2 192.0.2.7',
      'a=ts-refclk:ptp=IEEE1588-2008:00-1D-C1-FF-FE-50-36-33:0',
      'a=mediaclk:direct=0',
      'a=recvonly',
      '',
    ]);
  });

  it('writes no source filter for Dante and no RAVENNA lines', () => {
    const text = writeSdp(offer, SDP_PROFILES.dante, '7');
    expect(text).not.toMatch(/source-filter|framecount|sync-time|clock-domain/);
    expect(lintSdp(text, SDP_PROFILES.dante)).toEqual([]);
  });

  it.each(['aes67', 'dante', 'plain'] as const)('has nothing that our lint finds wrong: %s', (name) => {
    expect(lintSdp(writeSdp(offer, SDP_PROFILES[name], '7'), SDP_PROFILES[name])).toEqual([]);
  });

  it('says which clock is followed: an NTP server, or none', () => {
    const write = (referenceClock: FlowOffer['referenceClock']) =>
      writeSdp({ ...offer, flows: [{ ...flow, referenceClock }] }, SDP_PROFILES.aes67, '7');
    expect(write({ kind: 'ntp', server: 'ntp.example:123' })).toContain('a=ts-refclk:ntp=ntp.example:123\r\n');
    expect(write({ kind: 'ntp' })).toContain('a=ts-refclk:ntp=/traceable/\r\n');
    expect(write({ kind: 'local' })).toContain('a=ts-refclk:local\r\n');
    expect(write({ kind: 'local' })).not.toContain('clock-domain');
  });

  it('is read back as it was offered, several streams, RTCP ports and redundant pairs too', () => {
    const flows: FlowOffer[] = [
      { ...flow, mid: 'a', isRtcpMux: true, timestampOffset: 4_000_000_000 },
      { ...flow, mid: 'b', address: 'ff15::9', port: 6000, rtcpPort: 6100, encoding: 'L16', framesPerPacket: 6 },
      { ...flow, address: '192.0.2.9', port: 7000, sampleRate: 44_100, channels: 1, title: 'Vox\r\na=evil:1' },
    ];
    const text = writeSdp({ ...offer, flows, duplicates: [['a', 'b']] }, SDP_PROFILES.plain, '7');
    const found = audioFlows(parseSdp(text));
    expect(found.refused).toEqual([]);
    expect(found.flows).toMatchObject([
      { rtcpPort: 5004, timestampOffset: 4_000_000_000, duplicates: ['b'], channelNames: ['Kick', 'Snare'] },
      { address: 'ff15::9', rtcpPort: 6100, encoding: 'L16', framesPerPacket: 6, sources: ['192.0.2.7'] },
      { address: '192.0.2.9', rtcpPort: 7001, sampleRate: 44_100, framesPerPacket: 48, title: 'Vox a=evil:1' },
    ]);
    expect(text).not.toContain('\na=evil');
  });

  it('writes packet times as receivers know them', () => {
    const times = [
      [6, 48_000],
      [16, 48_000],
      [48, 48_000],
      [192, 48_000],
      [48, 44_100],
      [6, 44_100],
      [48, 96_000],
    ] as const;
    expect(times.map(([frames, rate]) => ptimeText(frames, rate))).toEqual([
      '0.125',
      '0.33',
      '1',
      '4',
      '1.09',
      '0.14',
      '0.5',
    ]);
  });
});

describe('reviseSdp', () => {
  it('raises the version with a change and only then', () => {
    const profile = SDP_PROFILES.plain;
    const first = reviseSdp(offer, profile, { firstVersion: '18446744073709551615' });
    expect(reviseSdp(offer, profile, { previous: first, firstVersion: '1' })).toBe(first);
    const second = reviseSdp({ ...offer, name: 'Other' }, profile, { previous: first, firstVersion: '1' });
    expect(parseSdp(second).origin).toMatchObject({ sessionId: '42', sessionVersion: '18446744073709551616' });
  });
});

describe('offerProblems', () => {
  const problemsOf = (change: Partial<FlowOffer>, profile: keyof typeof SDP_PROFILES) =>
    offerProblems({ ...offer, flows: [{ ...flow, ...change }] }, SDP_PROFILES[profile]);

  it('finds nothing in what receivers take', () => {
    expect(problemsOf({}, 'aes67')).toEqual([]);
    expect(problemsOf({}, 'dante')).toEqual([]);
    expect(problemsOf({ channels: 64, framesPerPacket: 6, referenceClock: { kind: 'local' } }, 'plain')).toEqual([]);
    expect(problemsOf({ sampleRate: 96_000, framesPerPacket: 96 }, 'aes67')).toEqual([]);
  });

  it.each([
    [{ sampleRate: 44_100 }, 'dante', '48000 Hz, not 44100 Hz'],
    [{ channels: 9 }, 'aes67', 'up to 8 channels'],
    [{ framesPerPacket: 47 }, 'aes67', 'sample frames in a packet, not 47'],
    [{ referenceClock: { kind: 'ntp', server: 'x' } }, 'dante', 'PTP only'],
    [{ address: '239.1.1.1' }, 'dante', '239.69.0.0/16'],
    [{ framesPerPacket: 480 }, 'plain', '2880 bytes'],
  ] as const)('%o for %s', (change, profile, text) => {
    expect(problemsOf(change, profile)).toEqual([expect.stringContaining(text)]);
  });

  it('gives Dante one stream in a description', () => {
    expect(offerProblems({ ...offer, flows: [flow, flow] }, SDP_PROFILES.dante)).toEqual([
      expect.stringContaining('one stream'),
    ]);
  });
});
