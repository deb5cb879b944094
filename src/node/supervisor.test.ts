import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { DistreamError } from '../core/errors.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import { Supervisor } from './supervisor.ts';

function setUp(run: (signal: AbortSignal, attempt: number) => Promise<void>) {
  const clock = new FakeClock();
  const starts: number[] = [];
  const lines: string[] = [];
  const log: Logger = { ...silentLogger, warn: (line) => lines.push(line), info: (line) => lines.push(line) };
  const supervisor = new Supervisor({
    run: (signal) => {
      starts.push(clock.nowMs());
      return run(signal, starts.length);
    },
    what: 'input (test)',
    clock,
    log,
    random: () => 0.5,
  });
  return { clock, supervisor, starts, lines };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

describe('Supervisor', () => {
  it('tries again at once, then with growing delays up to the cap, for ever', async () => {
    const { clock, supervisor, starts } = setUp(async () => {
      throw new DistreamError('UNREACHABLE', { url: 'http://x', reason: 'connection refused' });
    });
    supervisor.start();
    await clock.run(10_000);
    expect(starts.slice(0, 8)).toEqual([0, 0, 250, 750, 1750, 3750, 5750, 7750]);
    expect(supervisor).toMatchObject({ state: 'retrying', lastFailure: { code: 'UNREACHABLE' } });
    await supervisor.stop();
    expect(supervisor.state).toBe('stopped');
    expect(clock.pendingCount).toBe(0);
  });

  it('begins anew with a try at once after a run that proved itself', async () => {
    const { clock, supervisor, starts } = setUp(
      (_, attempt) =>
        new Promise((_, reject) => clock.after(attempt === 3 ? 60_000 : 0, () => reject(new Error('broken')))),
    );
    supervisor.start();
    await clock.run(65_000);
    const broke = starts[2]! + 60_000;
    expect(starts[3]).toBe(broke);
    await supervisor.stop();
  });

  it('tells a failure once, a new one again, and the recovery', async () => {
    const reasons = ['a', 'a', 'a', 'b'];
    const { clock, supervisor, lines } = setUp(async (signal, attempt) => {
      const reason = reasons[attempt - 1];
      if (reason) throw new DistreamError('UNREACHABLE', { url: 'u', reason });
      supervisor.recovered();
      await untilAborted(signal);
    });
    supervisor.start();
    await clock.run(5000);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('cannot reach u: a');
    expect(lines[1]).toContain('cannot reach u: b');
    expect(lines[2]).toContain('works again after 1.8 s');
    await supervisor.stop();
  });

  it('takes a run that ends by itself as a failure to be tried again', async () => {
    const { clock, supervisor, starts } = setUp(async (signal, attempt) => {
      if (attempt > 1) await untilAborted(signal);
    });
    supervisor.start();
    await clock.run(100);
    expect(starts).toHaveLength(2);
    expect(supervisor.lastFailure?.code).toBe('INPUT_ENDED');
    await supervisor.stop();
  });

  it('runs again when it is started while its old run still ends, and never twice at once', async () => {
    let atOnce = 0;
    let most = 0;
    const { clock, supervisor, starts } = setUp(async (signal) => {
      most = Math.max(most, ++atOnce);
      await untilAborted(signal);
      await new Promise<void>((resolve) => clock.after(800, resolve)); // takes its time
      atOnce--;
    });
    supervisor.start();
    await clock.run(100);
    void supervisor.stop();
    void supervisor.stop();
    supervisor.start();
    await clock.run(2000);
    expect(starts).toEqual([0, 900]);
    expect([supervisor.state, atOnce, most]).toEqual(['running', 1, 1]);
    // And what is started and stopped again before the old run ended does not run.
    void supervisor.stop();
    supervisor.start();
    void supervisor.stop();
    await clock.run(2000);
    expect(starts).toHaveLength(2);
    expect(supervisor.state).toBe('stopped');
  });

  it('does not count the time when it was not wanted as a failure', async () => {
    const { clock, supervisor, lines } = setUp(async (signal, attempt) => {
      if (attempt === 1) throw new DistreamError('UNREACHABLE', { url: 'u', reason: 'r' });
      await untilAborted(signal);
    });
    supervisor.start();
    await clock.run(10);
    await supervisor.stop();
    await clock.run(60_000);
    supervisor.start();
    await clock.run(10);
    supervisor.recovered();
    expect(lines).toHaveLength(1);
    await supervisor.stop();
  });
});
