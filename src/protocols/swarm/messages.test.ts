import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { type ConductorMessage, decodeConductorMessage, encodeConductorMessage } from './conductor-messages.ts';
import { MAX_MESSAGE_BYTES, MessageSplitter } from './framing.ts';
import { decodeLinkMessage, encodeLinkMessage, type LinkMessage, writePiece } from './link-messages.ts';
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from './peer-messages.ts';

const caps = { gives: true, metered: false, upBytesPerSecond: 500_000 };
const peerMessages: readonly PeerMessage[] = [
  {
    type: 'hello',
    version: 3,
    capabilities: 0,
    listenPort: 8000,
    key: Buffer.alloc(16, 7),
    agent: 'distream',
    ...caps,
  },
  { type: 'want', ref: 1, path: '/söng.mp3', inOrder: true, ticket: Buffer.of(1, 2) },
  {
    type: 'have',
    file: 3,
    runs: [
      { first: 0, count: 20 },
      { first: 70_000, count: 1 },
    ],
  },
  {
    type: 'receipts',
    receipts: [
      { file: 3, giver: 0, chunk: 5, outcome: 'ok' },
      { file: 3, giver: 9, chunk: 6, outcome: 'bad' },
    ],
  },
  { type: 'caps', ...caps, metered: true },
  { type: 'unwant', file: 3 },
  { type: 'bye' },
];
const conductorMessages: readonly ConductorMessage[] = [
  {
    type: 'welcome',
    version: 3,
    capabilities: 0,
    peer: 4,
    secret: Buffer.alloc(32, 1),
    serverKey: Buffer.alloc(32, 2),
    givePort: 8000,
    nowSeconds: 12,
  },
  { type: 'file', ref: 1, status: 'ok', file: 3, manifest: Buffer.alloc(140, 5) },
  { type: 'hashes', file: 3, first: 1024, hashes: Buffer.alloc(64, 6) },
  { type: 'meet', peer: 9, host: '2001:db8::1', port: 8001, expires: 3600, key: Buffer.alloc(32, 3) },
  { type: 'orders', orders: [{ file: 3, giver: 9, chunk: 77, expires: 90, token: Buffer.alloc(16, 4) }] },
  { type: 'cancel', file: 3, giver: 9, chunk: 77 },
  { type: 'reached', isReachable: true },
  { type: 'changed', file: 3 },
  { type: 'stream', ref: 1, file: 4, head: Buffer.alloc(100, 7), firstChunk: 9000, nowMs: 2_250_000 },
  {
    type: 'lease',
    file: 4,
    substream: 3,
    expires: 70,
    takers: [
      { peer: 5, from: 9000 },
      { peer: 6, from: 0 },
    ],
  },
];
const linkMessages: readonly LinkMessage[] = [
  { type: 'ask', file: 3, chunk: 77, expires: 90, token: Buffer.alloc(16, 4) },
  { type: 'data', file: 3, chunk: 77, offset: 16_384, bytes: Buffer.alloc(100, 8) },
  { type: 'refuse', file: 3, chunk: 77 },
  { type: 'probe', nonce: Buffer.alloc(16, 9) },
  { type: 'echo', nonce: Buffer.alloc(16, 9) },
  { type: 'proof', file: 4, link: Buffer.alloc(180, 3) },
];

type Message = { readonly type: string };
type Codec = readonly [
  name: string,
  cases: readonly (readonly [message: Message, bytes: Buffer])[],
  decode: (bytes: Buffer) => Message,
];
const codecs: readonly Codec[] = [
  ['of peers', peerMessages.map((message) => [message, encodePeerMessage(message)]), decodePeerMessage],
  ['of the conductor', conductorMessages.map((one) => [one, encodeConductorMessage(one)]), decodeConductorMessage],
  ['of lines', linkMessages.map((message) => [message, encodeLinkMessage(message)]), decodeLinkMessage],
];

