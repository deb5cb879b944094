import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOREIGN_SDPS } from '../../../test/support/foreign-sdps.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { type AudioFlow, audioFlows, framesOfPtime } from './flows.ts';
import { parseSdp } from './parse.ts';

function onlyFlow(text: string): AudioFlow {
  const { flows, refused } = audioFlows(parseSdp(text));
  expect(refused).toEqual([]);
  expect(flows).toHaveLength(1);
  return flows[0]!;
}

const stereo = { encoding: 'L24', sampleRate: 48_000, channels: 2, frameBytes: 6 };

describe('descriptions of foreign devices', () => {
  it.each([
    [
      'AVIO USB',
      {
        ...stereo,
        title: 'AVIOUSB-503633 : 2',
        address: '239.69.251.175',
        ttl: 32,
        payloadType: 97,
        framesPerPacket: 48,
        timestampOffset: 2_911_906_980,
        channelNames: ['Left', 'Right'],
        refClocks: [{ kind: 'ptp', version: 'IEEE1588-2008', clockId: '00-1D-C1-FF-FE-50-36-33', domain: '0' }],
      },
    ],
    ['Dante Ultimo X4', { ...stereo, channelNames: ['TxChan 0', 'TxChan 1'], timestampOffset: 142_410_716 }],
    ['Yamaha Ri8-D', { channels: 1, frameBytes: 3, channelNames: ['02'], timestampOffset: 750_129_611 }],
    ['XCEL-1201', { ...stereo, channelNames: ['DANTE TX 01', 'DANTE TX 02'], timestampOffset: 0 }],
    ['SSL Net IO', { ...stereo, title: 'SSL-NetIO-MADI-MM-414 : 32', address: '239.10.69.176' }],
    [
      'Merging Anubis',
      { encoding: 'L16', frameBytes: 4, ttl: 15, framesPerPacket: 48, sources: ['192.168.15.52'], timestampOffset: 0 },
    ],
    ['Merging Anubis 125 us', { ...stereo, framesPerPacket: 6 }],
    ['RAVENNA 44.1 kHz', { title: 'Stream 1', sampleRate: 44_100, channels: 8, framesPerPacket: 6, ttl: 128 }],
    ['aes67-linux-daemon', { ...stereo, framesPerPacket: 48, refClocks: [] }],
    ['ST 2110 camera', { channels: 8, port: 5006, rtcpPort: 5007, timestampOffset: 0, framesPerPacket: 48 }],
    ['ffmpeg', { ...stereo, address: '127.0.0.1', addressKind: 'loopback', refClocks: [], channelNames: [] }],
    ['hand-written', { encoding: 'L16', sampleRate: 44_100, channels: 1, payloadType: 11, title: '' }],
  ] as const)('%s', (device, expected) => {
    expect(onlyFlow(FOREIGN_SDPS[device])).toMatchObject(expected);
  });

  it('a redundant pair: each knows the other, both the clock of the session', () => {
    const { flows } = audioFlows(parseSdp(FOREIGN_SDPS['redundant tuner']));
    expect(flows).toMatchObject([
      { address: '238.135.102.1', mid: 'ra0', duplicates: ['ra1'], sources: ['10.41.135.102'] },
      { address: '239.135.102.1', mid: 'ra1', duplicates: ['ra0'], sources: ['10.42.135.102'] },
    ]);
    expect(flows.map((flow) => flow.refClocks)).toMatchObject([[{ domain: '127' }], [{ domain: '127' }]]);
  });

  it('reads them with any line ends', () => {
    for (const text of Object.values(FOREIGN_SDPS)) {
      const flows = audioFlows(parseSdp(text)).flows;
      for (const end of ['\n', '\r', '\r\n\r\n']) {
        const changed = audioFlows(parseSdp(`\ufeff${text.replace(/\r?\n/g, end)}`)).flows;
        expect(changed.map(({ line: _, ...flow }) => flow)).toEqual(flows.map(({ line: _, ...flow }) => flow));
      }
    }
  });

  it('cut anywhere they are read or refused', () => {
    for (const text of Object.values(FOREIGN_SDPS)) {
      for (let cut = 0; cut < text.length; cut += 3) readOrRefuse(text.slice(0, cut));
    }
  });
});

function readOrRefuse(text: string): void {
  try {
    audioFlows(parseSdp(text));
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolViolation);
  }
}

const withLine = (line: string) => `v=0\r\ns=x\r\nc=IN IP4 239.1.1.1/32\r\nm=audio 5004 RTP/AVP 98\r\n${line}\r\n`;

