import { describe, expect, it } from 'vitest';
import type { PcmFormat } from '../wav/pcm-format.ts';
import { PcmBlocks } from './pcm-blocks.ts';
import { blockFrames, pcmFormatOf, pcmStreamFormat } from './stream-format.ts';

const stereo24: PcmFormat = { sampleRate: 44_100, channels: 2, bitsPerSample: 24, isFloat: false };
const counted = (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 7) % 251));

describe('PCM in a stream', () => {
  it('says what its samples are by its headers alone', () => {
    for (const bitsPerSample of [16, 24, 32] as const) {
      for (const channels of [1, 2, 8]) {
        const pcm = { sampleRate: 48_000, channels, bitsPerSample, isFloat: false };
        const carried = { ...pcmStreamFormat(pcm) };
        expect(pcmFormatOf(carried)).toEqual(pcm);
      }
    }
  });

  it('is not taken for PCM where the headers do not tell', () => {
    expect(pcmFormatOf({ ...pcmStreamFormat(stereo24), headers: Buffer.from('RIFF') })).toBeUndefined();
    expect(pcmFormatOf({ ...pcmStreamFormat(stereo24), headers: Buffer.alloc(0) })).toBeUndefined();
    expect(pcmFormatOf({ ...pcmStreamFormat(stereo24), codec: 'mp3' })).toBeUndefined();
  });

  it('has blocks of 10 ms, and of no more than 32 KiB', () => {
    expect(blockFrames(stereo24)).toBe(441);
    const wide = { sampleRate: 192_000, channels: 64, bitsPerSample: 32, isFloat: false } as const;
    expect(blockFrames(wide) * 64 * 4).toBeLessThanOrEqual(32_768);
    expect(blockFrames({ ...wide, channels: 60_000 })).toBe(1);
  });
});

describe('PcmBlocks', () => {
  it('gives the same blocks however the samples are cut', () => {
    const samples = counted(6 * 441 * 3 + 60);
    const whole = new PcmBlocks(stereo24);
    const expected = [...whole.push(samples), ...whole.flush()];
    expect(expected.map(({ data }) => data.length)).toEqual([2646, 2646, 2646, 60]);
    for (const step of [1, 5, 600, 4000]) {
      const blocks = new PcmBlocks(stereo24);
      const items = [];
      for (let at = 0; at < samples.length; at += step) items.push(...blocks.push(samples.subarray(at, at + step)));
      items.push(...blocks.flush());
      expect(items.map(({ data, durationUs }) => [data, durationUs])).toEqual(
        expected.map(({ data, durationUs }) => [data, durationUs]),
      );
    }
    expect(Buffer.concat(expected.map(({ data }) => data))).toEqual(samples);
  });

  it('keeps time to the sample over many blocks', () => {
    const blocks = new PcmBlocks({ ...stereo24, sampleRate: 22_050, bitsPerSample: 16 });
    let durationUs = 0;
    for (let second = 0; second < 60; second++) {
      for (const item of blocks.silence(22_050)) durationUs += item.durationUs;
    }
    for (const item of blocks.flush()) durationUs += item.durationUs;
    expect(durationUs).toBe(60_000_000);
  });

  it('ends a block where audio is missing, and marks the next', () => {
    const blocks = new PcmBlocks(stereo24);
    blocks.push(counted(60));
    const [rest] = blocks.discontinuity({ cause: 'line-loss', lostMs: 3000 });
    const [next] = blocks.push(counted(2646));
    expect([rest!.data.length, rest!.discontinuity, next!.discontinuity?.lostMs]).toEqual([60, undefined, 3000]);
  });

  it('drops a cut sample frame at the end', () => {
    const blocks = new PcmBlocks(stereo24);
    blocks.push(counted(20));
    expect(blocks.flush()[0]!.data.length).toBe(18);
    expect(blocks.flush()).toEqual([]);
  });
});
