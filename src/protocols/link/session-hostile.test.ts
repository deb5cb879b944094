import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkFrames } from '../../../test/support/link-frames.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { ChannelStore } from './channel-store.ts';
import { encodeFrame, type Frame, MAX_CHANNELS } from './frames.ts';
import { ReceiveChannel } from './receive-channel.ts';
import { LinkSession, readHello } from './session.ts';
import { ByteWriter } from './varint.ts';

const ID = '00'.repeat(16);
const PATH = { payloadBytes: 1200, overheadBytes: 53, isReliable: false, idlePingMs: 1000 };
const HELLO: Frame = { type: 'hello', version: 1, sessionId: ID, instance: '11'.repeat(8), maxAckDelayMs: 100 };

function payload(...frames: Frame[]): Buffer {
  const writer = new ByteWriter(65_536);
  for (const frame of frames) encodeFrame(writer, frame);
  return writer.finish();
}

function open() {
  const session = new LinkSession({ sessionId: ID, instance: '22'.repeat(8), policy: 'race', reserveMs: 10_000 });
  const store = new ChannelStore({ name: 'out', epoch: '33'.repeat(8), keepMs: 10_000, maxBytes: 1 << 20 });
  const headers = Buffer.alloc(0);
  store.append({ type: 'format', contentType: 'audio/mpeg', codec: 'mp3', ticksPerSecond: 1000, channels: 2, headers });
  for (let count = 0; count < 20; count++) store.append({ type: 'audio', data: Buffer.alloc(300, count), ticks: 26 });
  session.publish(store);
  const channel = new ReceiveChannel({ name: 'in', sink: { record() {}, gap() {} }, backMs: 1000, windowBytes: 4096 });
  session.subscribe(channel);
  session.addPath(1, PATH, 0);
  return { session, store, channel };
}

function drain(session: LinkSession, nowMs: number): number {
  let packets = 0;
  session.tick(nowMs);
  while (session.poll(nowMs)) if (++packets > 1000) throw new Error('the session never stops sending');
  return packets;
}

const hostile = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.array(linkFrames, { minLength: 1, maxLength: 5 }).map((frames) => payload(...frames)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        payload({ type: 'open', channel: 0, epoch: '44'.repeat(8), name: 'in', oldest: 0, newest: 9 }),
        payload({ type: 'want', channel: 0, offset: 0, backMs: 0, windowBytes: 4096 }),
        payload(HELLO),
      ),
    },
  ),
  { minLength: 1, maxLength: 25 },
);