describe('hostile descriptions', () => {
  it.each([
    ['nothing', ''],
    ['no media', 'v=0\r\ns=x\r\n'],
    ['a line of 1 MiB', withLine(`a=${'x'.repeat(2 ** 20)}`)],
    ['a million lines', 'a=x\n'.repeat(1e6)],
    ['101 media', 'm=audio 1 RTP/AVP 98\n'.repeat(101)],
  ])('%s is refused', (_, text) => {
    expect(() => parseSdp(text)).toThrow(ProtocolViolation);
  });

  it.each([
    'a=rtpmap:98 L24/48000/2147483648',
    'a=rtpmap:98 L24/48000/0',
    'a=rtpmap:98 L24/48000/-1',
    'a=rtpmap:98 L24/1e309/2',
    'a=rtpmap:98 L24/0/2',
    'a=rtpmap:128 L24/48000/2',
    'a=rtpmap:98 L24/48000 2',
  ])('%s is not used', (line) => {
    const session = parseSdp(withLine(line));
    expect(session.media[0]?.rtpMaps).toEqual([]);
    expect(session.problems).toMatchObject([{ line: 5, severity: 'warning' }]);
    expect(audioFlows(session)).toMatchObject({ flows: [], refused: [{ text: expect.stringContaining('no rtpmap') }] });
  });

  it.each([
    'a=ptime:1e309',
    'a=ptime:-1',
    'a=ptime:0',
    'a=ptime:99999',
    'a=framecount:0',
    'a=mediaclk:direct=x',
    'a=mediaclk:',
    'a=ts-refclk:ptp=x',
    'a=ts-refclk:ntp=two words',
    'a=source-filter: incl',
    'a=rtcp:0',
    'c=IN IP4 239.1.1.1/999',
    'c=IN IP4 239.1.1.256/32',
    'c=',
    'nonsense',
  ])('%s is a problem with its line', (line) => {
    expect(parseSdp(withLine(line)).problems).toMatchObject([{ line: 5 }]);
  });

  it.each([
    ['m=audio 70000 RTP/AVP 98', 'c=IN IP4 239.1.1.1/32', undefined],
    ['m=audio 0 RTP/AVP 98', 'c=IN IP4 239.1.1.1/32', 'port 0'],
    ['m=video 5004 RTP/AVP 98', 'c=IN IP4 239.1.1.1/32', 'video'],
    ['m=audio 5004 TCP/RTP/AVP 98', 'c=IN IP4 239.1.1.1/32', 'TCP/RTP/AVP'],
    ['m=audio 5004 RTP/AVP 98', 'c=IN IP4 0.0.0.0', 'nothing can be received'],
    ['m=audio 5004 RTP/AVP 98', 'c=IN IP4 255.255.255.255', 'nothing can be received'],
    ['m=audio 5004 RTP/AVP 98', 's=x', 'no address'],
    ['m=audio 5004 RTP/AVP 97', 'c=IN IP4 239.1.1.1/32', 'no rtpmap for the payload types of m= (97), only for 98'],
  ])('%s with %s is no stream', (media, connection, reason) => {
    const session = parseSdp(`${media}\n${connection}\na=rtpmap:98 L24/48000/2\n`);
    const { flows, refused } = audioFlows(session);
    expect(flows).toEqual([]);
    if (reason === undefined) expect(session.problems).toMatchObject([{ line: 1, severity: 'error' }]);
    else expect(refused).toMatchObject([{ line: 1, text: expect.stringContaining(reason) }]);
  });

  it('of strangers name no machine as the address', () => {
    for (const address of ['127.0.0.1', '192.168.1.5', '::1', 'router.example', '255.255.255.255']) {
      const session = parseSdp(withLine('a=rtpmap:98 L24/48000/2').replace('239.1.1.1/32', address));
      expect(audioFlows(session, { isAnnounced: true }).flows).toEqual([]);
    }
  });

  it('cannot write to the terminal', () => {
    const text = withLine('a=rtpmap:98 L24/48000/2').replace('s=x', 's=\u001b[2Jx\u202ey\u0007');
    expect(onlyFlow(text).title).toBe('[2Jxy');
  });

  it('are read in linear time and kept small', () => {
    const line = 'a=source-filter: incl IN IP4 * 192.0.2.1\n';
    const session = parseSdp(`m=audio 5004 RTP/AVP 98\n${line.repeat(1500)}`);
    expect(session.media[0]?.sourceFilters).toHaveLength(1500);
    expect(parseSdp(`m=audio 1 RTP/AVP 98\n${'x\n'.repeat(30_000)}`).problems).toHaveLength(200);
  });

  it('are read or refused, whatever stands in them', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'm=audio 5004 RTP/AVP 98',
        'c=IN IP4 ',
        'a=rtpmap:98 L24/',
        'a=ptime:',
        'a=group:DUP ',
        'a=ts-refclk:ptp=',
      ),
      fc.constantFrom('\r\n', '\n', '/', ':', ' '),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.integer().map(String),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => readOrRefuse(pieces.join(''))),
      { numRuns: 150 },
    );
  });
});

describe('framesOfPtime', () => {
  it('takes every way to write a packet time', () => {
    for (const [ptime, rate, frames] of [
      [0.12, 48_000, 6],
      [0.13, 48_000, 6],
      [0.125, 48_000, 6],
      [0.33, 48_000, 16],
      [4, 48_000, 192],
      [0.14, 44_100, 6],
      [0.36, 44_100, 16],
      [1.09, 44_100, 48],
      [1.088435, 44_100, 48],
      [0.0001, 48_000, 1],
    ] as const) {
      expect(framesOfPtime(ptime, rate)).toBe(frames);
    }
    expect(framesOfPtime(undefined, 48_000)).toBeUndefined();
  });
});
