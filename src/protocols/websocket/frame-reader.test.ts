import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, portionings } from '../../../test/support/portions.ts';
import { closePayload, encodeFrame, OPCODE } from './frame.ts';
import { FrameReader, type WebSocketEvent, WebSocketViolation } from './frame-reader.ts';

const MASK = Buffer.from('37fa213d', 'hex');

function reader(from: 'client' | 'server' = 'server', maxMessageBytes = 100_000): FrameReader {
  return new FrameReader({ from, maxMessageBytes });
}

/** Reads a copy, since frames are unmasked in place. */
function read(portions: Iterable<Buffer>, into = reader()): WebSocketEvent[] {
  const events: WebSocketEvent[] = [];
  for (const portion of portions) events.push(...into.push(Buffer.from(portion)));
  return events;
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

function violation(bytes: Buffer, into = reader()): WebSocketViolation {
  try {
    read([bytes], into);
  } catch (error) {
    if (error instanceof WebSocketViolation) return error;
    throw error;
  }
  throw new Error('was taken');
}

describe('the frames of RFC 6455, section 5.7', () => {
  const hello = Buffer.from('Hello');

  it.each([
    ['a single unmasked text', 'server', '81 05 48656c6c6f', 'text', hello],
    ['a single masked text', 'client', '81 85 37fa213d 7f9f4d5158', 'text', hello],
    ['a text in two frames', 'server', '01 03 48656c 80 02 6c6f', 'text', hello],
    ['an unmasked ping', 'server', '89 05 48656c6c6f', 'ping', hello],
    ['a masked pong', 'client', '8a 85 37fa213d 7f9f4d5158', 'pong', hello],
    ['256 bytes', 'server', `82 7e 0100 ${'61'.repeat(256)}`, 'binary', Buffer.alloc(256, 'a')],
    ['64 KiB', 'server', `82 7f 0000000000010000 ${'61'.repeat(65_536)}`, 'binary', Buffer.alloc(65_536, 'a')],
  ] as const)('are read: %s', (_what, from, bytes, kind, data) => {
    const [event, ...more] = read([hex(bytes)], reader(from));
    expect([event?.kind, more.length]).toEqual([kind, 0]);
    expect(event && 'data' in event && event.data.equals(data)).toBe(true);
  });

  it('are written', () => {
    const frame = (opcode: number, more = {}) => encodeFrame({ opcode, payload: hello, ...more }).toString('hex');
    expect(frame(OPCODE.text)).toBe('810548656c6c6f');
    expect(frame(OPCODE.text, { mask: MASK })).toBe('818537fa213d7f9f4d5158');
    expect(frame(OPCODE.ping)).toBe('890548656c6c6f');
    const binary = (length: number) => encodeFrame({ opcode: OPCODE.binary, payload: Buffer.alloc(length) });
    const isFinal = false;
    expect(encodeFrame({ opcode: OPCODE.text, payload: Buffer.from('Hel'), isFinal })).toEqual(hex('01 03 48656c'));
    expect(binary(125).subarray(0, 2)).toEqual(hex('82 7d'));
    expect(binary(126).subarray(0, 4)).toEqual(hex('82 7e 007e'));
    expect(binary(65_535).subarray(0, 4)).toEqual(hex('82 7e ffff'));
    expect(binary(65_536).subarray(0, 10)).toEqual(hex('82 7f 0000000000010000'));
  });
});

describe('frames', () => {
  const long = Buffer.alloc(130, 7);
  const frames = [
    { opcode: OPCODE.text, payload: Buffer.from('one') },
    { opcode: OPCODE.binary, payload: Buffer.from('tw'), isFinal: false },
    { opcode: OPCODE.ping, payload: Buffer.from('p') },
    { opcode: OPCODE.continuation, payload: Buffer.alloc(0), isFinal: false },
    { opcode: OPCODE.continuation, payload: Buffer.from('o') },
    { opcode: OPCODE.pong, payload: Buffer.alloc(0) },
    { opcode: OPCODE.binary, payload: long },
    { opcode: OPCODE.close, payload: closePayload(1000, 'bye') },
  ];
  const wanted = [
    { kind: 'text', data: Buffer.from('one') },
    { kind: 'ping', data: Buffer.from('p') },
    { kind: 'binary', data: Buffer.from('two') },
    { kind: 'pong', data: Buffer.alloc(0) },
    { kind: 'binary', data: long },
    { kind: 'close', code: 1000, reason: 'bye' },
  ];

  it.each(['client', 'server'] as const)('from a %s come out the same however they are cut', (from) => {
    const mask = from === 'client' ? MASK : undefined;
    const bytes = Buffer.concat(frames.map((frame) => encodeFrame({ ...frame, mask })));
    for (const portions of portionings(bytes)) expect(read(portions, reader(from))).toEqual(wanted);
  });

  it('come back from any messages in any frames and portions', () => {
    const message = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 });
    const portions = fc.array(fc.nat(400), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), portions, fc.boolean(), (messages, sizes, isClient) => {
        const mask = isClient ? MASK : undefined;
        const bytes = messages.flatMap((parts) =>
          parts.map((payload, index) => {
            const opcode = index === 0 ? OPCODE.binary : OPCODE.continuation;
            return encodeFrame({ opcode, payload, isFinal: index === parts.length - 1, mask });
          }),
        );
        const events = read(cut(Buffer.concat(bytes), sizes), reader(isClient ? 'client' : 'server'));
        expect(events).toEqual(messages.map((parts) => ({ kind: 'binary', data: Buffer.concat(parts) })));
      }),
      { numRuns: 150 },
    );
  });

  it('that are whole are not copied', () => {
    const portion = encodeFrame({ opcode: OPCODE.binary, payload: long });
    const [event] = [...reader().push(portion)];
    expect(event?.kind === 'binary' && event.data.buffer === portion.buffer).toBe(true);
  });

  it('after a close are left out', () => {
    expect(read([hex('88 00 ff ff ff')])).toEqual([{ kind: 'close', code: undefined, reason: '' }]);
  });
});

