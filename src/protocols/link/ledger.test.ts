import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cut } from '../../../test/support/portions.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { ContinuityLedger, LEDGER_BLOCK_BYTES } from './ledger.ts';

const random = seededRandom(5);
const AUDIO = Buffer.from(Array.from({ length: 300_000 }, () => Math.floor(random() * 256)));

let nowMs = 1000;

function ledgerOf(from: number, to: number, sizes: readonly number[], audio = AUDIO): ContinuityLedger {
  const ledger = new ContinuityLedger(() => nowMs);
  let at = from;
  for (const part of cut(audio.subarray(from, to), sizes)) {
    ledger.audio('e1', at, part, 10);
    at += part.length;
  }
  return ledger;
}

describe('ContinuityLedger', () => {
  it('hashes the same blocks however the audio was cut', () => {
    const one = ledgerOf(0, AUDIO.length, [AUDIO.length]).snapshot();
    const other = ledgerOf(0, AUDIO.length, [417, 418, 70_000]).snapshot();
    expect(other.blocks).toEqual(one.blocks);
    expect(one.blocks).toHaveLength(5);
    const sha256 = createHash('sha256').update(AUDIO.subarray(0, LEDGER_BLOCK_BYTES)).digest('hex');
    expect(one.blocks[0]).toMatchObject({ firstByte: 0, bytes: LEDGER_BLOCK_BYTES, sha256 });
    expect(one).toMatchObject({ audioBytes: AUDIO.length, firstByte: 0, endByte: AUDIO.length, gapCount: 0 });
  });

  it('keeps gaps with their cause, place and time', () => {
    const receiver = ledgerOf(0, 100_000, [5000]);
    receiver.gap('eviction', 1250);
    expect(receiver.snapshot().gaps).toEqual([
      { cause: 'eviction', epoch: 'e1', atByte: 100_000, lostMs: 1250, utcMs: 1000 },
    ]);
  });

  it('tells when each block began at its end', () => {
    const ledger = ledgerOf(0, LEDGER_BLOCK_BYTES + 5, [5000]);
    nowMs = 9000;
    ledger.audio('e1', LEDGER_BLOCK_BYTES + 5, AUDIO.subarray(LEDGER_BLOCK_BYTES + 5, 3 * LEDGER_BLOCK_BYTES), 1);
    expect(ledger.snapshot().blocks.map(({ utcMs }) => utcMs)).toEqual([1000, 1000, 9000]);
    nowMs = 1000;
  });

  it('counts repeats and keeps its bound', () => {
    const ledger = new ContinuityLedger(() => nowMs, 4);
    for (let turn = 0; turn < 20; turn++) ledger.audio('e1', 0, AUDIO.subarray(0, 1000), 1);
    expect(ledger.snapshot()).toMatchObject({ repeatCount: 19, audioBytes: 20_000 });
    expect(ledger.snapshot().blocks.length).toBeLessThanOrEqual(5);
  });
});
