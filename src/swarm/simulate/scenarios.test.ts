import { describe, expect, it } from 'vitest';
import type { FileResult } from './file-run.ts';
import type { LiveResult } from './live-run.ts';
import { isMet, runScenario, type ScenarioName } from './scenarios.ts';
import type { SteadyResult } from './steady.ts';

function missed(name: ScenarioName, peers?: number): string[] {
  const report = runScenario({ name, seed: 1, ...(peers ? { peers } : {}) });
  return report.targets.filter((target) => !isMet(target)).map((target) => `${target.name} ${target.value}`);
}

describe('the scheduler, simulated', () => {
  it('carries a stream to 2,000 peers at the bound, with and without spare uplink', () => {
    expect(missed('spare')).toEqual([]);
    expect(missed('full')).toEqual([]);
  });

  it.each(['file20', 'hetero', 'firewalled', 'leaving', 'pipe'] as const)('reaches the targets of %s', (name) => {
    expect(missed(name)).toEqual([]);
  });

  it.each(['live', 'poison', 'badmouth', 'exodus'] as const)('lets nobody stall: %s', (name) => {
    expect(missed(name)).toEqual([]);
  });

  it('completes for all who come back', () => {
    const result = runScenario({ name: 'churn', seed: 1 }).result as FileResult;
    expect(result.complete).toBe(20);
  });

  it('finds each poisoner that had the chance to send three wrong chunks, and no honest peer', () => {
    const result = runScenario({ name: 'poison', seed: 2 }).result as LiveResult;
    expect(result.poisonersOut).toBeGreaterThanOrEqual(result.poisoners - 1);
    expect(result.honestOut).toBe(0);
  });

  it('repeats a run exactly', () => {
    const run = () => runScenario({ name: 'spare', seed: 9, peers: 150 }).result as SteadyResult;
    expect(run()).toEqual(run());
  });
});
