import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { generateKeyPair } from '../noise/x25519.ts';
import { judgeHello } from './address-proof.ts';
import {
  type Credentials,
  type InitiatorCredentials,
  LinkInitiator,
  readHello,
  type SecureChannel,
} from './handshake.ts';
import { decodeHello, encodeRetry, MIN_HELLO_BYTES, NO_COOKIE } from './handshake-messages.ts';

const NOW = 1_000;
const NOTHING = Buffer.alloc(0);
const server = generateKeyPair();
const client = generateKeyPair();
const sharedKey = Buffer.alloc(32, 1);

interface Case {
  readonly name: string;
  readonly initiator: InitiatorCredentials;
  readonly responder: Credentials;
}

const CASES: readonly Case[] = [
  {
    name: 'key pairs',
    initiator: { kind: 'identity', identity: client, remoteIdentity: server.publicKey },
    responder: { kind: 'identity', identity: server },
  },
  {
    name: 'a shared key',
    initiator: { kind: 'shared-key', sharedKey },
    responder: { kind: 'shared-key', sharedKey },
  },
];

function exchange(a: SecureChannel, b: SecureChannel, text: string): void {
  expect(b.opener.open(a.sealer.seal(Buffer.from(text), NOW), NOW)).toMatchObject({ payload: Buffer.from(text) });
}

describe.each(CASES)('the handshake with $name', ({ initiator: initiatorCredentials, responder: credentials }) => {
  it('goes from a hello over the proof of the address to records in both directions', () => {
    const initiator = new LinkInitiator(initiatorCredentials, 11, Buffer.from('hi'));
    const source = { address: '2001:db8::1', port: 9 };
    const context = { secret: Buffer.alloc(32, 3), nowMs: NOW };
    const first = judgeHello(initiator.hello, source, context);
    if (first.kind !== 'retry') throw new Error('no retry');
    initiator.retry(first.answer);
    const second = judgeHello(initiator.hello, source, context);
    if (second.kind !== 'proven') throw new Error('not proven');

    const genuine = readHello(second.hello, credentials);
    expect(genuine.payload.toString()).toBe('hi');
    const { message, channel } = genuine.respond(22, Buffer.from('welcome'), NOW);
    expect(message.length).toBeLessThanOrEqual(MIN_HELLO_BYTES);
    const finished = initiator.finish(message, NOW);
    expect(finished.payload.toString()).toBe('welcome');
    expect(finished.channel.handshakeHash).toEqual(channel.handshakeHash);
    const isIdentity = credentials.kind === 'identity';
    expect(channel.remoteIdentity?.raw).toEqual(isIdentity ? client.publicKey.raw : undefined);
    expect(finished.channel.remoteIdentity?.raw).toEqual(isIdentity ? server.publicKey.raw : undefined);
    exchange(finished.channel, channel, 'there');
    exchange(channel, finished.channel, 'and back');
    expect(channel.opener.open(channel.sealer.seal(NOTHING, NOW), NOW)).toBe('malformed');
  });

  it('sends the same hello each time, but for the cookie', () => {
    const initiator = new LinkInitiator(initiatorCredentials, 11, NOTHING);
    const hello = initiator.hello;
    expect(initiator.hello).toEqual(hello);
    initiator.retry(encodeRetry({ connectionId: 11, cookie: Buffer.alloc(16, 7) }));
    const again = decodeHello(initiator.hello);
    expect({ ...again, cookie: NO_COOKIE }).toEqual(decodeHello(hello));
  });

  it('gives each session of a repeated hello other keys', () => {
    const initiator = new LinkInitiator(initiatorCredentials, 11, NOTHING);
    const answers = [1, 2].map(() => readHello(decodeHello(initiator.hello), credentials).respond(22, NOTHING, NOW));
    const [one, two] = answers;
    expect(one!.channel.handshakeHash).not.toEqual(two!.channel.handshakeHash);
    const { channel } = initiator.finish(two!.message, NOW);
    expect(one!.channel.opener.open(channel.sealer.seal(NOTHING, NOW), NOW)).toBe('forged');
    exchange(channel, two!.channel, 'second');
  });

  it('notices any change in clear, and still takes the genuine answer', () => {
    const initiator = new LinkInitiator(initiatorCredentials, 11, NOTHING);
    const hello = decodeHello(initiator.hello);
    expect(() => readHello({ ...hello, connectionId: 12 }, credentials)).toThrow(ProtocolViolation);
    const { message, channel } = readHello(hello, credentials).respond(22, NOTHING, NOW);
    for (let at = 0; at < message.length; at++) {
      const bent = Buffer.from(message);
      bent[at]! ^= 1 << (at % 8);
      expect(() => initiator.finish(bent, NOW)).toThrow(ProtocolViolation);
    }
    exchange(initiator.finish(message, NOW).channel, channel, 'through');
    expect(() => initiator.finish(message, NOW)).toThrow('a second response');
  });

  it('takes no retry for somebody else', () => {
    const initiator = new LinkInitiator(initiatorCredentials, 11, NOTHING);
    expect(() => initiator.retry(encodeRetry({ connectionId: 12, cookie: NO_COOKIE }))).toThrow(ProtocolViolation);
  });

  it('throws nothing but a violation on foreign bytes', () => {
    const initiator = new LinkInitiator(initiatorCredentials, 11, NOTHING);
    const hello = decodeHello(initiator.hello);
    fc.assert(
      fc.property(fc.constantFrom(0x14, 0x16, 0x12), fc.uint8Array({ maxLength: 260 }), (first, rest) => {
        const bytes = Buffer.from([first, 0, 0, 0, 11, ...rest]);
        expect(() => initiator.finish(bytes, NOW)).toThrow(ProtocolViolation);
        if (first !== 0x14 || rest.length !== 16) expect(() => initiator.retry(bytes)).toThrow(ProtocolViolation);
        const noise = Buffer.from(rest);
        expect(() => readHello({ ...hello, noise }, credentials)).toThrow(ProtocolViolation);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the handshake', () => {
  it('says so when the two sides are set up for different proofs', () => {
    const [pairs, shared] = CASES;
    const byPair = decodeHello(new LinkInitiator(pairs!.initiator, 1, NOTHING).hello);
    expect(() => readHello(byPair, shared!.responder)).toThrow(
      'the peer proves itself with a key pair, here a shared key is set up',
    );
    const byKey = decodeHello(new LinkInitiator(shared!.initiator, 1, NOTHING).hello);
    expect(() => readHello(byKey, pairs!.responder)).toThrow(
      'the peer proves itself with a shared key, here a key pair is set up',
    );
  });

  it('has room for 199 bytes in a response', () => {
    const [pairs] = CASES;
    const hello = decodeHello(new LinkInitiator(pairs!.initiator, 1, NOTHING).hello);
    expect(readHello(hello, pairs!.responder).respond(2, Buffer.alloc(199), NOW).message).toHaveLength(256);
    expect(() => readHello(hello, pairs!.responder).respond(2, Buffer.alloc(200), NOW)).toThrow(RangeError);
  });
});
