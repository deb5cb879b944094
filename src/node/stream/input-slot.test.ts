import { expect, it } from 'vitest';
import { z } from 'zod';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { patternBytes } from '../../../test/support/frames.ts';
import { silentLogger } from '../../core/logger.ts';
import { defineInput, type InputContext } from '../../modules/input.ts';
import type { NetworkAccess } from '../../modules/network.ts';
import { InputSlot } from './input-slot.ts';

it('ends and repeats a run whose audio could not be taken, without throwing into the module', async () => {
  const clock = new FakeClock();
  const contexts: InputContext<unknown>[] = [];
  let faulty = true;
  let bytes = 0;
  const module = defineInput({
    type: 'test',
    summary: 'test',
    schema: z.strictObject({}),
    run: (context) => {
      contexts.push(context);
      return new Promise((resolve) => context.signal.addEventListener('abort', () => resolve()));
    },
  });
  const slot = new InputSlot({
    name: 'input',
    streamName: 'test',
    use: { module, options: {} },
    silenceMs: 2000,
    fragmentMs: 500,
    clock,
    log: silentLogger,
    baseDir: '/',
    keepDir: undefined,
    reserve: () => ({ nowMs: 0, targetMs: 0 }),
    network: {} as NetworkAccess,
    random: () => 0.5,
    onAudio: (items) => {
      if (faulty) throw new Error('cannot take it');
      for (const { data } of items) bytes += data.length;
    },
    history: () => Buffer.alloc(0),
  });
  slot.start();
  await clock.run(0);
  const open = () => contexts.at(-1)!.openSession({ contentType: 'application/x-test', continuity: 'new' });
  expect(() => open().write(patternBytes(0, 100))).not.toThrow();
  await clock.run(10);
  expect(contexts).toHaveLength(2);
  expect(slot.status(true).lastError?.message).toContain('cannot take it');
  faulty = false;
  open().write(patternBytes(0, 100));
  expect(bytes).toBe(100);
  await slot.stop();
  expect(slot.status(true).state).toBe('standby');
  expect(clock.pendingCount).toBe(0);
});