describe.each(codecs)('messages %s', (_name, cases, decode) => {
  it('come back as they were', () => {
    for (const [message, bytes] of cases) expect(decode(new MessageSplitter().push(bytes)[0]!)).toEqual(message);
  });

  it('are the same wherever the stream is cut', () => {
    const all = Buffer.concat(cases.map(([, bytes]) => bytes));
    for (let cut = 0; cut <= all.length; cut++) {
      const splitter = new MessageSplitter();
      const found = [...splitter.push(all.subarray(0, cut)), ...splitter.push(all.subarray(cut))];
      expect(found.map((bytes) => decode(bytes))).toEqual(cases.map(([message]) => message));
    }
  });

  it('are refused when they end too soon or go on after their end', () => {
    for (const [message, bytes] of cases) {
      const body = new MessageSplitter().push(bytes)[0]!;
      expect(() => decode(Buffer.concat([body, Buffer.of(0)])), message.type).toSatisfy(throwsOrIsBytes(message.type));
      if (message.type === 'hashes' || message.type === 'data') continue;
      for (let end = 0; end < body.length; end++) {
        expect(() => decode(body.subarray(0, end)), `${message.type} ${end}`).toThrow(ProtocolViolation);
      }
    }
  });

  it('of random bytes never do more than throw ProtocolViolation', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** The last field of a piece of data takes every byte that follows. */
function throwsOrIsBytes(type: string): (run: () => unknown) => boolean {
  return (run) => {
    try {
      run();
      return type === 'data';
    } catch (error) {
      return error instanceof ProtocolViolation;
    }
  };
}

describe('the native wire', () => {
  it('has these bytes', () => {
    expect(encodePeerMessage(peerMessages[3]!).toString('hex')).toBe('0a04020003000501030906');
    expect(encodeConductorMessage(conductorMessages[4]!).toString('hex')).toBe(`1805010309404d405a${'04'.repeat(16)}`);
    expect(encodeLinkMessage(linkMessages[2]!).toString('hex')).toBe('040303404d');
    expect(encodeConductorMessage(conductorMessages[9]!).toString('hex')).toBe('0b0a04034046020563280600');
  });

  it('writes the pieces of a chunk as messages of at most so many bytes', () => {
    const chunk = Buffer.from(Array.from({ length: 65_536 }, (_, at) => at % 251));
    const target = Buffer.alloc(70_000);
    const lengths: number[] = [];
    let end = 5;
    for (let offset = 0; offset < chunk.length; ) {
      const begin = end;
      const piece = writePiece(target, begin, { file: 3, chunk: 77, offset }, chunk, 13_136);
      end = piece.end;
      const bytes = chunk.subarray(offset, offset + piece.length);
      const whole = encodeLinkMessage({ type: 'data', file: 3, chunk: 77, offset, bytes });
      expect(target.subarray(begin, end).equals(whole)).toBe(true);
      offset += piece.length;
      lengths.push(end - begin);
    }
    expect(lengths).toEqual([13_136, 13_136, 13_136, 13_136, 13_037]);
  });

  it('refuses messages that are empty or too long before their bytes come', () => {
    expect(() => new MessageSplitter().push(Buffer.of(0))).toThrow(ProtocolViolation);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(0x8000_0000 + MAX_MESSAGE_BYTES + 1);
    expect(() => new MessageSplitter().push(head)).toThrow(ProtocolViolation);
    expect(() => new MessageSplitter().push(Buffer.of(0xc0))).toThrow(ProtocolViolation);
  });

  it('refuses lists that are too long', () => {
    const bytes = Buffer.concat([Buffer.of(4), Buffer.of(0x80, 0, 0x10, 0)]);
    expect(() => decodePeerMessage(bytes)).toThrow(/at most 1024/);
  });

  it('refuses a piece that lies in no chunk', () => {
    const [message] = new MessageSplitter().push(
      encodeLinkMessage({ type: 'data', file: 1, chunk: 1, offset: 65_530, bytes: Buffer.alloc(7) }),
    );
    expect(() => decodeLinkMessage(message!)).toThrow(ProtocolViolation);
  });
});
