import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOREIGN_SDPS } from '../../../test/support/foreign-sdps.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { SapDirectory } from './directory.ts';
import { announcementIntervalMs } from './interval.ts';
import { decodeSap, encodeSap, messageIdOf, type SapPacket } from './packet.ts';

const HOUR = 3_600_000;
const sdpOf = (id: number, { version = 1, name = 'Stems' } = {}) =>
  `v=0\r\no=- ${id} ${version} IN IP4 192.0.2.1\r\ns=${name}\r\nc=IN IP4 239.1.1.1/32\r\nt=0 0\r\nm=audio 5004 RTP/AVP 98\r\n`;

const packetOf = (sdp: string, kind: SapPacket['kind'] = 'announce'): SapPacket => ({
  kind,
  messageId: messageIdOf(sdp),
  originAddress: '192.0.2.1',
  sdp,
});
const announce = (sdp: string) => encodeSap(packetOf(sdp));
const remove = (sdp: string) => encodeSap(packetOf(sdp, 'delete'));

describe('SAP packets', () => {
  it('are written as RFC 2974 6 has them', () => {
    const bytes = encodeSap({ kind: 'announce', messageId: 0x1234, originAddress: '192.0.2.1', sdp: 'v=0\r\n' });
    expect(bytes.toString('latin1')).toBe('\x20\x00\x12\x34\xc0\x00\x02\x01application/sdp\0v=0\r\n');
  });

  it('of deletions carry the origin only', () => {
    const bytes = remove(sdpOf(7));
    expect(bytes[0]).toBe(0x24);
    expect(decodeSap(bytes)).toMatchObject({ kind: 'delete', sdp: 'o=- 7 1 IN IP4 192.0.2.1\r\n' });
  });

  it('are read as they were written, from IPv6 too', () => {
    for (const sdp of Object.values(FOREIGN_SDPS)) {
      for (const originAddress of ['192.0.2.1', '2001:db8::1']) {
        const packet = { ...packetOf(sdp), originAddress };
        expect(decodeSap(encodeSap(packet))).toEqual(packet);
      }
    }
  });

  it('are read without a payload type, and past authentication data', () => {
    const bytes = Buffer.from('\x20\x02\x12\x34\xc0\x00\x02\x01AUTHDATAv=0\r\ns=x\r\n\0', 'latin1');
    expect(decodeSap(bytes)).toMatchObject({ messageId: 0x1234, sdp: 'v=0\r\ns=x\r\n' });
  });

  it.each([
    ['an empty datagram', ''],
    ['a short header', '20001234c00002'],
    ['version 0', '00001234c0000201763d300a'],
    ['encryption', '22001234c0000201763d300a'],
    ['compression', '21001234c0000201763d300a'],
    ['authentication data past the end', '20ff1234c0000201763d300a'],
    ['an IPv6 address cut short', '30001234c0000201763d300a'],
    ['another payload type', `20001234c0000201${Buffer.from('text/plain\0x').toString('hex')}`],
    ['a payload type without an end', `20001234c0000201${'61'.repeat(300)}`],
    ['9 KiB', `20001234c0000201763d${'61'.repeat(9000)}`],
  ])('with %s are refused', (_, hex) => {
    expect(() => decodeSap(Buffer.from(hex, 'hex'))).toThrow(ProtocolViolation);
  });

  it('cut anywhere are read or refused', () => {
    const bytes = announce(sdpOf(1));
    for (let cut = 0; cut < bytes.length; cut++) {
      if (cut < 24 && cut !== 8) expect(() => decodeSap(bytes.subarray(0, cut))).toThrow(ProtocolViolation);
      else expect(decodeSap(bytes.subarray(0, cut)).sdp.length).toBe(Math.max(0, cut - 24));
    }
  });

  it('have an id that follows the text and is never 0', () => {
    expect(messageIdOf('a')).not.toBe(messageIdOf('b'));
    fc.assert(
      fc.property(fc.string(), (text) => messageIdOf(text) > 0 && messageIdOf(text) <= 0xffff),
      { numRuns: 100 },
    );
  });

  it('need an address as their origin', () => {
    expect(() => encodeSap({ ...packetOf(''), originAddress: 'mixer' })).toThrow(RangeError);
  });
});

