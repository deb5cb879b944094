import { describe, expect, it } from 'vitest';
import { MissingChunks } from './missing-chunks.ts';

describe('chunks that are missing', () => {
  it('are named once, until they are taken or the taker has gone', () => {
    const missing = new MissingChunks();
    for (let time = 0; time < 1000; time++) missing.add({ taker: 3, chunk: 7 });
    missing.add({ taker: 3, chunk: 8 });
    missing.add({ taker: 4, chunk: 7 });
    missing.add({ taker: 5, chunk: 7 });
    missing.forget(5);
    expect(missing.take()).toEqual([
      { taker: 3, chunk: 7 },
      { taker: 3, chunk: 8 },
      { taker: 4, chunk: 7 },
    ]);
    expect(missing.take()).toEqual([]);
  });
});