describe('a peer that breaks the protocol', () => {
  it.each([
    ['a masked server', 'server', '81 85 37fa213d 7f9f4d5158', 1002],
    ['a client without mask', 'client', '82 05 48656c6c6f', 1002],
    ['a reserved bit', 'server', 'c2 01 00', 1002],
    ['an unknown data frame', 'server', '83 01 00', 1002],
    ['an unknown control frame', 'server', '8b 00', 1002],
    ['a control frame in pieces', 'server', '09 00', 1002],
    ['a long control frame', 'server', '89 7e 007e', 1002],
    ['a continuation of nothing', 'server', '80 00', 1002],
    ['a message inside a message', 'server', '02 01 00 82 01 00', 1002],
    ['a length in too many bytes', 'server', '82 7e 007d', 1002],
    ['a length in far too many bytes', 'server', '82 7f 000000000000ffff', 1002],
    ['a close code of one byte', 'server', '88 01 03', 1002],
    ['a close code that must not be sent', 'server', '88 02 03ee', 1002],
    ['a message that is too large', 'server', '82 7e 1000', 1009],
    ['a message of 2^63 bytes', 'server', '82 7f 8000000000000000', 1009],
  ] as const)('is refused: %s', (_what, from, bytes, code) => {
    const into = reader(from, 1200);
    expect(violation(hex(bytes), into).closeCode).toBe(code);
    expect(into.heldBytes).toBeLessThanOrEqual(1);
  });

  it('cannot grow a message over the bound in pieces', () => {
    const piece = (opcode: number) => encodeFrame({ opcode, payload: Buffer.alloc(500), isFinal: false });
    const into = reader('server', 1200);
    read([piece(OPCODE.binary), piece(OPCODE.continuation)], into);
    expect(into.heldBytes).toBe(1000);
    expect(violation(piece(OPCODE.continuation), into).closeCode).toBe(1009);
  });

  it('cannot send endless frames of one message', () => {
    const into = reader();
    read([hex('02 00')], into);
    const flood = Buffer.concat(new Array<Buffer>(200).fill(hex('00 00')));
    expect(violation(flood, into).message).toContain('more than 128 frames');
  });

  it('never makes it hold more than a message, or throw anything else, with random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat(90), { maxLength: 5 }), (bytes, sizes) => {
        const into = reader('server', 64);
        try {
          for (const portion of cut(Buffer.from(bytes.map((byte, at) => (at % 3 === 1 ? byte & 0x3f : byte))), sizes)) {
            for (const event of into.push(portion)) {
              if (event.kind === 'binary' || event.kind === 'text') expect(event.data.length).toBeLessThanOrEqual(64);
            }
            expect(into.heldBytes).toBeLessThanOrEqual(64 + 125);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(WebSocketViolation);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('closePayload', () => {
  it('has a code and a reason that is cut at a whole character', () => {
    expect(closePayload(1000).toString('hex')).toBe('03e8');
    const payload = closePayload(1002, `${'x'.repeat(122)}ü`);
    expect(payload.length).toBe(124);
    expect(payload.toString('utf8', 2)).toBe('x'.repeat(122));
  });
});
