import { expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { FragmentSource, testFormat } from '../../../test/support/frames.ts';
import { OutputBench } from '../../../test/support/output-bench.ts';
import pdtp from './index.ts';

it('tells where it is published and why not, and goes on when the format is fit again', async () => {
  const bench = new OutputBench(pdtp, {
    listen: { host: '127.0.0.1', port: 0 },
    nativePort: 0,
    givePort: 0,
    chunkBytes: 800,
  });
  await bench.start();
  await eventually('the output', () => bench.report().state === 'waiting');
  const source = new FragmentSource();
  const ogg = testFormat({ codec: 'vorbis', headers: Buffer.from('headers') });
  bench.stream.push(source.next({ format: ogg }));
  const unfit = bench.report();
  expect(unfit).toMatchObject({ state: 'failed', counters: { bytes_published: 0, fragments_left_out: 1 } });
  expect(unfit.detail).toEqual({
    native: expect.stringMatching(/^pdtps:\/\/localhost:\d+\/test#key=/),
    reason: 'only formats without headers (MP3, AAC) can be published',
  });
  bench.stream.push(source.next());
  const fit = bench.report();
  expect(fit).toMatchObject({ state: 'ready', counters: { bytes_published: 1600, fragments_left_out: 1 } });
  expect(Object.keys(fit.detail!)).toEqual(['native']);
  await bench.stop();
});
