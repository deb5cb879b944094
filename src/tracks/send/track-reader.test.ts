import { describe, expect, it } from 'vitest';
import { DistreamError } from '../../core/errors.ts';
import type { PcmFormat } from '../types.ts';
import { type AudioSource, TrackReader } from './track-reader.ts';

const S16: PcmFormat = { sampleRate: 48_000, channels: 1, bitsPerSample: 16, isFloat: false };

/** Samples 1, 2, 3 ... of 16 bits; reading behind `failsAt` bytes fails. */
function source(frames: number, format = S16, failsAt = Number.POSITIVE_INFINITY): AudioSource {
  const audio = Buffer.alloc(frames * 2 * format.channels);
  for (let at = 0; at < audio.length; at += 2) audio.writeInt16LE(1 + at / 2, at);
  return {
    head: { format, frames },
    read: async (target, offset) => {
      if (offset + target.length > failsAt) {
        throw new DistreamError('TRACK_UNREADABLE', { path: 'a.wav', reason: 'the file has become shorter' });
      }
      return audio.copy(target, 0, offset);
    },
  };
}

function reader(audio: AudioSource, totalFrames: number, isLoop = false, encoding: 'L16' | 'L24' = 'L16') {
  const problems: string[] = [];
  const onProblem = ({ message }: DistreamError) => problems.push(message);
  return { problems, reader: new TrackReader(audio, { encoding, totalFrames, isLoop, onProblem }) };
}

const values = (block: Buffer) => Array.from({ length: block.length / 2 }, (_, index) => block.readInt16LE(index * 2));

describe('a track', () => {
  it('is followed by silence up to the length of the session, and beyond', async () => {
    const { reader: track } = reader(source(3), 6);
    expect(values(await track.read(2))).toEqual([1, 2]);
    expect(values(await track.read(3))).toEqual([3, 0, 0]);
    expect(values(await track.read(3))).toEqual([0, 0, 0]);
  });

  it('begins again with all the others when it is looped', async () => {
    const { reader: track } = reader(source(3), 4, true);
    expect(values(await track.read(10))).toEqual([1, 2, 3, 0, 1, 2, 3, 0, 1, 2]);
    expect(values(await track.read(3))).toEqual([3, 0, 1]);
  });

  it('is read in the width of the wire', async () => {
    const { reader: track } = reader(source(2), 2, false, 'L24');
    expect((await track.read(2)).toString('hex')).toBe('000100' + '000200');
    expect(track.alteredSamples).toBe(0);
  });

  it('gives silence where it cannot be read any more, says so once, and keeps its length', async () => {
    const { reader: track, problems } = reader(source(6, S16, 8), 6);
    expect(values(await track.read(4))).toEqual([1, 2, 3, 4]);
    expect(values(await track.read(4))).toEqual([0, 0, 0, 0]);
    expect(values(await track.read(2))).toEqual([0, 0]);
    expect(problems).toEqual([expect.stringMatching(/a\.wav.*shorter/)]);
  });
});
