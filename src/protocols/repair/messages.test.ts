import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import {
  decodeRepairAnswer,
  decodeRepairRequest,
  encodeRepairAnswer,
  encodeRepairRequest,
  MAX_ACCOUNT_BLOCKS,
  MAX_REPAIR_FLOWS,
  MAX_REPAIR_MESSAGE_BYTES,
  MAX_SOUND_BYTES,
  MAX_SOUND_PIECES,
  type RepairAnswer,
  type RepairRequest,
} from './messages.ts';

const range = { flow: 3, channel: 1, channels: 2, start: 48_000, frames: 144 };
const requests: RepairRequest[] = [
  { kind: 'flows', id: 0 },
  { kind: 'account', id: 1, range: { ...range, start: 0, frames: 2 ** 40 }, position: 65_536 },
  {
    kind: 'sound',
    id: 2,
    part: { flow: 3, channel: 1, channels: 2 },
    pieces: [
      [48_000, 144],
      [0, 1],
    ],
  },
  { kind: 'done', id: 2 ** 50 },
];
const flow = {
  ssrc: 2 ** 32 - 1,
  timestamp: 7,
  sampleRate: 48_000,
  channels: 8,
  sampleBytes: 3,
  frames: 2 ** 45,
} as const;
const digests = ['00112233445566778899aabbccddeeff', null];
const answers: RepairAnswer[] = [
  {
    kind: 'flows',
    id: 0,
    session: 'abc@distream',
    name: 'Stems \u00e9',
    isOver: true,
    clock: { source: 'ntp', server: 'time.example.org', offsetMs: -350.138, errorBoundMs: 10.014 },
    flows: [flow, { ...flow, sampleBytes: 2 }],
  },
  {
    kind: 'flows',
    id: 3,
    session: '',
    name: '',
    isOver: false,
    clock: { source: 'local', server: '', offsetMs: null, errorBoundMs: null },
    flows: [],
  },
  { kind: 'account', id: 1, account: { sha256: 'ab'.repeat(32), blocks: { frames: 65_536, first: 1, digests } } },
  { kind: 'sound', id: 2, bytes: Buffer.from([1, 2, 3, 4, 5, 6]) },
  { kind: 'refused', id: 3, code: 'absent', reason: 'not sent yet' },
];

function isRefused(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof ProtocolViolation) return true;
    throw error;
  }
}

describe('messages of repair', () => {
  it('are these bytes', () => {
    expect(encodeRepairRequest(requests[2]!).toString('hex')).toBe('0302030102' + '02' + '8000bb80' + '4090' + '0001');
    expect(encodeRepairAnswer(answers[4]!).toString('hex')).toBe(
      `8f03020c${Buffer.from('not sent yet').toString('hex')}`,
    );
    expect(encodeRepairAnswer(answers[3]!).toString('hex')).toBe('8302010203040506');
  });

  it('come back as they were', () => {
    for (const request of requests) expect(decodeRepairRequest(encodeRepairRequest(request))).toEqual(request);
    for (const answer of answers) expect(decodeRepairAnswer(encodeRepairAnswer(answer))).toEqual(answer);
  });

  it('are refused when they are cut at any byte or have something behind their end', () => {
    for (const request of requests) {
      const bytes = encodeRepairRequest(request);
      for (let length = 0; length < bytes.length; length++) {
        expect(isRefused(() => decodeRepairRequest(bytes.subarray(0, length)))).toBe(true);
      }
      expect(isRefused(() => decodeRepairRequest(Buffer.concat([bytes, Buffer.alloc(1)])))).toBe(true);
    }
    for (const answer of answers.filter(({ kind }) => kind !== 'sound')) {
      const bytes = encodeRepairAnswer(answer);
      for (let length = 0; length < bytes.length; length++) {
        expect(isRefused(() => decodeRepairAnswer(bytes.subarray(0, length)))).toBe(true);
      }
    }
  });

  it('refuse what asks for nothing, for too much, or for what cannot be', () => {
    for (const bad of [
      { ...range, channels: 0 },
      { ...range, frames: 0 },
      { ...range, flow: MAX_REPAIR_FLOWS },
      { ...range, start: Number.MAX_SAFE_INTEGER },
    ]) {
      expect(
        isRefused(() => decodeRepairRequest(encodeRepairRequest({ kind: 'account', id: 1, range: bad, position: 0 }))),
      ).toBe(true);
    }
  });

  it('refuse too many pieces, and none', () => {
    const part = { flow: 0, channel: 0, channels: 1 };
    expect(isRefused(() => decodeRepairRequest(encodeRepairRequest({ kind: 'sound', id: 1, part, pieces: [] })))).toBe(
      true,
    );
    const most = Array.from({ length: MAX_SOUND_PIECES }, () => [2 ** 45, 2 ** 40] as const);
    expect(decodeRepairRequest(encodeRepairRequest({ kind: 'sound', id: 2 ** 50, part, pieces: most }))).toMatchObject({
      pieces: most,
    });
    expect(
      isRefused(() =>
        decodeRepairRequest(
          encodeRepairRequest({ kind: 'sound', id: 1, part, pieces: [...most.map(() => [1, 1] as const), [1, 1]] }),
        ),
      ),
    ).toBe(true);
  });

  it.each([
    [65_536, true],
    [2 ** 49, true],
    [0, false],
    [32_768, false],
    [3 * 65_536, false],
    [2 ** 49 + 1, false],
  ])('take blocks of %i sample frames: %s', (frames, isTaken) => {
    const account = { sha256: 'ab'.repeat(32), blocks: { frames, first: 0, digests } };
    const bytes = encodeRepairAnswer({ kind: 'account', id: 1, account });
    expect(isRefused(() => decodeRepairAnswer(bytes))).toBe(!isTaken);
  });

  it('fit into a message at their largest', () => {
    const flows = Array.from({ length: MAX_REPAIR_FLOWS }, () => flow);
    const longest = { source: 'ptp', server: 's'.repeat(300), offsetMs: -1e20, errorBoundMs: 1e20 } as const;
    const texts = { session: 's'.repeat(300), name: '\u00e9'.repeat(200) };
    const largest: RepairAnswer[] = [
      { kind: 'flows', id: 2 ** 50, isOver: false, clock: longest, flows, ...texts },
      {
        kind: 'account',
        id: 2 ** 50,
        account: {
          sha256: 'ab'.repeat(32),
          blocks: { frames: 2 ** 45, first: 2 ** 45, digests: new Array<string>(MAX_ACCOUNT_BLOCKS).fill(digests[0]!) },
        },
      },
      { kind: 'sound', id: 2 ** 50, bytes: Buffer.alloc(MAX_SOUND_BYTES) },
    ];
    for (const answer of largest) expect(encodeRepairAnswer(answer).length).toBeLessThan(MAX_REPAIR_MESSAGE_BYTES);
  });

  it('never do anything else than read or refuse random bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(1, 2, 3, 4, 0x81, 0x82, 0x83, 0x84, 0x8f),
        (noise, type) => {
          const bytes = Buffer.concat([Buffer.from([type]), noise]);
          isRefused(() => decodeRepairRequest(bytes));
          isRefused(() => decodeRepairAnswer(bytes));
        },
      ),
      { numRuns: 300 },
    );
  });
});
