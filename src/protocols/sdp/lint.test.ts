import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOREIGN_SDPS } from '../../../test/support/foreign-sdps.ts';
import { lintSdp } from './lint.ts';
import { SDP_PROFILES } from './profiles.ts';

const findings = (text: string, profile?: keyof typeof SDP_PROFILES) =>
  lintSdp(text, profile && SDP_PROFILES[profile]).map(
    ({ line, severity, text: words }) => `${line} ${severity}: ${words}`,
  );

const good = FOREIGN_SDPS['XCEL-1201'];
const changed = (from: string, to: string) => findings(good.replace(from, to));

describe('lintSdp', () => {
  it('finds nothing in a good description', () => {
    expect(findings(good)).toEqual([]);
    expect(findings(good, 'dante')).toEqual([]);
    expect(findings(good, 'aes67')).toEqual([]);
  });

  it('says what it finds in foreign devices', () => {
    expect(findings(FOREIGN_SDPS['AVIO USB'])).toEqual([
      '7 note: mediaclk:direct=2911906980: fine for AES67; SMPTE ST 2110 receivers want 0',
    ]);
    expect(findings(FOREIGN_SDPS['Dante Ultimo X4'])).toContain(
      '12 warning: the PTP clock id is empty: the sender follows no PTP clock, whatever it says',
    );
    expect(findings(FOREIGN_SDPS['aes67-linux-daemon'])).toEqual([
      '2 note: session id 0: two sessions of this sender cannot be told apart',
      '7 warning: no ts-refclk: nobody knows which clock the timestamps follow',
      expect.stringContaining('14 warning: ts-refclk "ptp=traceable" lacks the version'),
    ]);
    expect(findings(FOREIGN_SDPS['Merging Anubis'], 'dante')).toEqual([
      expect.stringContaining(
        '9 error: Dante in AES67 mode receivers are known to hide a stream that has a source-filter',
      ),
      expect.stringContaining('9 error: Dante in AES67 mode receivers look in 239.69.0.0/16'),
    ]);
    expect(findings(FOREIGN_SDPS.ffmpeg, 'aes67')).toEqual(
      expect.arrayContaining([
        '7 warning: 127.0.0.1 is heard on this one machine only',
        expect.stringContaining('lock to PTP only'),
      ]),
    );
  });

  it.each([
    ['s=XCEL', 'x=XCEL', '0 error: it lacks a name, s='],
    ['v=0', 'v=1', '1 error: v= is not 0'],
    ['t=0 0\r\n', '', '0 warning: it lacks the time, t=0 0'],
    ['/32', '', '9 warning: the multicast address has no time to live, such as 239.69.224.56/32'],
    ['/32', '/0', '9 warning: a time to live of 0 keeps the stream on its own machine'],
    ['/32', '/256', '5 error: a time to live of "256" cannot be: 0 to 255'],
    ['239.69.224.56', '224.0.0.56', '9 warning: 224.0.0.56 is for protocols of the local network'],
    ['239.69.224.56', '225.1.1.1', '9 note: 225.1.1.1 is outside of 239.0.0.0/8'],
    ['audio 5004', 'audio 5005', '9 note: port 5005 is odd'],
    ['AVP 97', 'AVP 98', '10 error: rtpmap is for payload type 97, which m= does not name'],
    ['a=ptime:1\r\n', '', '9 warning: no ptime'],
    [
      'a=ptime:1\r\n',
      'a=ptime:1\r\na=framecount:6\r\n',
      '9 warning: framecount says 6 sample frames in a packet, ptime says 48',
    ],
    ['a=ptime:1\r\n', 'a=ptime:10\r\n', '9 error: 2880 bytes of audio in a packet'],
    ['a=mediaclk:direct=0\r\n', '', '9 warning: no mediaclk:direct'],
    ['a=recvonly', 'a=sendonly', '9 note: sendonly'],
    [':0\r\na=mediaclk', '\r\na=mediaclk', '12 warning: the PTP clock lacks its domain'],
    ['c=IN IP4', 'a=x\r\nc=IN IP4', '6 warning: c= has to come before a= (RFC 8866 9)'],
    ['a=ptime:1', 't=0 0', '11 warning: a line t= does not belong here'],
    ['a=ptime:1', 'ptime 1', '11 warning: this is no line'],
    ['192.168.178.114', '239.1.1.1', '2 warning: the origin "239.1.1.1" is no address of a machine'],
    ['a=recvonly', 'a=group:DUP one two', '8 warning: group names "one", which no medium is called'],
  ])('%s changed to %s', (from, to, finding) => {
    expect(changed(from, to)).toContainEqual(expect.stringContaining(finding));
  });

  it('notes the line ends', () => {
    expect(findings(good.replaceAll('\r', ''))).toEqual(['1 note: lines end with LF; strict receivers want CRLF']);
    expect(findings(good.trimEnd())).toEqual(['0 note: the last line has no end']);
  });

  it('says why a description cannot be read at all', () => {
    expect(findings('hello')).toEqual(['0 error: the description has no media (m=)']);
  });

  it('ends with findings in words, whatever it is given', () => {
    const lines = fc.array(fc.oneof(fc.constantFrom(...good.split('\r\n')), fc.string({ maxLength: 20 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(lines, fc.constantFrom('aes67', 'dante', 'plain'), (parts, profile) => {
        for (const { line, text } of lintSdp(parts.join('\r\n'), SDP_PROFILES[profile as 'plain'])) {
          expect(line).toBeLessThanOrEqual(31);
          expect(text.length).toBeLessThan(300);
        }
      }),
      { numRuns: 200 },
    );
  });
});
