import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { HANDSHAKE_PATTERNS, type PatternName } from './handshake-patterns.ts';
import { HandshakeState, MAX_NOISE_MESSAGE_BYTES } from './handshake-state.ts';
import { generateKeyPair, keyPairFrom, publicKeyFrom } from './x25519.ts';

interface Vector {
  readonly protocol_name: string;
  readonly init_prologue: string;
  readonly resp_prologue: string;
  readonly init_static?: string;
  readonly init_ephemeral: string;
  readonly init_remote_static?: string;
  readonly init_psks?: string[];
  readonly resp_static?: string;
  readonly resp_ephemeral: string;
  readonly resp_psks?: string[];
  readonly handshake_hash: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const file = new URL('../../../test/vectors/noise/cacophony.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] };

const NOTHING = Buffer.alloc(0);
const PROLOGUE = Buffer.from('prologue');
const hex = (text: string) => Buffer.from(text, 'hex');
const pair = (text: string | undefined) => (text === undefined ? undefined : keyPairFrom(hex(text)));
const patternOf = (name: string) =>
  (Object.keys(HANDSHAKE_PATTERNS) as PatternName[]).find((key) => HANDSHAKE_PATTERNS[key].protocolName === name)!;

/**
 * The file's handshake hash is the one before the last handshake message. That message is a public key and a sealed
 * payload in both patterns, which two steps of Noise's MixHash take in.
 */
function finalHashOf(vector: Vector): Buffer {
  const last = hex(vector.messages[1]!.ciphertext);
  const mixHash = (hash: Buffer, data: Buffer) => createHash('sha256').update(hash).update(data).digest();
  return mixHash(mixHash(hex(vector.handshake_hash), last.subarray(0, 32)), last.subarray(32));
}

function sidesOf(vector: Vector): [HandshakeState, HandshakeState] {
  const pattern = patternOf(vector.protocol_name);
  const initiator = new HandshakeState({
    pattern,
    role: 'initiator',
    prologue: hex(vector.init_prologue),
    identity: pair(vector.init_static),
    ephemeral: pair(vector.init_ephemeral),
    remoteIdentity: vector.init_remote_static === undefined ? undefined : publicKeyFrom(hex(vector.init_remote_static)),
    sharedKey: vector.init_psks && hex(vector.init_psks[0]!),
  });
  const responder = new HandshakeState({
    pattern,
    role: 'responder',
    prologue: hex(vector.resp_prologue),
    identity: pair(vector.resp_static),
    ephemeral: pair(vector.resp_ephemeral),
    sharedKey: vector.resp_psks && hex(vector.resp_psks[0]!),
  });
  return [initiator, responder];
}

const serverPair = generateKeyPair();
const clientPair = generateKeyPair();
const sharedKey = Buffer.alloc(32, 7);

function fresh(pattern: PatternName): [HandshakeState, HandshakeState] {
  const common = { pattern, prologue: PROLOGUE, sharedKey };
  return [
    new HandshakeState({
      ...common,
      role: 'initiator',
      identity: clientPair,
      remoteIdentity: serverPair.publicKey,
    }),
    new HandshakeState({ ...common, role: 'responder', identity: serverPair }),
  ];
}

describe('the published vectors', () => {
  it('hold each pattern of the link', () => {
    const names = Object.values(HANDSHAKE_PATTERNS).map(({ protocolName }) => protocolName);
    expect(vectors.map((vector) => vector.protocol_name)).toEqual(names);
  });

  it.each(vectors)('$protocol_name', (vector) => {
    const sides = sidesOf(vector);
    const handshakeMessages = 2;
    vector.messages.slice(0, handshakeMessages).forEach(({ payload, ciphertext }, index) => {
      const message = sides[index % 2]!.write(hex(payload));
      expect(message.toString('hex')).toBe(ciphertext);
      expect(sides[(index + 1) % 2]!.read(message).toString('hex')).toBe(payload);
    });
    const ciphers = sides.map((side) => side.split());
    for (const { handshakeHash } of ciphers) expect(handshakeHash).toEqual(finalHashOf(vector));
    vector.messages.slice(handshakeMessages).forEach(({ payload, ciphertext }, index) => {
      const sealed = ciphers[index % 2]!.send.encrypt(NOTHING, hex(payload));
      expect(sealed.toString('hex')).toBe(ciphertext);
      expect(ciphers[(index + 1) % 2]!.receive.decrypt(NOTHING, sealed).toString('hex')).toBe(payload);
    });
  });
});

describe.each(['IK', 'NNpsk0'] as const)('a handshake %s', (pattern) => {
  it('gives other keys each time, the same at both ends', () => {
    const hashes = [1, 2].map(() => {
      const [initiator, responder] = fresh(pattern);
      responder.read(initiator.write(NOTHING));
      initiator.read(responder.write(NOTHING));
      const ours = initiator.split();
      expect(responder.split().handshakeHash).toEqual(ours.handshakeHash);
      return ours.handshakeHash.toString('hex');
    });
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  it('refuses every message with a flipped bit or cut off, and goes on with the genuine one', () => {
    const [initiator, responder] = fresh(pattern);
    const refused = (side: HandshakeState, message: Buffer) => {
      for (let at = 0; at < message.length; at++) {
        const bent = Buffer.from(message);
        bent[at]! ^= 1 << (at % 8);
        // The top bit of a public key is not used in X25519, but it is in the hash.
        expect(() => side.read(bent)).toThrow(ProtocolViolation);
        expect(() => side.read(message.subarray(0, at))).toThrow(ProtocolViolation);
      }
      expect(() => side.read(Buffer.concat([message, Buffer.alloc(1)]))).toThrow(ProtocolViolation);
    };
    const first = initiator.write(Buffer.from('hello'));
    refused(responder, first);
    expect(responder.read(first).toString()).toBe('hello');
    const second = responder.write(Buffer.from('welcome'));
    refused(initiator, second);
    expect(initiator.read(second).toString()).toBe('welcome');
    expect(initiator.split().handshakeHash).toEqual(responder.split().handshakeHash);
  });

  it('refuses public keys of low order', () => {
    for (const low of LOW_ORDER) {
      const [initiator, responder] = fresh(pattern);
      const first = initiator.write(NOTHING);
      low.copy(first);
      expect(() => responder.read(first)).toThrow(ProtocolViolation);
      const [, other] = fresh(pattern);
      other.read(initiatorTwin(pattern));
      const second = other.write(NOTHING);
      low.copy(second);
      expect(() => initiator.read(second)).toThrow(ProtocolViolation);
    }
  });

  it('refuses another prologue', () => {
    const [initiator] = fresh(pattern);
    const responder = new HandshakeState({
      pattern,
      role: 'responder',
      prologue: Buffer.from('another'),
      identity: serverPair,
      sharedKey,
    });
    expect(() => responder.read(initiator.write(NOTHING))).toThrow(ProtocolViolation);
  });

  it('throws nothing but a violation for random bytes', () => {
    const [initiator, responder] = fresh(pattern);
    initiator.write(NOTHING);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const side of [initiator, responder]) {
          expect(() => side.read(Buffer.from(bytes))).toThrow(ProtocolViolation);
        }
      }),
      { numRuns: 150 },
    );
    expect(() => responder.read(Buffer.alloc(MAX_NOISE_MESSAGE_BYTES + 1))).toThrow(ProtocolViolation);
  });

  it('knows whose turn it is', () => {
    const [initiator, responder] = fresh(pattern);
    expect(() => responder.write(NOTHING)).toThrow(RangeError);
    expect(() => initiator.read(NOTHING)).toThrow(RangeError);
    expect(() => initiator.split()).toThrow(RangeError);
    responder.read(initiator.write(NOTHING));
    expect(initiator.isFinished).toBe(false);
    initiator.read(responder.write(NOTHING));
    expect([initiator.isFinished, responder.isFinished]).toEqual([true, true]);
    expect(() => initiator.write(NOTHING)).toThrow(RangeError);
  });

  it('writes no message over 65,535 bytes', () => {
    const [initiator] = fresh(pattern);
    expect(() => initiator.write(Buffer.alloc(MAX_NOISE_MESSAGE_BYTES))).toThrow(RangeError);
  });
});

