import { describe, expect, it } from 'vitest';
import { firstBreak } from '../../../test/support/counting-pattern.ts';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { cut } from '../../../test/support/portions.ts';
import { RecordingSessions } from '../../../test/support/recording-session.ts';
import { feedReader } from '../../../test/support/recording-wire-sink.ts';
import { spellMessages } from '../../../test/support/spell-messages.ts';
import { WireStudio } from '../../../test/support/wire-studio.ts';
import { encodePullRequest } from './pull-request.ts';
import { PullSession } from './pull-session.ts';
import { WireReader } from './wire-reader.ts';

class Studio extends WireStudio {
  constructor(metadataInterval: number, firstNumber: number, maxFragments?: number, fragmentBytes?: number) {
    super({
      metadataInterval,
      firstNumber,
      ...(maxFragments !== undefined && { maxFragments }),
      ...(fragmentBytes !== undefined && { fragmentBytes }),
    });
  }

  session(request: Buffer | undefined, password = 'secret'): PullSession {
    const session = new PullSession({ store: this.store, password, clientCount: () => 1 });
    if (request) session.receive(request);
    return session;
  }
}

function drain(session: PullSession): Buffer {
  const parts: Buffer[] = [];
  for (let bytes = session.next(); bytes; bytes = session.next()) parts.push(bytes);
  return Buffer.concat(parts);
}

const request = (name: string) => distreamerCapture(`persserver-${name}.client`);

