import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asDialect2, linesOf, pdtpCapture } from '../../../test/support/pdtp-capture.ts';
import { type Replay, replayToClient, replayToServer } from '../../../test/support/pdtp-replay.ts';
import { cut, portionings } from '../../../test/support/portions.ts';

/** Recorded connections with the original server that it did not end. */
const SERVED = [
  '1-one-client/pdtp-client',
  '1-one-client/pdtp-seed',
  '2-two-clients/pdtp-client-a',
  '2-two-clients/pdtp-client-b',
  '2-two-clients/pdtp-seed',
  '3-errors/e07-unknown-url',
  '3-errors/e08-completed-unknown',
  '3-errors/e11-no-second-element',
  '3-errors/e12b-second-is-number',
  '3-errors/e13-range-past-end',
  '3-errors/e14-ask-verify-unknown',
  '3-errors/e16-error-and-warn-from-client',
  '3-errors/e17-crlf-and-extra-field',
  '3-errors/e18-split-and-joined',
  '3-errors/e19-client-info-twice',
  '3-errors/e22-other-host-and-forms',
  '3-errors/e24-partial-ranges',
  '3-errors/e25-request-ranges',
  '3-errors/e32-empty-id-zero-port',
  '3-errors/seed-connection-ended-by-p10-no-host',
  '3-errors/seed-connection-ended-by-p11-no-range',
  '3-errors/seed-connection-ended-by-p13-no-peer-id',
  '3-errors/t01-hand-taker',
  '3-errors/t03-upper-case-hash',
  '3-errors/t04-right-hash-without-fetching',
  '5-odd-peers/a1-taker-silent',
  '5-odd-peers/a2-taker-gives-up',
  '5-odd-peers/a3-taker-ten',
  '5-odd-peers/a5-head-of-line',
  '5-odd-peers/pdtp-client-of-b1-wrong-bytes',
  '5-odd-peers/pdtp-client-of-b2-404',
  '5-odd-peers/pdtp-client-of-b5-good',
];

/** Connections that the original server ended without a word; here the reason is said first. */
const ENDED: [string, RegExp, string[]?][] = [
  ['e01-before-client-info', /before client_info/],
  ['e02-unknown-command', /"frobnicate" is not known/],
  ['e03-missing-field', /"url" is missing/],
  ['e04-wrong-type', /"listen_port" is not a whole number/],
  ['e05b-duplicate-id', /in use/, ['dup-id']],
  ['e09-not-json', /not JSON/],
  ['e10-json-object', /no array/],
  ['e12-second-is-string', /a text/],
  ['e14b-ask-verify-bad-ip', /no address/],
  ['e15-server-only-message', /"tell_info" is not known here/],
  ['e19b-same-id-twice-same-conn', /in use/],
  ['e29-empty-line', /not JSON/],
  ['e30-null-and-scalars', /no array/],
  ['e31-int-forms', /not a whole number/],
];

/** Connections of an original client or seed, with the real server or a hand-made one. */
const CLIENTS = [
  '1-one-client/pdtp-client',
  '1-one-client/pdtp-seed',
  '2-two-clients/pdtp-client-a',
  '2-two-clients/pdtp-client-b',
  '2-two-clients/pdtp-seed',
  '5-odd-peers/pdtp-client-of-b1-wrong-bytes',
  '5-odd-peers/pdtp-client-of-b2-404',
  '5-odd-peers/pdtp-client-of-b3-port-closed',
  '5-odd-peers/pdtp-client-of-b4-200',
  '5-odd-peers/pdtp-client-of-b5-good',
  '5-odd-peers/pdtp-client-of-b6-server-goes-away',
  '6-original-against-a-hand-server/client4',
  '6-original-against-a-hand-server/seed2',
];

const EVERY_BYTE_UP_TO = 1300;
const sorted = (lines: readonly string[]) => [...lines].sort();
/** Without what only we say: that a message was passed over. */
const sharedWords = ({ lines }: Replay) => lines.filter((line) => !line.includes('"Your \\"'));

/** Cut at every byte, or at random places when that would take long. */
function* cuts(bytes: Buffer): Generator<Buffer[]> {
  if (bytes.length <= EVERY_BYTE_UP_TO) yield* portionings(bytes);
  else
    for (const sizes of fc.sample(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 3 }), {
      numRuns: 12,
      seed: 7,
    }))
      yield cut(bytes, sizes);
}