describe('who is at the other end', () => {
  it('is known to the responder after the first message of IK', () => {
    const [initiator, responder] = fresh('IK');
    responder.read(initiator.write(NOTHING));
    expect(responder.remoteIdentity?.raw).toEqual(clientPair.publicKey.raw);
  });

  it('is refused with another responder key', () => {
    const initiator = new HandshakeState({
      pattern: 'IK',
      role: 'initiator',
      prologue: PROLOGUE,
      identity: clientPair,
      remoteIdentity: generateKeyPair().publicKey,
    });
    const [, responder] = fresh('IK');
    expect(() => responder.read(initiator.write(NOTHING))).toThrow(ProtocolViolation);
  });

  it('is refused with another shared key', () => {
    const initiator = new HandshakeState({
      pattern: 'NNpsk0',
      role: 'initiator',
      prologue: PROLOGUE,
      sharedKey: Buffer.alloc(32, 8),
    });
    const [, responder] = fresh('NNpsk0');
    expect(() => responder.read(initiator.write(NOTHING))).toThrow(ProtocolViolation);
  });

  it('needs the keys of the pattern', () => {
    const common = { prologue: PROLOGUE, role: 'initiator' } as const;
    expect(() => new HandshakeState({ ...common, pattern: 'IK' })).toThrow(/key pair/);
    expect(() => new HandshakeState({ ...common, pattern: 'IK', identity: clientPair })).toThrow(/public key/);
    expect(() => new HandshakeState({ ...common, pattern: 'NNpsk0' })).toThrow(/shared key/);
    expect(() => new HandshakeState({ ...common, pattern: 'NNpsk0', sharedKey: Buffer.alloc(31) })).toThrow(/32/);
  });
});

/** Some first message that a responder takes. */
function initiatorTwin(pattern: PatternName): Buffer {
  return fresh(pattern)[0].write(NOTHING);
}

/** Points of order 1, 2, 4 and 8 of the curve and its twist, little endian, and two that are not reduced. */
const LOW_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map(hex);
