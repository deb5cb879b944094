import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { rawPublicKey } from '../../protocols/swarm/manifest.ts';
import { openStreamHead, openStreamLink } from '../../protocols/swarm/stream-manifest.ts';
import { LiveStream, WINDOW_CHUNKS } from './live-stream.ts';
import { StreamWindow } from './stream-window.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const key = rawPublicKey(createPublicKey(privateKey))!;

function published(parts: number, durationMs = 500, bytes = 8000) {
  const stream = new LiveStream({ path: '/radio', privateKey, startMs: 0 });
  for (let at = 0; at < parts; at++) {
    stream.append({ data: Buffer.alloc(bytes, at + 1), durationMs, frameOffsets: [] }, (at + 1) * durationMs);
  }
  return stream;
}

function windowOf(stream: LiveStream): StreamWindow {
  return new StreamWindow(openStreamHead(stream.signedHead, key), stream.signedHead, key);
}

describe('a published stream', () => {
  it('is cut into chunks of a quarter of a second, two of one link', () => {
    const stream = published(3);
    expect([stream.end, stream.chunkBytes]).toEqual([6, 4000]);
    expect(stream.chunk(2)!.link).toBe(stream.chunk(3)!.link);
    expect(openStreamLink(stream.chunk(4)!.link, key)).toMatchObject({ sequence: 2, firstChunk: 4, bornMs: 1500 });
  });

  it('waits until short parts make a chunk', () => {
    const stream = published(4, 100);
    expect(stream.end).toBe(2);
    expect(stream.chunk(0)!.bytes.length).toBe(16_000);
  });

  it('cuts where a frame begins', () => {
    const stream = new LiveStream({ path: '/radio', privateKey, startMs: 0 });
    stream.append({ data: Buffer.alloc(9000), durationMs: 500, frameOffsets: [0, 3000, 6000] }, 500);
    expect([stream.chunk(0)!.bytes.length, stream.chunk(1)!.bytes.length]).toEqual([3000, 6000]);
  });

  it('makes no chunk that is too long for a message', () => {
    const stream = published(1, 250, 300_000);
    expect(stream.end).toBeGreaterThan(4);
    const all = Array.from({ length: stream.end }, (_, at) => stream.chunk(at)!.bytes.length);
    expect(Math.max(...all)).toBeLessThanOrEqual(65_536);
    expect(all.reduce((sum, length) => sum + length, 0)).toBe(300_000);
  });

  it('keeps the newest chunks only', () => {
    const stream = published(WINDOW_CHUNKS);
    expect(stream.chunk(WINDOW_CHUNKS - 1)).toBeUndefined();
    expect(stream.chunk(WINDOW_CHUNKS)).toBeDefined();
  });
});

describe('the window of a listener', () => {
  it('keeps a chunk only when a signed link has its hash', () => {
    const stream = published(2);
    const window = windowOf(stream);
    const { bytes, link } = stream.chunk(1)!;
    expect(window.put(1, bytes)).toBe('unproven');
    expect(window.prove(link)).toBe('new');
    expect(window.prove(link)).toBe('known');
    const wrong = Buffer.from(bytes);
    wrong[7] = wrong[7]! ^ 1;
    expect([window.put(1, wrong), window.put(1, bytes.subarray(1)), window.put(0, bytes.subarray(2))]).toEqual([
      'wrong',
      'wrong',
      'wrong',
    ]);
    expect(window.chunks.isEmpty).toBe(true);
    expect([window.put(1, bytes), window.put(1, bytes)]).toEqual(['new', 'held']);
    expect(window.chunk(1)).toMatchObject({ sequence: 0 });
  });

  it('refuses a link of another key, and does not take one of another stream', () => {
    const stream = published(1);
    const other = generateKeyPairSync('ed25519').privateKey;
    const forged = new LiveStream({ path: '/radio', privateKey: other, startMs: 0 });
    forged.append({ data: Buffer.alloc(4000), durationMs: 250, frameOffsets: [] }, 250);
    expect(() => windowOf(stream).prove(forged.chunk(0)!.link)).toThrow(ProtocolViolation);
    expect(windowOf(stream).prove(published(1).chunk(0)!.link)).toBe('foreign');
  });

  it('finds out a server that signs two histories', () => {
    const [one, other] = [published(0), published(0)];
    Object.defineProperty(other, 'head', { value: one.head });
    for (const [stream, value] of [
      [one, 1],
      [other, 2],
    ] as const) {
      for (let at = 0; at < 3; at++) {
        stream.append({ data: Buffer.alloc(4000, value), durationMs: 250, frameOffsets: [] }, at * 250);
      }
    }
    const window = windowOf(one);
    expect(window.prove(one.chunk(1)!.link)).toBe('new');
    // the same place twice, and one that does not follow
    expect(window.prove(other.chunk(1)!.link)).toBe('forked');
    expect(window.prove(other.chunk(2)!.link)).toBe('forked');
    expect(window.prove(other.chunk(0)!.link)).toBe('forked');
    expect(window.prove(one.chunk(2)!.link)).toBe('new');
  });

  it('reckons when a chunk was born from the nearest link', () => {
    const stream = published(4);
    const window = windowOf(stream);
    expect(window.bornMs(0)).toBeUndefined();
    window.prove(stream.chunk(6)!.link);
    expect([window.bornMs(7), window.bornMs(6), window.bornMs(4)]).toEqual([2000, 1750, 1250]);
  });

  it('forgets what is older than the window, and stays bounded', () => {
    const stream = new LiveStream({ path: '/radio', privateKey, startMs: 0 });
    const window = windowOf(stream);
    for (let at = 0; at < 3 * WINDOW_CHUNKS; at++) {
      stream.append({ data: Buffer.alloc(100, at), durationMs: 250, frameOffsets: [] }, at * 250);
      window.prove(stream.chunk(at)!.link);
      expect(window.put(at, stream.chunk(at)!.bytes)).toBe('new');
    }
    expect(window.chunks.count).toBe(WINDOW_CHUNKS);
    expect(window.prove(published(1).chunk(0)!.link)).toBe('foreign');
  });
});