describe('a persistent pull session', () => {
  it('answers the recorded requests in the order of the original', () => {
    const studio = new Studio(0, 7);
    studio.play(5);
    const session = studio.session(request('persclient-meta-no-1'));
    expect(spellMessages(drain(session))).toBe('oggheader 7 8 9 10 11 list:7,8,9,10,11');
    expect(drain(session)).toEqual(Buffer.alloc(0));
    studio.play(3);
    session.interval();
    expect(spellMessages(drain(session))).toBe('12 13 14 list:10,11,12,13,14');
    session.interval();
    expect(spellMessages(drain(session))).toBe('list:10,11,12,13,14');
    expect(session.state).toBe('feeding');
  });

  it('sends only what a client does not name', () => {
    const studio = new Studio(0, 20);
    studio.play(10);
    const session = studio.session(request('persclient-meta-no-2'));
    expect(spellMessages(drain(session))).toBe('oggheader 27 28 29 list:25,26,27,28,29');
    expect(session.evicted).toBe(0);
  });

  it('describes one source run before it sends the next', () => {
    const studio = new Studio(0, 1);
    studio.play(2);
    studio.play(2, 4096, 'audio/aac');
    expect(spellMessages(drain(studio.session(request('persclient-meta-no-1'))))).toBe(
      'oggheader 1 2 3 list:1,2,3 4 5 list:4,5',
    );
  });

  it('fills a hole that a client has', () => {
    const studio = new Studio(0, 1);
    studio.play(5);
    expect(spellMessages(drain(studio.session(encodePullRequest('secret', [2, 4]))))).toBe(
      'oggheader 3 5 list:1,2,3,4,5',
    );
  });

  it('sends all to a client that names what was never given out', () => {
    const studio = new Studio(0, 1);
    studio.play(3);
    expect(spellMessages(drain(studio.session(encodePullRequest('secret', [2, 3, 4]))))).toBe(
      'oggheader 1 2 3 list:1,2,3',
    );
  });

  it('counts what a client lost by coming too late', () => {
    const studio = new Studio(0, 1);
    studio.play(10);
    const session = studio.session(encodePullRequest('secret', [1, 2]));
    expect(spellMessages(drain(session))).toBe('oggheader 6 7 8 9 10 list:6,7,8,9,10');
    expect(session.evicted).toBe(3);
  });

  it('sends a fragment at once when the list is small against it, else at the next interval', () => {
    const small = new Studio(0, 1, 5, 1024);
    const session = small.session(request('persclient-meta-no-1'));
    drain(session);
    small.play(1, 2100);
    expect(drain(session).length).toBe(0);
    session.interval();
    expect(spellMessages(drain(session))).toBe('1 2 list:1,2');

    const large = new Studio(0, 1, 5, 8192);
    const other = large.session(request('persclient-meta-no-1'));
    drain(other);
    large.play(1);
    expect(drain(other).length).toBe(0);
    large.play(1);
    expect(spellMessages(drain(other))).toBe('1 list:1');
  });

  it('goes on where a slow client is, with lists in between, and tells what is gone', () => {
    const studio = new Studio(0, 1, 100);
    studio.play(60);
    const session = studio.session(request('persclient-meta-no-1'));
    const taken = Array.from({ length: 41 }, () => session.next()!);
    expect(
      spellMessages(Buffer.concat(taken))
        .split(' ')
        .filter((word) => word.startsWith('list')).length,
    ).toBe(2);
    studio.play(200);
    const rest = spellMessages(drain(session)).split(' ');
    expect(rest[0]).toBe('161');
    expect(session.evicted).toBe(160 - 38);
    expect(rest.at(-1)).toMatch(/^list:161,.*,260$/);
  });

  it('tells a slow client of the gap within the same source run', () => {
    const studio = new Studio(4000, 1, 40);
    studio.play(40);
    const reader = new WireReader();
    const sessions = new RecordingSessions();
    const session = studio.session(request('persclient-meta-no-1'));
    const taken = Array.from({ length: 30 }, () => session.next()!);
    studio.play(200);
    session.interval();
    feedReader(reader, sessions, [...taken, drain(session)]);
    expect(sessions.continuities).toEqual(['new']);
    expect(sessions.causes).toEqual(['eviction']);
    expect(reader.counters.gaps).toBe(1);
  });

  it('is decoded to the exact audio and its titles, over reconnects at any byte', () => {
    for (const metadataInterval of [0, 4000]) {
      for (let at = 1; at < 20_000; at += 1999) {
        const studio = new Studio(metadataInterval, 1, 20);
        const reader = new WireReader();
        const sessions = new RecordingSessions();
        studio.play(6);
        for (const limit of [at, at * 2, Number.POSITIVE_INFINITY]) {
          const session = studio.session(encodePullRequest('secret', reader.heldNumbers));
          const sent = drain(session);
          studio.play(3);
          session.interval();
          const bytes = Buffer.concat([sent, drain(session)]).subarray(0, limit);
          feedReader(reader, sessions, cut(bytes, [1, 700, 13]));
        }
        expect(sessions.length).toBeGreaterThan(14 * 4000);
        expect(firstBreak(sessions.bytes)).toBe(-1);
        expect(sessions.causes).toEqual([]);
        if (metadataInterval > 0) expect(sessions.titles.length).toBeGreaterThan(10);
      }
    }
  });

  it('refuses a wrong password with the recorded bytes and then closes', () => {
    const studio = new Studio(0, 1);
    studio.play(2);
    const session = studio.session(request('wrong-password-1'));
    expect(drain(session)).toEqual(distreamerCapture('persserver-wrong-password-1.server'));
    expect(session.state).toBe('ending');
    expect(session.isRefused).toBe(true);
  });

  it.each([
    ['se cret', 'GET /se%20cret/ HTTP/1.1\r\n\r\n'],
    ['a%20b', 'GET /a%20b/ HTTP/1.1\r\n\r\n'],
    ['', 'GET // HTTP/1.1\r\n\r\n'],
    ['', 'GET / HTTP/1.1\r\n\r\n'],
  ])('lets the password %j in', (password, text) => {
    const session = new Studio(0, 1).session(Buffer.from(text), password);
    expect(spellMessages(drain(session))).toBe('oggheader list:');
  });

  it('answers for the statistics what the original answers', () => {
    const studio = new Studio(0, 49);
    studio.play(5);
    const session = studio.session(request('stats-1'));
    const [head, body] = split(drain(session));
    const [recordedHead, recordedBody] = split(distreamerCapture('persserver-stats-1.server'));
    expect(body).toBe(recordedBody);
    expect(head!.split('\r\n')[0]).toBe(recordedHead!.split('\r\n')[0]);
    expect(head!.toLowerCase()).toContain('content-type: application/json');
    expect(session.state).toBe('ending');
  });

  it('says nothing before the request is whole', () => {
    const studio = new Studio(0, 1);
    studio.play(2);
    const session = studio.session(undefined);
    for (const portion of cut(request('persclient-meta-no-1'), [1]).slice(0, -1)) session.receive(portion);
    session.interval();
    expect(session.next()).toBeUndefined();
    expect(session.state).toBe('head');
  });
});

const split = (bytes: Buffer) => bytes.toString('latin1').split('\r\n\r\n');
