import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { streamRig } from '../../../test/support/stream-rig.ts';
import { defineOutput } from '../../modules/output.ts';

describe('the status of a stream', () => {
  it('says how long sound lasts: nothing before it begins, then the reserve, then nothing again', async () => {
    const { input, feed, clock, stream } = await streamRig({ reserve: { ms: 4000 }, start: 'full' });
    await feed(input.open(), 0, 2);
    expect(stream.status()).toMatchObject({ state: 'filling', lastsSeconds: 0 });
    expect(stream.status().buffer.reserveSeconds).toBeGreaterThan(1);
    await feed(input.open('exact'), 32_000, 4);
    const { lastsSeconds, buffer } = stream.status();
    expect(lastsSeconds).toBe(buffer.reserveSeconds);
    expect(lastsSeconds).toBeGreaterThan(2.5);
    await clock.run(1500);
    expect(stream.status().buffer.reserveLowestHourSeconds).toBeLessThan(lastsSeconds);
    await clock.run(10_000);
    expect(stream.status()).toMatchObject({ lastsSeconds: 0, buffer: { reserveLowestHourSeconds: 0 } });
    await stream.close();
  });

  it('sums up the ledger when an output wants one', async () => {
    const schema = z.strictObject({});
    const run = async ({ signal }: { signal: AbortSignal }) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const module = defineOutput({ type: 'proved', summary: 'test', schema, keepsLedger: true, run });
    const { input, feed, stream } = await streamRig({ outputs: [{ module, options: {} }] });
    await feed(input.open(), 0, 3);
    expect(stream.status().ledger).toEqual({
      epoch: expect.stringMatching(/^[0-9a-f]{16}$/),
      firstByte: 0,
      endByte: 48_000,
      audioBytes: 48_000,
      audioSeconds: 3,
      gaps: 0,
      repeats: 0,
    });
    await stream.close();
    const { stream: other } = await streamRig();
    expect(other.status()).not.toHaveProperty('ledger');
    await other.close();
  });
});