describe('recorded clients meet our server', () => {
  it.each(SERVED)('in dialect 1, which says the bytes of the original: %s', (name) => {
    const answers = linesOf(pdtpCapture(`${name}.server`));
    for (const portions of cuts(pdtpCapture(`${name}.client`))) {
      const replay = replayToServer(portions, answers);
      expect(replay.closedBy).toBeUndefined();
      expect(sorted(sharedWords(replay))).toEqual(sorted(answers));
    }
  });

  it.each(SERVED)('in dialect 2, which says the same: %s', (name) => {
    const answers = linesOf(pdtpCapture(`${name}.server`));
    const bytes = asDialect2(linesOf(pdtpCapture(`${name}.client`)));
    for (const portions of [[bytes], cut(bytes, [1]), cut(bytes, [3, 50, 2])]) {
      const replay = replayToServer(portions, answers);
      expect(replay.closedBy).toBeUndefined();
      expect(sorted(sharedWords(replay).map(dropDraftNames))).toEqual(sorted(answers));
    }
  });

  it.each(ENDED)('and are told why they are sent away: %s', (name, reason, takenIds) => {
    const lines = linesOf(pdtpCapture(`3-errors/${name}.client`));
    for (const portions of [...cuts(pdtpCapture(`3-errors/${name}.client`)), [asDialect2(lines)]]) {
      const replay = replayToServer(portions, [], takenIds);
      expect(replay.closedBy).toMatch(portions.length === 1 && portions[0]![0] === 0 ? /./ : reason);
      expect(replay.lines.at(-1)).toMatch(/^\["protocol_error",\{"message":".+"\}\]$/);
    }
  });

  it('are understood when they speak dialect 2, which the original server did not', () => {
    for (const name of ['e20-dialect2-no-newline', 'e20b-dialect2-crlf']) {
      for (const portions of portionings(pdtpCapture(`3-errors/${name}.client`))) {
        expect(replayToServer(portions, [])).toEqual({ lines: [], closedBy: undefined, eventTypes: ['register'] });
      }
    }
  });
});

describe('recorded servers meet our client', () => {
  it.each(CLIENTS)('which says the bytes of the original: %s', (name) => {
    const said = linesOf(pdtpCapture(`${name}.client`)).filter((line) => !line.includes('"peer_id":null'));
    const told = linesOf(pdtpCapture(`${name}.server`));
    for (const portions of cuts(pdtpCapture(`${name}.server`))) {
      const replay = replayToClient(portions, said, 1);
      expect(replay.closedBy).toBeUndefined();
      expect(replay.eventTypes).toHaveLength(told.length);
      expect(replay.eventTypes).not.toContain('ignored');
      expect(sorted(replay.lines)).toEqual(sorted(said));
    }
    const counted = asDialect2(told);
    for (const portions of [[counted], cut(counted, [1]), cut(counted, [77, 5])]) {
      const replay = replayToClient(portions, said, 2);
      expect(replay.eventTypes).toHaveLength(told.length);
      expect(sorted(replay.lines.map(dropDraftNames))).toEqual(sorted(said));
    }
  });

  it('answers orders that cannot be carried out as the original does, and passes over the rest', () => {
    const name = '6-original-against-a-hand-server/client';
    const said = linesOf(pdtpCapture(`${name}.client`));
    const told = pdtpCapture(`${name}.server`);
    for (const portions of cuts(told)) {
      const replay = replayToClient(portions, said, 1);
      expect(replay.closedBy).toMatch(/"dance" is not known/);
      expect(sorted(replay.lines)).toEqual(sorted(said));
      expect(replay.eventTypes.filter((type) => type === 'ignored')).toHaveLength(3);
    }
  });

  it('ends over an order without a range, and not over an answer that nobody asked for', () => {
    const replayed = (name: string) =>
      replayToClient(
        [pdtpCapture(`6-original-against-a-hand-server/${name}.server`)],
        linesOf(pdtpCapture(`6-original-against-a-hand-server/${name}.client`)),
        1,
      );
    expect(replayed('client2').closedBy).toMatch(/"range" is missing/);
    expect(replayed('client3')).toMatchObject({ closedBy: undefined, eventTypes: ['ignored'] });
  });
});

/** A message of dialect 2 in the words of dialect 1. */
function dropDraftNames(line: string): string {
  return line
    .replace(/^\["register"/, '["client_info"')
    .replace(/,"chunkSize":\d+/, '')
    .replace(/,"authorized":(true|false)/, '')
    .replace(/^(\["transfer",\{"host":"[^"]*"),"peer":"[^"]*"/, '$1')
    .replace(/^(\["tell_info",.*),"error":"not found"/, '$1');
}