describe('SapDirectory', () => {
  it('tells when a session is announced, changed and deleted, and is silent when nothing changes', () => {
    const directory = new SapDirectory();
    const kinds = [
      announce(sdpOf(1)),
      announce(sdpOf(1)),
      announce(sdpOf(1, { version: 2, name: 'Other' })),
      remove(sdpOf(1, { version: 2 })),
      remove(sdpOf(1)),
    ].map((bytes, index) => directory.receive(bytes, '192.0.2.1', index * 30_000)?.kind);
    expect(kinds).toEqual(['announced', undefined, 'changed', 'deleted', undefined]);
    expect(directory.sessions()).toEqual([]);
    expect(directory.counters).toEqual({ packets: 5, malformed: 0, refused: 0, ignoredDeletions: 1 });
  });

  it('keeps name, period and description', () => {
    const directory = new SapDirectory();
    const sdp = FOREIGN_SDPS['AVIO USB'];
    for (const at of [0, 25_000, 55_000]) directory.receive(announce(sdp), '192.168.1.81', at);
    expect(directory.sessions()).toMatchObject([
      { name: 'AVIOUSB-503633 : 2', from: '192.168.1.81', sdp, firstMs: 0, lastMs: 55_000, periodMs: 30_000 },
    ]);
  });

  it('lets nobody else change or delete a session', () => {
    const directory = new SapDirectory();
    directory.receive(announce(sdpOf(1)), '192.0.2.1', 0);
    expect(directory.receive(remove(sdpOf(1)), '192.0.2.66', 1)).toBeUndefined();
    expect(directory.receive(announce(sdpOf(1, { name: 'Mine' })), '192.0.2.66', 2)?.kind).toBe('announced');
    expect(directory.sessions().map(({ name, from }) => [name, from])).toEqual([
      ['Stems', '192.0.2.1'],
      ['Mine', '192.0.2.66'],
    ]);
  });

  it('takes a deletion by message id when it says nothing else', () => {
    const directory = new SapDirectory();
    directory.receive(announce(sdpOf(1)), '192.0.2.1', 0);
    const bytes = encodeSap({ ...packetOf(sdpOf(1), 'delete'), sdp: '' });
    expect(directory.receive(bytes, '192.0.2.66', 1)).toBeUndefined();
    expect(directory.receive(bytes, '192.0.2.1', 1)?.kind).toBe('deleted');
  });

  it('forgets a session after an hour, or after ten periods', () => {
    const directory = new SapDirectory();
    for (const at of [0, 30_000]) directory.receive(announce(sdpOf(1)), '192.0.2.1', at);
    for (const at of [0, HOUR]) directory.receive(announce(sdpOf(2)), '192.0.2.1', at);
    expect(directory.expire(30_000 + HOUR - 1)).toEqual([]);
    expect(directory.expire(30_000 + HOUR)).toMatchObject([
      { kind: 'expired', session: { key: '192.0.2.1 - 1 192.0.2.1' } },
    ]);
    expect(directory.expire(11 * HOUR - 1)).toEqual([]);
    expect(directory.expire(11 * HOUR)).toHaveLength(1);
    expect(directory.sessions()).toEqual([]);
  });

  it('bounds the sessions of one sender', () => {
    const directory = new SapDirectory();
    for (let id = 0; id < 2000; id++) directory.receive(announce(sdpOf(id)), '192.0.2.66', id);
    expect(directory.sessions()).toHaveLength(256);
    expect(directory.counters.refused).toBe(1744);
    expect(directory.receive(announce(sdpOf(1)), '192.0.2.1', 0)?.kind).toBe('announced');
  });

  it('keeps the sessions that are announced again when a flood of senders fills it', () => {
    const directory = new SapDirectory({ maxSessions: 100 });
    for (const at of [0, 30_000]) directory.receive(announce(sdpOf(1)), '192.0.2.1', at);
    for (let id = 0; id < 500; id++) directory.receive(announce(sdpOf(id)), `198.51.100.${id}`, 40_000);
    expect(directory.sessions()).toHaveLength(100);
    expect(directory.sessions()[0]?.from).toBe('192.0.2.1');
    expect(directory.receive(announce(sdpOf(2)), '192.0.2.1', 50_000)?.kind).toBe('announced');
  });

  it('refuses newcomers when all that it holds is announced again and again', () => {
    const directory = new SapDirectory({ maxSessions: 2 });
    for (const at of [0, 1]) for (const id of [1, 2]) directory.receive(announce(sdpOf(id)), '192.0.2.1', at);
    expect(directory.receive(announce(sdpOf(3)), '192.0.2.1', 2)).toBeUndefined();
    expect(directory.counters.refused).toBe(1);
  });

  it('counts what cannot be read, and cleans names', () => {
    const directory = new SapDirectory();
    directory.receive(Buffer.from('hello, world'), '192.0.2.1', 0);
    directory.receive(announce('v=0\r\ns=no media\r\n'), '192.0.2.1', 0);
    expect(directory.counters).toMatchObject({ packets: 2, malformed: 2 });
    directory.receive(announce(sdpOf(1, { name: '\u001b]0;x\u0007Stems\u202e' })), '192.0.2.1', 0);
    expect(directory.sessions()[0]?.name).toBe(']0;x Stems');
  });

  it('survives whatever comes', () => {
    const directory = new SapDirectory({ maxSessions: 20 });
    const tails = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(50).map((id) => Buffer.from(sdpOf(id))),
    );
    fc.assert(
      fc.property(fc.constantFrom(0x20, 0x24, 0x30, 0x34), fc.nat(4), tails, fc.nat(5), (flags, words, tail, host) => {
        const head = Buffer.from([flags, words, 1, host, 192, 0, 2, 1]);
        directory.receive(Buffer.concat([head, Buffer.alloc(words * 4), tail]), `192.0.2.${host}`, host);
        expect(directory.sessions().length).toBeLessThanOrEqual(20);
      }),
      { numRuns: 300 },
    );
  });
});

describe('announcementIntervalMs', () => {
  it('is 30 s, spread by a third, and longer when the scope is full', () => {
    expect(announcementIntervalMs({ announcements: 1, bytes: 500 }, 0)).toBeCloseTo(20_000);
    expect(announcementIntervalMs({ announcements: 1, bytes: 500 }, 1)).toBeCloseTo(40_000);
    expect(announcementIntervalMs({ announcements: 64, bytes: 500 }, 0.5)).toBeCloseTo(64_000);
    expect(announcementIntervalMs({ announcements: 1, bytes: 500, minimumMs: 300_000 }, 0.5)).toBeCloseTo(300_000);
  });
});
