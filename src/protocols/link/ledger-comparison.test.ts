import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { ContinuityLedger, LEDGER_BLOCK_BYTES, type LedgerSnapshot } from './ledger.ts';
import { compareLedgers } from './ledger-comparison.ts';

const random = seededRandom(5);
const AUDIO = Buffer.from(Array.from({ length: 500_000 }, () => Math.floor(random() * 256)));
const K = LEDGER_BLOCK_BYTES;

/** A run of an epoch: its bytes `from` to `to`. */
type Run = readonly [epoch: string, from: number, to: number];

function ledgerOf(runs: readonly Run[], audio = AUDIO, gap?: string): LedgerSnapshot {
  const ledger = new ContinuityLedger(() => 1000);
  for (const [index, [epoch, from, to]] of runs.entries()) {
    if (gap && index > 0) ledger.gap(gap, undefined);
    ledger.audio(epoch, from, audio.subarray(from, to), 10);
  }
  return ledger.snapshot();
}

const places = (first: LedgerSnapshot, second: LedgerSnapshot) =>
  compareLedgers(first, second).differences.map(({ kind, epoch, firstByte, endByte }) => [
    kind,
    epoch,
    firstByte,
    endByte,
  ]);

describe('compareLedgers', () => {
  it('finds two ends alike where they overlap, and says what it could not compare', () => {
    const sender = ledgerOf([['e1', 0, 300_000]]);
    const receiver = ledgerOf([['e1', 100_000, 250_000]]);
    expect(compareLedgers(sender, receiver)).toEqual({
      differences: [],
      identicalBytes: K,
      uncomparedBytes: 150_000 - K,
      epochs: ['e1'],
      fromUtcMs: 1000,
      toUtcMs: 1000,
    });
    expect(compareLedgers(sender, sender)).toMatchObject({ identicalBytes: 300_000, uncomparedBytes: 0 });
  });

  it('names a block that differs by one bit', () => {
    const changed = Buffer.from(AUDIO);
    changed[140_000]! ^= 1;
    const sender = ledgerOf([['e1', 0, 300_000]]);
    const receiver = ledgerOf([['e1', 0, 300_000]], changed);
    expect(places(sender, receiver)).toEqual([['different', 'e1', 2 * K, 3 * K]]);
    expect(compareLedgers(sender, receiver)).toMatchObject({ identicalBytes: 300_000 - K, uncomparedBytes: 0 });
    expect(receiver.blocks.at(-1)!.chain).not.toBe(sender.blocks.at(-1)!.chain);
  });

  it('names what one end lacks, with the cause that it knows', () => {
    const sender = ledgerOf([['e1', 0, 300_000]]);
    const receiver = ledgerOf(
      [
        ['e1', 0, 100_000],
        ['e1', 120_000, 300_000],
      ],
      AUDIO,
      'eviction',
    );
    expect(compareLedgers(sender, receiver).differences).toEqual([
      { kind: 'only-first', epoch: 'e1', firstByte: 100_000, endByte: 120_000, utcMs: 1000, cause: 'eviction' },
    ]);
    expect(places(receiver, sender)).toEqual([['only-second', 'e1', 100_000, 120_000]]);
  });

  it('misses nothing that was lost where one run of audio follows another', () => {
    const sender = ledgerOf([
      ['e1', 0, 300_000],
      ['e2', 0, 200_000],
      ['e3', 0, 100_000],
    ]);
    const receiver = ledgerOf([
      ['e1', 50_000, 280_000],
      ['e3', 10_000, 90_000],
    ]);
    expect(places(sender, receiver)).toEqual([
      ['only-first', 'e1', 280_000, 300_000],
      ['only-first', 'e2', 0, 200_000],
      ['only-first', 'e3', 0, 10_000],
    ]);
  });

  it('names what one end played in place of the other', () => {
    const sender = ledgerOf([['e1', 0, 300_000]]);
    const receiver = ledgerOf([
      ['e1', 0, 2 * K],
      ['jingle', 0, 50_000],
      ['e1', 3 * K, 300_000],
    ]);
    expect(places(sender, receiver)).toEqual([
      ['only-first', 'e1', 2 * K, 3 * K],
      ['only-second', 'jingle', 0, 50_000],
    ]);
  });

  it('takes no other run before or after what both know for a difference', () => {
    const sender = ledgerOf([
      ['old', 0, 100_000],
      ['e1', 0, 300_000],
      ['new', 0, 50_000],
    ]);
    expect(places(sender, ledgerOf([['e1', 100_000, 200_000]]))).toEqual([]);
    const waiting: Run[] = [
      ['jingle', 0, 90_000],
      ['e1', 100_000, 200_000],
    ];
    expect(places(sender, ledgerOf(waiting))).toEqual([]);
  });

  it('names what an end repeats', () => {
    const sender = ledgerOf([['e1', 0, 300_000]]);
    const receiver = ledgerOf([
      ['e1', 0, 200_000],
      ['e1', 3 * K, 300_000],
    ]);
    expect(places(sender, receiver)).toEqual([['repeated-second', 'e1', 3 * K, 4 * K]]);
  });

  it('shares nothing with another stream, or another time', () => {
    const nothing = { differences: [], identicalBytes: 0, uncomparedBytes: 0, epochs: [], fromUtcMs: undefined };
    expect(compareLedgers(ledgerOf([['e1', 0, 1000]]), ledgerOf([['e2', 0, 1000]]))).toMatchObject(nothing);
    expect(compareLedgers(ledgerOf([['e1', 0, 1000]]), ledgerOf([['e1', 5000, 9000]]))).toMatchObject(nothing);
    expect(compareLedgers(ledgerOf([]), ledgerOf([['e1', 0, 9]]))).toMatchObject(nothing);
  });

  it('is quick with ledgers as long as they get', () => {
    const block = ledgerOf([['e1', 0, K]]).blocks[0]!;
    const blocks = Array.from({ length: 10_000 }, (_, index) => ({ ...block, firstByte: index * 2 * K }));
    const long = { ...ledgerOf([]), blocks };
    const shifted = { ...long, blocks: blocks.map((one) => ({ ...one, firstByte: one.firstByte + 1 })) };
    expect(compareLedgers(long, shifted).differences).toHaveLength(19_998);
  });
});
