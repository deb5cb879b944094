import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { rawPublicKey } from '../../protocols/swarm/manifest.ts';
import { openStreamHead } from '../../protocols/swarm/stream-manifest.ts';
import { LivePlay } from './live-play.ts';
import { CHUNK_MS, LiveStream, PLAY_DELAY_MS } from './live-stream.ts';
import { StreamWindow } from './stream-window.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const key = rawPublicKey(createPublicKey(privateKey))!;

/** Chunks of one byte, which is their number; all are born at their time, and known by their links. */
function rig(firstChunk: number, missing: readonly number[] = []) {
  const clock = new FakeClock();
  const stream = new LiveStream({ path: '/radio', privateKey, startMs: 0 });
  const window = new StreamWindow(openStreamHead(stream.signedHead, key), stream.signedHead, key);
  const sink = new PassThrough();
  const heard: number[] = [];
  sink.on('data', (bytes: Buffer) => heard.push(...bytes));
  const gaps: number[] = [];
  const onGap = (ms: number) => gaps.push(ms);
  const play = new LivePlay({ clock, window, firstChunk, startMs: 0, sink, displayUrl: 'pdtps://x', onGap });
  const bear = (count: number) => {
    for (let at = 0; at < count; at++) {
      const number = stream.end;
      stream.append({ data: Buffer.of(number), durationMs: CHUNK_MS, frameOffsets: [] }, number * CHUNK_MS);
      window.prove(stream.chunk(number)!.link);
      if (!missing.includes(number)) window.put(number, stream.chunk(number)!.bytes);
    }
  };
  const at = async (ms: number) => {
    await clock.run(ms - clock.nowMs());
    await play.advance();
    await settle();
  };
  return { play, window, stream, bear, at, heard, gaps };
}

describe('what a listener plays', () => {
  it('begins when its first chunk is due, with all that came meanwhile', async () => {
    const { bear, at, heard } = rig(2);
    bear(10);
    await at(2 * CHUNK_MS + PLAY_DELAY_MS - 1);
    expect(heard).toEqual([]);
    await at(2 * CHUNK_MS + PLAY_DELAY_MS);
    expect(heard).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    bear(1);
    await at(2 * CHUNK_MS + PLAY_DELAY_MS + 10);
    expect(heard.at(-1)).toBe(10);
  });

  it('leaves out a chunk only when it can be rescued no more', async () => {
    const { bear, at, heard, gaps } = rig(0, [3, 4]);
    bear(8);
    await at(PLAY_DELAY_MS);
    expect(heard).toEqual([0, 1, 2]);
    await at(3 * CHUNK_MS + PLAY_DELAY_MS + 499);
    expect(heard).toEqual([0, 1, 2]);
    await at(3 * CHUNK_MS + PLAY_DELAY_MS + 500);
    expect([heard, gaps]).toEqual([[0, 1, 2], [CHUNK_MS]]);
    await at(4 * CHUNK_MS + PLAY_DELAY_MS + 500);
    expect([heard, gaps]).toEqual([
      [0, 1, 2, 5, 6, 7],
      [CHUNK_MS, CHUNK_MS],
    ]);
  });

  it('plays a chunk that a rescue brings in time', async () => {
    const { bear, at, heard, gaps, window, stream } = rig(0, [1]);
    bear(4);
    await at(PLAY_DELAY_MS + CHUNK_MS + 400);
    window.put(1, stream.chunk(1)!.bytes);
    await at(PLAY_DELAY_MS + CHUNK_MS + 450);
    expect([heard, gaps]).toEqual([[0, 1, 2, 3], []]);
  });

  it('waits while the source is away: nothing is left out', async () => {
    const { bear, at, heard, gaps } = rig(0);
    bear(2);
    await at(60_000);
    expect([heard, gaps]).toEqual([[0, 1], []]);
  });
});
