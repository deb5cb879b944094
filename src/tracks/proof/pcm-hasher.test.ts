import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coarsen } from './block-digests.ts';
import { PcmHasher } from './pcm-hasher.ts';

const MONO_16 = { sampleRate: 48_000, channels: 1, bitsPerSample: 16, isFloat: false } as const;
const STEREO_24 = { sampleRate: 48_000, channels: 2, bitsPerSample: 24, isFloat: false } as const;
const LEAF = 65_536;

/** Audio whose every sample depends on its position. */
function sound(startFrame: number, frames: number): Buffer {
  const pcm = Buffer.alloc(frames * 2);
  for (let index = 0; index < frames; index++) pcm.writeUInt16LE(((startFrame + index) * 40_503) & 0xffff, index * 2);
  return pcm;
}

describe('PcmHasher', () => {
  it('hashes what a data chunk would hold, silence for gaps', () => {
    const hasher = new PcmHasher({ format: STEREO_24, startFrame: 1000 });
    const before = Buffer.alloc(600, 7);
    hasher.push(before);
    hasher.gap(20_000, 'lost');
    hasher.gap(48, 'lost');
    hasher.push(before);
    const account = hasher.account();
    const whole = Buffer.concat([before, Buffer.alloc(20_048 * 6), before]);
    expect(account).toEqual({
      startFrame: 1000,
      frames: 20_248,
      sha256: createHash('sha256').update(whole).digest('hex'),
      blocks: { frames: LEAF, first: 0, digests: [] },
    });
    expect(hasher.gaps.entries()).toEqual([[1100, 20_048, 'lost']]);
    expect(hasher.position).toBe(21_248);
    expect(hasher.account()).toEqual(account);
    expect(() => hasher.push(Buffer.alloc(5))).toThrow(RangeError);
  });

  it('gives the same account however the audio is cut', () => {
    const pcm = sound(0, LEAF * 2 + 500);
    const whole = new PcmHasher({ format: MONO_16 });
    whole.push(pcm);
    const expected = whole.account();
    expect(expected.blocks.digests).toHaveLength(2);
    expect(expected.blocks.digests[1]).toBe(
      createHash('sha256')
        .update(pcm.subarray(LEAF * 2, LEAF * 4))
        .digest('hex')
        .slice(0, 32),
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 4 }), (sizes) => {
        const hasher = new PcmHasher({ format: MONO_16 });
        for (let at = 0, turn = 0; at < pcm.length; turn++) {
          const bytes = sizes[turn % sizes.length]! * 2;
          hasher.push(pcm.subarray(at, at + bytes));
          at += bytes;
        }
        expect(hasher.account()).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('aligns blocks to the session: who came late has the same digests from then on', () => {
    const first = new PcmHasher({ format: MONO_16 });
    first.push(sound(0, LEAF * 4));
    const late = new PcmHasher({ format: MONO_16, startFrame: LEAF + 10 });
    late.push(sound(LEAF + 10, LEAF * 3 - 10));
    const { blocks } = late.account();
    expect(blocks.first).toBe(1);
    expect(blocks.digests).toEqual([null, ...first.account().blocks.digests.slice(2)]);
  });

  it('holds 512 digests at most, of blocks that a shorter account can be brought to', () => {
    const block = sound(0, LEAF);
    const hasher = new PcmHasher({ format: MONO_16, startFrame: LEAF });
    const short = new PcmHasher({ format: MONO_16, startFrame: LEAF });
    for (let leaf = 0; leaf < 513; leaf++) {
      block.writeUInt32LE(leaf, 0);
      hasher.push(block);
      if (leaf < 100) short.push(block);
      if (leaf === 511) expect(hasher.account().blocks).toMatchObject({ frames: LEAF, first: 1 });
    }
    const { blocks } = hasher.account();
    expect(blocks).toMatchObject({ frames: 2 * LEAF, first: 0 });
    expect(blocks.digests).toHaveLength(257);
    expect(blocks.digests[0]).toBeNull();
    const coarse = coarsen(short.account().blocks, 2 * LEAF);
    expect(coarse.first).toBe(0);
    expect(coarse.digests).toEqual(blocks.digests.slice(0, 50));
  }, 30_000);

  it('goes on after a fold with the block that was not complete', () => {
    const block = Buffer.alloc(LEAF * 2);
    const hasher = new PcmHasher({ format: MONO_16 });
    const fine: (string | null)[] = [];
    for (let leaf = 0; leaf < 516; leaf++) {
      block.writeUInt32LE(leaf, 0);
      hasher.push(block);
      fine.push(createHash('sha256').update(block).digest('hex').slice(0, 32));
    }
    const { blocks } = hasher.account();
    expect(blocks).toEqual(coarsen({ frames: LEAF, first: 0, digests: fine }, 2 * LEAF));
    expect(blocks.digests).toHaveLength(258);
  }, 30_000);
});
