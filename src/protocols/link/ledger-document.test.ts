import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContinuityLedger, LEDGER_BLOCK_BYTES } from './ledger.ts';
import { ledgerWithin, readLedgerDocument, writeLedgerDocument } from './ledger-document.ts';

const FACTS = { stream: 'morning', ticksPerSecond: 1_000_000, headerBytes: 58 };

function snapshot() {
  let utcMs = 1000;
  const ledger = new ContinuityLedger(() => utcMs);
  ledger.audio('00000000000000e1', 5, Buffer.alloc(LEDGER_BLOCK_BYTES * 2, 7), 4000);
  utcMs = 2000;
  ledger.gap('line-loss', undefined);
  ledger.gap('eviction', 12.5);
  ledger.audio('00000000000000e1', LEDGER_BLOCK_BYTES * 3, Buffer.alloc(10), 5);
  return ledger.snapshot();
}

describe('a ledger as JSON', () => {
  it('is read as it was written', () => {
    const text = writeLedgerDocument(snapshot(), FACTS);
    expect(readLedgerDocument(text)).toEqual({ ...FACTS, ledger: snapshot() });
    expect(JSON.parse(text)).toMatchObject({ version: 1, stream: 'morning', repeatCount: 0, gapCount: 2 });
    const empty = new ContinuityLedger(() => 0).snapshot();
    expect(readLedgerDocument(writeLedgerDocument(empty, FACTS))?.ledger).toEqual(empty);
  });

  it('is refused when it is something else', () => {
    const whole = JSON.parse(writeLedgerDocument(snapshot(), FACTS));
    const wrong = [
      { ...whole, version: 2 },
      { ...whole, blocks: [{ ...whole.blocks[0], sha256: 'x' }] },
      { ...whole, blocks: [{ ...whole.blocks[0], firstByte: -1 }] },
      { ...whole, ticks: '1' },
      [],
      null,
    ];
    for (const value of wrong) expect(readLedgerDocument(JSON.stringify(value))).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (text) => readLedgerDocument(text) === undefined),
      { numRuns: 100 },
    );
  });

  it('is cut to a span of time by block', () => {
    const { blocks } = snapshot();
    expect(ledgerWithin(snapshot(), 1500, 3000)).toMatchObject({ blocks: [blocks.at(-1)], gapCount: 2 });
    expect(ledgerWithin(snapshot(), 0, 2000).gaps).toEqual([]);
    expect(ledgerWithin(snapshot(), 0, 2000).blocks).toHaveLength(blocks.length - 1);
  });
});