describe('a session with a hostile peer', () => {
  it('throws nothing but ProtocolViolation, keeps its bounds, and comes to rest', () => {
    fc.assert(
      fc.property(hostile, (payloads) => {
        const { session, channel } = open();
        session.receive(1, 0, payload(HELLO), 0);
        let nowMs = 0;
        for (const [index, bytes] of payloads.entries()) {
          nowMs += 37;
          try {
            session.receive(1, index + 1, bytes, nowMs);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolViolation);
          }
          expect(drain(session, nowMs)).toBeLessThan(60);
          expect(session.nextTimeoutMs(nowMs)).toBeGreaterThan(nowMs - 1);
        }
        expect(channel.outOfOrderBytes).toBeLessThanOrEqual(2 * channel.windowBytes + 4096);
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, Frame]>([
    ['an ACK of unsent packets', { type: 'ack', delayMs: 0, ranges: [{ start: 900, end: 1000 }] }],
    ['a WANT of a channel that never was', { type: 'want', channel: 7, offset: 0, backMs: 0, windowBytes: 1 }],
    ['a HAVE of bytes that never were', { type: 'have', channel: 0, contiguous: 1e9, ranges: [] }],
    ['another version', { ...HELLO, version: 9 } as Frame],
    ['another session', { ...HELLO, sessionId: 'ff'.repeat(16) } as Frame],
  ])('refuses %s', (_, frame) => {
    const { session } = open();
    session.receive(1, 0, payload(HELLO), 0);
    expect(() => session.receive(1, 1, payload(frame), 1)).toThrow(ProtocolViolation);
  });

  it('keeps its times and its rate whatever delays the peer claims', () => {
    for (const delayMs of [0, 1e5, Number.MAX_SAFE_INTEGER / 20]) {
      const { session } = open();
      session.receive(1, 0, payload({ ...HELLO, maxAckDelayMs: Number.MAX_SAFE_INTEGER }), 0);
      let sent = 0;
      for (let nowMs = 0; nowMs < 60_000; nowMs += 50) {
        session.tick(nowMs);
        for (let packet = session.poll(nowMs); packet; packet = session.poll(nowMs)) sent = packet.packetNumber + 1;
        if (nowMs > 30_000 || sent === 0) continue;
        session.receive(1, 1 + nowMs / 50, payload({ type: 'ack', delayMs, ranges: [{ start: 0, end: sent }] }), nowMs);
      }
      const [path] = session.status().paths;
      expect(path!.rttMs).toBeGreaterThanOrEqual(0);
      expect(path!.rttMs).toBeLessThan(1000);
      expect(path!.state).toBe('suspect');
      // Pings back off to one in two seconds.
      expect(sent).toBeLessThan(400);
      expect(session.nextTimeoutMs(60_000)).toBeGreaterThan(59_000);
    }
  });

  it('takes at most 1,024 channels, each under one name', () => {
    const { session } = open();
    session.receive(1, 0, payload(HELLO), 0);
    const offer = (channel: number, name: string): Frame => ({
      type: 'open',
      channel,
      epoch: '44'.repeat(8),
      name,
      oldest: 0,
      newest: 0,
    });
    for (let channel = 0; channel < MAX_CHANNELS; channel++) {
      session.receive(1, 1 + channel, payload(offer(channel, `s${channel}`)), 1);
    }
    expect(() => session.receive(1, 5000, payload(offer(3, 'other')), 1)).toThrow(ProtocolViolation);
    expect(() => session.receive(1, 5001, payload(offer(MAX_CHANNELS, 'more')), 1)).toThrow(ProtocolViolation);
  });

  it('takes a packet once, and nothing before the HELLO', () => {
    const { session, channel } = open();
    const offer: Frame = { type: 'open', channel: 0, epoch: '44'.repeat(8), name: 'in', oldest: 0, newest: 9 };
    session.receive(1, 1, payload(offer), 0);
    expect(channel.channel).toBeUndefined();
    session.receive(1, 0, payload(HELLO), 0);
    session.receive(1, 1, payload(offer), 0);
    expect(channel.channel).toBe(0);
    session.receive(1, 1, payload({ type: 'bye', code: 0, reason: '' }), 0);
    expect(session.isClosed).toBe(false);
  });

  it('does not go back to a process that another has replaced', () => {
    const { session } = open();
    session.receive(1, 0, payload(HELLO), 0);
    session.addPath(2, PATH, 0);
    session.receive(2, 0, payload({ ...HELLO, instance: '55'.repeat(8) } as Frame), 1);
    session.addPath(3, PATH, 2);
    expect(() => session.receive(3, 0, payload(HELLO), 2)).toThrow('a process that is gone');
    session.receive(1, 1, payload({ type: 'bye', code: 0, reason: '' }), 3);
    expect(session.isClosed).toBe(false);
  });

  it('finds the session of a path by its HELLO', () => {
    expect(readHello(payload(HELLO))).toEqual(HELLO);
    expect(readHello(payload({ type: 'ping' }, HELLO))).toBeUndefined();
  });

  it('says goodbye once on each path', () => {
    const { session } = open();
    session.receive(1, 0, payload(HELLO), 0);
    drain(session, 0);
    session.close(1, 'done');
    expect(drain(session, 1)).toBe(1);
    expect(session.nextTimeoutMs(1)).toBe(Number.POSITIVE_INFINITY);
  });
});
