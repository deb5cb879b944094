import { describe, expect, it } from 'vitest';
import { cut } from '../../../test/support/portions.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { ContinuityLedger, LEDGER_BLOCK_BYTES, type LedgerSnapshot } from './ledger.ts';
import { LedgerBytesCheck } from './ledger-bytes.ts';

const random = seededRandom(7);
const AUDIO = Buffer.from(Array.from({ length: 200_000 }, () => Math.floor(random() * 256)));

function ledgerOf(audio: Buffer, maxBlocks?: number): LedgerSnapshot {
  const ledger = new ContinuityLedger(() => 0, maxBlocks);
  ledger.audio('e1', 1000, audio.subarray(0, 120_000), 1);
  ledger.audio('e2', 0, audio.subarray(120_000), 1);
  return ledger.snapshot();
}

function check(ledger: LedgerSnapshot, bytes: Buffer, sizes: readonly number[] = [4096]) {
  const checking = new LedgerBytesCheck(ledger);
  for (const part of cut(bytes, sizes)) checking.push(part);
  return checking.verdict();
}

const SAME = { checkedBytes: 200_000, forgottenBytes: 0, untoldBytes: 0, different: undefined, missingBytes: 0 };

describe('LedgerBytesCheck', () => {
  it('finds the bytes of a ledger as they are, however they are read', () => {
    for (const sizes of [[1 << 18], [4096], [1, 65_535, 77]])
      expect(check(ledgerOf(AUDIO), AUDIO, sizes)).toEqual(SAME);
    expect(check(ledgerOf(Buffer.alloc(0)), Buffer.alloc(0))).toEqual({ ...SAME, checkedBytes: 0 });
  });

  it('names the first block that is different', () => {
    const changed = Buffer.from(AUDIO);
    changed[130_000]! ^= 1;
    expect(check(ledgerOf(AUDIO), changed)).toMatchObject({
      different: { at: 120_000, block: { epoch: 'e2', firstByte: 0 } },
      checkedBytes: 200_000 - LEDGER_BLOCK_BYTES,
    });
  });

  it('sees a ledger whose chain was broken', () => {
    const ledger = ledgerOf(AUDIO);
    const blocks = ledger.blocks.map((block, index) => (index === 1 ? { ...block, chain: '0'.repeat(64) } : block));
    expect(check({ ...ledger, blocks }, AUDIO).different).toMatchObject({ at: LEDGER_BLOCK_BYTES - 1000 });
  });

  it('counts what is missing, what came later, and what the ledger forgot', () => {
    expect(check(ledgerOf(AUDIO), AUDIO.subarray(0, 150_000))).toMatchObject({
      different: undefined,
      checkedBytes: 120_000,
      missingBytes: 50_000,
    });
    expect(check(ledgerOf(AUDIO), Buffer.concat([AUDIO, AUDIO.subarray(0, 99)]))).toEqual({ ...SAME, untoldBytes: 99 });
    const short = ledgerOf(AUDIO, 2);
    const forgottenBytes = 200_000 - short.blocks.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(forgottenBytes).toBeGreaterThan(0);
    const checkedBytes = 200_000 - forgottenBytes;
    expect(check(short, AUDIO)).toEqual({ ...SAME, forgottenBytes, checkedBytes });
  });
});
