import { describe, expect, it } from 'vitest';
import { writeRtpHeader } from '../../protocols/rtp/packet.ts';
import { audioFlows } from '../../protocols/sdp/flows.ts';
import { lintSdp } from '../../protocols/sdp/lint.ts';
import { parseSdp } from '../../protocols/sdp/parse.ts';
import { descriptionFindings, streamFindings } from './findings.ts';
import { renderExamination } from './render-examination.ts';
import { StreamExaminer } from './stream-examiner.ts';

const SDP = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.1',
  's=stems',
  'c=IN IP4 239.69.0.1/32',
  't=0 0',
  'm=audio 5004 RTP/AVP 98',
  'a=rtpmap:98 L24/48000/1',
  'a=ptime:1',
  'a=ts-refclk:localmac=00-00-5E-00-53-01',
  'a=mediaclk:direct=0',
  'a=recvonly',
  '',
].join('\r\n');
const [flow] = audioFlows(parseSdp(SDP)).flows;

function packet(number: number, { ssrc = 7, frames = 48, payloadType = 98, timestamp = number * 48 } = {}): Buffer {
  const datagram = Buffer.alloc(12 + frames * 3);
  writeRtpHeader(datagram, 0, { payloadType, marker: false, sequence: number, timestamp, ssrc });
  return datagram;
}

interface Line {
  readonly packets?: number;
  readonly isLost?: (number: number) => boolean;
  /** When packet `number` arrives, in ms. */
  readonly at?: (number: number) => number;
  readonly make?: (number: number) => Buffer;
  readonly seconds?: number;
}

function examine({
  packets = 5000,
  isLost = () => false,
  at = (number) => number,
  make = packet,
  seconds = packets / 1000,
}: Line) {
  const examiner = new StreamExaminer({ sampleRate: 48_000, frameBytes: 3, payloadTypes: [98], framesPerPacket: 48 });
  for (let number = 0; number < packets; number++) {
    if (!isLost(number)) examiner.receive(make(number), '192.0.2.1', { ms: at(number), utcMs: 0 });
  }
  const facts = examiner.facts(seconds);
  return { facts, findings: streamFindings(facts, flow) };
}

const words = (line: Line) => examine(line).findings.map(({ what }) => what);

describe('the doctor', () => {
  it('finds nothing wrong with a good stream', () => {
    const { facts, findings } = examine({});
    expect(findings).toEqual([]);
    expect([facts.packetsPerSecond, facts.counters.lost, facts.driftPpm]).toEqual([1000, 0, 0]);
    expect(facts.spacing.p50Us).toBeGreaterThanOrEqual(1000);
    expect(facts.spacing.maxUs).toBe(1000);
    const text = renderExamination({ title: 'stems', place: '239.69.0.1:5004', flow, facts, findings });
    expect(text).toContain('5000 packets in 5.0 s: 1000.0 a second, 1000.0 by its description');
    expect(text).toContain('time to live 32');
    expect(text).toContain('All is well.');
  });

  it('tells loss, a wrong rate, a wrong length, lateness and drift', () => {
    expect(words({ isLost: (number) => number % 10 === 5 })[0]).toMatch(/^500 of 5000 packets were lost \(10\.00 %\)$/);
    expect(words({ packets: 5000, isLost: (number) => number > 2500 })[0]).toMatch(/^500\.2 packets a second are sent/);
    expect(words({ make: (number) => packet(number, { frames: 24, timestamp: number * 24 }) })[0]).toMatch(
      /^packets have 24 sample frames/,
    );
    const stalls = words({ at: (number) => number + (number % 1000 < 100 ? 40 : 0) });
    expect(stalls.some((what) => /comes 4\d\.\d ms late or more, AES67 allows 17\.0 ms/.test(what))).toBe(true);
    expect(words({ at: (number) => number * 1.001 })[0]).toMatch(/^timestamps run -999 ppm slower than/);
  });

  it('takes neither a stall at the end nor packets of several lengths for a wrong rate', () => {
    const isRate = (what: string) => what.includes('packets a second are sent');
    // 680 packets come at once, because the sender began late; one that is as much too fast all the time is told.
    const late = { packets: 4680, seconds: 4, at: (number: number) => Math.max(0, number - 680) };
    expect(words(late).some(isRate)).toBe(false);
    expect(words({ ...late, at: (number) => (number * 4000) / 4680 }).some(isRate)).toBe(true);
    expect(words({ at: (number) => Math.min(number, 4750) }).some(isRate)).toBe(false);
    // 24 and 72 sample frames in turn.
    const make = (number: number) =>
      packet(number, { frames: number % 2 ? 72 : 24, timestamp: number * 48 - (number % 2 ? 24 : 0) });
    const uneven = words({ make });
    expect(uneven.some(isRate)).toBe(false);
  });

  it('tells a second sender, a restart, and packets that are something else', () => {
    const two = words({ make: (number) => packet(number, { ssrc: number % 2 === 0 ? 7 : 9 }) });
    expect(two.some((what) => what.startsWith('another sender uses the same address'))).toBe(true);
    const restarted = words({
      make: (number) => packet(number, number < 2500 ? {} : { ssrc: 8, timestamp: number * 48 + 1e6 }),
      at: (n) => (n < 2500 ? n : n + 300),
    });
    expect(restarted).toContain('the stream began anew 1 times (SSRC or timestamps jumped)');
    expect(words({ make: (number) => packet(number, { payloadType: 10 }) })[0]).toContain('another payload type');
    expect(words({ make: () => Buffer.from('hello') })[0]).toContain('none of them RTP');
    expect(words({ packets: 0 })[0]).toContain('nothing came');
  });

  it('puts what is wrong with a description among it', () => {
    const findings = descriptionFindings(lintSdp(SDP.replace('a=ptime:1', 'a=ptime:50')));
    expect(
      findings.some(({ severity, what }) => severity === 'error' && what.startsWith('SDP line 6: 7200 bytes')),
    ).toBe(true);
  });
});
