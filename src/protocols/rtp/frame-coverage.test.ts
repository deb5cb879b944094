import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Range } from '../link/range-set.ts';
import { FrameCoverage } from './frame-coverage.ts';

function coverageAt(position: number): { coverage: FrameCoverage; gaps: Range[] } {
  const gaps: Range[] = [];
  const coverage = new FrameCoverage((gap) => gaps.push(gap));
  coverage.restart(position);
  return { coverage, gaps };
}

describe('FrameCoverage', () => {
  it('tells a hole as a gap only when its place is settled', () => {
    const { coverage, gaps } = coverageAt(1000);
    coverage.add(1000, 1048);
    coverage.add(1096, 1144);
    expect([...coverage.holes()]).toEqual([{ start: 1048, end: 1096 }]);
    coverage.settle(1048);
    expect(gaps).toEqual([]);
    coverage.settle(1070);
    coverage.settle(1096);
    expect(gaps).toEqual([
      { start: 1048, end: 1070 },
      { start: 1070, end: 1096 },
    ]);
    expect(coverage).toMatchObject({ gaps: 1, gapFrames: 48, end: 1144 });
  });

  it('closes a hole that is filled in time, and calls later frames late', () => {
    const { coverage, gaps } = coverageAt(0);
    coverage.add(0, 48);
    coverage.add(96, 144);
    expect(coverage.add(48, 96)).toBe(false);
    coverage.add(240, 288);
    coverage.settle(288);
    expect(gaps).toEqual([{ start: 144, end: 240 }]);
    expect(coverage.add(144, 192)).toBe(true);
    expect(coverage.gapFrames).toBe(96);
  });

  it('tells a gap after the newest frames when time goes on without any', () => {
    const { coverage, gaps } = coverageAt(0);
    coverage.add(0, 48);
    coverage.settle(480);
    coverage.settle(960);
    expect(gaps).toEqual([
      { start: 48, end: 480 },
      { start: 480, end: 960 },
    ]);
    expect(coverage.gaps).toBe(1);
    expect(coverage.add(912, 1008)).toBe(false);
    coverage.settle(1008);
    expect(coverage.gapFrames).toBe(912);
  });

  it('begins earlier when packets overtook each other at the start, until something is settled', () => {
    const { coverage, gaps } = coverageAt(96);
    coverage.add(96, 144);
    expect(coverage.add(0, 48)).toBe(false);
    coverage.settle(144);
    expect(gaps).toEqual([{ start: 48, end: 96 }]);
    expect(coverage.add(-48, 0)).toBe(true);
  });

  it('keeps a bounded number of holes open', () => {
    const { coverage, gaps } = coverageAt(0);
    for (let index = 0; index < 10_000; index++) coverage.add(index * 2, index * 2 + 1);
    expect(gaps.length).toBeGreaterThan(5000);
    expect([...coverage.holes()].length).toBeLessThanOrEqual(4097);
    coverage.settle(20_000);
    expect(coverage).toMatchObject({ gaps: 10_000, gapFrames: 10_000 });
  });

  it('finds exactly the frames that did not come', () => {
    const run = fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(fc.array(run, { maxLength: 60 }), (runs) => {
        const { coverage, gaps } = coverageAt(0);
        const came = new Set<number>();
        for (const [start, length] of runs) {
          coverage.add(start, start + length);
          for (let frame = start; frame < start + length; frame++) came.add(frame);
        }
        coverage.settle(400);
        const missing: number[] = [];
        for (const { start, end } of gaps) for (let frame = start; frame < end; frame++) missing.push(frame);
        expect(missing).toEqual(Array.from({ length: 400 }, (_, frame) => frame).filter((frame) => !came.has(frame)));
        expect(coverage.gapFrames).toBe(missing.length);
      }),
      { numRuns: 200 },
    );
  });
});
