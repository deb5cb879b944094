import { describe, expect, it } from 'vitest';
import { audioFlows } from './flows.ts';
import { lintSdp } from './lint.ts';
import { parseSdp } from './parse.ts';
import { SDP_PROFILES } from './profiles.ts';
import { parseRedundancy, redundancyText } from './redundancy.ts';
import { type FlowOffer, writeSdp } from './write.ts';

const redundancy = { port: 5104, fecPayloadType: 99, delayMs: 120 };
const flow: FlowOffer = {
  address: '239.69.1.2',
  port: 5004,
  payloadType: 98,
  encoding: 'L24',
  sampleRate: 48_000,
  channels: 1,
  framesPerPacket: 48,
  timestampOffset: 0,
  referenceClock: { kind: 'local' },
};

describe('redundancy in a description', () => {
  it('is written, read again, and no fault to anybody', () => {
    const text = writeSdp(
      { sessionId: '1', originAddress: '192.0.2.7', name: 'Stems', flows: [{ ...flow, redundancy }] },
      SDP_PROFILES.plain,
      '1',
    );
    expect(text).toContain('\r\na=x-distream-redundancy:5104 fec=99 delay=120\r\n');
    expect(lintSdp(text, SDP_PROFILES.plain)).toEqual([]);
    const [found] = audioFlows(parseSdp(text)).flows;
    expect([found!.port, found!.redundancy]).toEqual([5004, redundancy]);
  });

  it('says when it cannot be read, and is then not used', () => {
    const session = parseSdp('m=audio 5004 RTP/AVP 98\na=rtpmap:98 L24/48000/1\na=x-distream-redundancy:x\n');
    expect(session.problems.map(({ text }) => text)).toEqual([expect.stringContaining('<port> fec=<type> delay=<ms>')]);
    expect(session.media[0]!.redundancy).toBeUndefined();
  });

  it('reads no ports and types that cannot be', () => {
    expect(parseRedundancy(`${redundancyText(redundancy)} and=more`)).toEqual(redundancy);
    for (const bad of [
      '',
      '0 fec=99 delay=1',
      '65536 fec=99 delay=1',
      '5104 fec=128 delay=1',
      '5104 fec=99 delay=1x',
    ]) {
      expect(parseRedundancy(bad)).toBeUndefined();
    }
  });
});
