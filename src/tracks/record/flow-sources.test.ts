import { describe, expect, it } from 'vitest';
import type { SapSession } from '../../protocols/sap/directory.ts';
import { flowsOfSessions } from './find-flows.ts';
import { flowOfAddress, isBareAddress } from './flow-of-address.ts';
import { flowsOfSdp } from './flows-of-sdp.ts';
import { localAddressFor } from './local-interface.ts';
import { hasEnded } from './take-end.ts';
import { addUnique, fileNameOf } from './track-names.ts';

const FORMAT = { encoding: 'L24', sampleRate: 48_000, channels: 2 } as const;

const SDP = `v=0
o=- 1 1 IN IP4 192.0.2.7
s=Stems
c=IN IP4 239.69.1.1/32
t=0 0
a=group:DUP a b
m=audio 5004 RTP/AVP 98
i=Kick
a=rtpmap:98 L24/48000/1
a=ts-refclk:local
a=mediaclk:direct=4711
a=x-distream-redundancy:5104 fec=97 delay=40
a=mid:a
m=audio 5006 RTP/AVP 98
c=IN IP4 239.70.1.1/32
i=Kick
a=rtpmap:98 L24/48000/1
a=mid:b
m=audio 5008 RTP/AVP 98
i=Vocals
a=rtpmap:98 L24/48000/2
m=video 5010 RTP/AVP 99
a=rtpmap:99 H264/90000
`;

describe('flowsOfSdp', () => {
  it('has flows with their clock, their redundancy and all their networks', () => {
    const { flows, problems, name, origin } = flowsOfSdp(SDP);
    expect({ name, origin }).toEqual({ name: 'Stems', origin: '192.0.2.7' });
    expect(problems).toHaveLength(1);
    expect(flows.map(({ title, channels }) => ({ title, channels }))).toEqual([
      { title: 'Kick', channels: 1 },
      { title: 'Vocals', channels: 2 },
    ]);
    expect(flows[0]).toMatchObject({ mediaClock: { key: 'local 192.0.2.7', offset: 4711 }, payloadTypes: [98] });
    expect(flows[0]!.paths).toMatchObject([
      { address: '239.69.1.1', port: 5004, rtcpPort: 5005, redundancy: { port: 5104, fecPayloadType: 97 } },
      { address: '239.70.1.1', port: 5006, rtcpPort: 5007 },
    ]);
  });
});

describe('flowsOfSessions', () => {
  it('has flows in the order of their addresses, whichever was announced first, and each once', () => {
    const session = (title: string, address: string, port = 5004) => {
      const sdp = ['v=0', 'o=- 1 1 IN IP4 192.0.2.7', `s=${title}`, `c=IN IP4 ${address}/32`, 't=0 0'];
      const lines = [...sdp, `m=audio ${port} RTP/AVP 98`, 'a=rtpmap:98 L24/48000/1', ''];
      return { name: title, from: '192.0.2.7', sdp: lines.join('\r\n') } as SapSession;
    };
    const heard = [
      session('ten', '239.69.1.10'),
      session('two', '239.69.1.2', 5006),
      session('nine', '239.69.1.9'),
      session('one', '239.69.1.2'),
      session('ten again', '239.69.1.10'),
    ];
    const titles = flowsOfSessions(heard, () => {}).map(({ title }) => title);
    expect(titles).toEqual(['one', 'two', 'nine', 'ten']);
  });
});

describe('flowOfAddress', () => {
  it('takes groups, addresses and any address', () => {
    expect(flowOfAddress('239.69.0.1:5004', FORMAT).paths[0]).toMatchObject({ address: '239.69.0.1', rtcpPort: 5005 });
    expect(flowOfAddress(':5004', FORMAT).paths[0]).toEqual({ port: 5004, rtcpPort: 5005, sources: [] });
    expect(flowOfAddress('[ff3e::1]:5004', FORMAT).paths[0]).toMatchObject({ address: 'ff3e::1' });
    expect(flowOfAddress(':5004', { ...FORMAT, payloadType: 11 }).payloadTypes).toEqual([11]);
  });

  it('refuses names and ports that are none', () => {
    expect(isBareAddress('session.sdp')).toBe(false);
    for (const text of ['studio:5004', '239.69.0.1:0', '239.69.0.1:65535', '255.255.255.255:5004']) {
      expect(() => flowOfAddress(text, FORMAT)).toThrow(/is (no address|neither)/);
    }
  });
});

describe('localAddressFor', () => {
  const card = (address: string, netmask: string) => ({
    ...{ address, netmask, mac: '', internal: false, cidr: null },
    family: 'IPv4' as const,
  });
  const cards = { lo: [card('127.0.0.1', '255.0.0.0')], eth0: [card('192.0.2.2', '255.255.255.0')] };

  it('is our address on the network of a sender', () => {
    expect(localAddressFor('192.0.2.77', cards)).toBe('192.0.2.2');
    expect(localAddressFor('127.0.0.1', cards)).toBe('127.0.0.1');
    expect(localAddressFor('198.51.100.1', cards)).toBeUndefined();
    expect(localAddressFor('studio.example', cards)).toBeUndefined();
    expect(localAddressFor(undefined, cards)).toBeUndefined();
  });
});

describe('hasEnded', () => {
  const line = (hasSaidBye: boolean, lastArrivalMs: number | undefined) => ({ hasSaidBye, lastArrivalMs });

  it('waits for all senders, for the buffer, and not for flows that never came', () => {
    expect(hasEnded([line(true, 1000), line(false, undefined)], 500, 1499)).toBe(false);
    expect(hasEnded([line(true, 1000), line(false, undefined)], 500, 1500)).toBe(true);
    expect(hasEnded([line(true, 1000), line(false, 1000)], 500, 5999)).toBe(false);
    expect(hasEnded([line(true, 1000), line(false, 1000)], 500, 6000)).toBe(true);
    expect(hasEnded([line(false, 1000)], 500, 1e9)).toBe(false);
    expect(hasEnded([], 500, 1e9)).toBe(false);
  });
});

describe('names of tracks', () => {
  it('are fit for every file system, and unique', () => {
    expect(fileNameOf('../../etc/passwd')).toBe('etc_passwd');
    expect(fileNameOf('nul.wav')).toBe('_nul.wav');
    expect(fileNameOf('\u202e ')).toBe('track');
    const names: string[] = [];
    for (const name of ['Voice', 'voice', 'voice 2']) addUnique(names, name);
    expect(names).toEqual(['Voice', 'voice 2', 'voice 2 2']);
  });
});
