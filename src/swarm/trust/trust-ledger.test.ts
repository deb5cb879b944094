import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrustLedger } from './trust-ledger.ts';

function ledgerOf(...peers: string[]): TrustLedger {
  const ledger = new TrustLedger();
  peers.forEach((peer, index) => {
    ledger.add(peer, index);
  });
  return ledger;
}

describe('TrustLedger', () => {
  it('convicts a giver on the complaints of several independent takers', () => {
    const ledger = ledgerOf('bad', 'a', 'b');
    expect(ledger.complained('bad', 'a')).toEqual({ convicted: false, believed: true });
    expect(ledger.standing('bad')).toBe('suspect');
    expect(ledger.complained('bad', 'b')).toEqual({ convicted: true, believed: true });
    expect(ledger.standing('bad')).toBe('convicted');
  });

  it('needs more takers when they are of one network', () => {
    const ledger = new TrustLedger();
    for (const peer of ['bad', 'a', 'b', 'c']) ledger.add(peer, 7);
    ledger.complained('bad', 'a');
    expect(ledger.complained('bad', 'b').convicted).toBe(false);
    expect(ledger.complained('bad', 'c').convicted).toBe(true);
  });

  it('never convicts on one taker alone, whatever it says and however often', () => {
    const others = ['a', 'b', 'c', 'd'];
    const events = fc.array(fc.tuple(fc.constantFrom(...others), fc.constantFrom(...others, 'liar'), fc.boolean()), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(events, (script) => {
        const ledger = ledgerOf(...others, 'liar');
        for (const [giver, taker, complains] of script) {
          if (taker === 'liar' && complains) ledger.complained(giver, taker);
          else if (giver !== taker) ledger.confirmed(giver, taker);
        }
        for (const peer of others) expect(ledger.standing(peer)).not.toBe('convicted');
      }),
      { numRuns: 200 },
    );
  });

  it('finds a liar by its pattern, and then does not hear it', () => {
    const ledger = ledgerOf('a', 'b', 'c', 'd', 'x', 'y', 'liar');
    for (const giver of ['a', 'b', 'c']) {
      ledger.complained(giver, 'liar');
      ledger.confirmed(giver, 'x');
      ledger.confirmed(giver, 'y');
    }
    expect(ledger.isLiar('liar')).toBe(true);
    expect(ledger.complained('d', 'liar').believed).toBe(false);
    expect(ledger.standing('d')).toBe('new');
    expect(ledger.standing('a')).toBe('trusted');
  });

  it('knows trust directly and over one hop', () => {
    const ledger = ledgerOf('a', 'b', 'c');
    expect(ledger.trust('a', 'c')).toBe(0.5);
    ledger.confirmed('b', 'a');
    ledger.confirmed('c', 'b');
    ledger.complained('c', 'b');
    expect(ledger.trust('a', 'b')).toBe(1);
    expect(ledger.trust('b', 'c')).toBe(0.5);
    expect(ledger.trust('a', 'c')).toBe(0.5);
    ledger.confirmed('c', 'b');
    expect(ledger.trust('a', 'c')).toBeCloseTo(2 / 3);
  });
});
