import fc from 'fast-check';
import type { Frame } from '../../src/protocols/link/frames.ts';
import type { Range } from '../../src/protocols/link/range-set.ts';

const number = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 2 ** 40 }));
const channel = fc.nat({ max: 5 });
const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((data) => Buffer.from(data).toString('hex'));
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((data) => Buffer.from(data));

/** Ascending ranges from `base` on that do not touch. */
function ascending(base: number, maxLength: number) {
  const gap = fc.integer({ min: 1, max: 100 });
  return fc.array(fc.tuple(gap, gap), { maxLength }).map((pairs) => {
    const ranges: Range[] = [];
    let at = base;
    for (const [skip, length] of pairs) {
      ranges.push({ start: at + skip, end: at + skip + length });
      at += skip + length;
    }
    return ranges;
  });
}

/** Any frame that can be written. */
export const linkFrames: fc.Arbitrary<Frame> = fc.oneof(
  fc.constant<Frame>({ type: 'ping' }),
  fc.tuple(fc.nat({ max: 10_000 }), ascending(0, 10)).map(
    ([delay, ranges]): Frame => ({
      type: 'ack',
      delayMs: delay / 10,
      ranges: ranges.length ? ranges.reverse() : [{ start: 0, end: 1 }],
    }),
  ),
  fc.record({
    type: fc.constant('hello' as const),
    version: fc.nat({ max: 3 }),
    sessionId: hex(16),
    instance: hex(8),
    maxAckDelayMs: fc.nat({ max: 5000 }),
  }),
  fc
    .record({ channel, epoch: hex(8), name: fc.string({ maxLength: 60 }), oldest: number, kept: number })
    .map(({ kept, ...rest }): Frame => ({ type: 'open', ...rest, newest: rest.oldest + kept })),
  fc.record({ channel, value: number, isOffset: fc.boolean(), windowBytes: fc.integer({ min: 1, max: 2 ** 24 }) }).map(
    ({ channel, value, isOffset, windowBytes }): Frame => ({
      type: 'want',
      channel,
      offset: isOffset ? value : undefined,
      backMs: isOffset ? 0 : value,
      windowBytes,
    }),
  ),
  fc
    .record({
      channel,
      serial: fc.nat({ max: 9 }),
      mediaTimeUs: number,
      audioBytes: number,
      repeatBytes: number,
      repeatTicks: number,
      pinned: ascending(0, 4),
      after: number,
    })
    .map(({ after, ...rest }): Frame => ({ type: 'start', ...rest, offset: (rest.pinned.at(-1)?.end ?? 0) + after })),
  fc
    .tuple(channel, number)
    .chain(([id, contiguous]) =>
      ascending(contiguous, 8).map((ranges): Frame => ({ type: 'have', channel: id, contiguous, ranges })),
    ),
  channel.map((id): Frame => ({ type: 'stop', channel: id })),
  fc.tuple(channel, number).map(([id, newest]): Frame => ({ type: 'end', channel: id, newest })),
  fc
    .tuple(fc.nat({ max: 99 }), fc.string({ maxLength: 30 }))
    .map(([code, reason]): Frame => ({ type: 'bye', code, reason })),
  fc.record({ type: fc.constant('data' as const), channel, offset: number, data: bytes(60) }),
);
