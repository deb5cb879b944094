import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeptFile } from './kept-file.ts';

const geometry = { size: 2500, chunkSize: 1000 };
const whole = Buffer.from(Uint8Array.from({ length: 2500 }, (_, at) => at * 31));
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const hashes = [0, 1000, 2000].map((at) => hashOf(whole.subarray(at, at + 1000)));
const isRight = (chunk: number, bytes: Buffer) => hashOf(bytes) === hashes[chunk];

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-kept-'));
  path = join(folder, 'song.mp3');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a file that is there already', () => {
  it('has all chunks when every one is right', async () => {
    writeFileSync(path, whole);
    const kept = (await KeptFile.open(path, geometry, isRight))!;
    expect(kept.chunks.count).toBe(3);
    expect(await kept.read(2)).toEqual(whole.subarray(2000));
    await kept.close();
  });

  it('is not taken when a byte is wrong, the size differs, or there is none', async () => {
    expect(await KeptFile.open(path, geometry, isRight)).toBeUndefined();
    const wrong = Buffer.from(whole);
    wrong[1500]! ^= 1;
    writeFileSync(path, wrong);
    expect(await KeptFile.open(path, geometry, isRight)).toBeUndefined();
    writeFileSync(path, Buffer.concat([whole, Buffer.alloc(1)]));
    expect(await KeptFile.open(path, geometry, isRight)).toBeUndefined();
    expect(await KeptFile.open(folder, geometry, isRight)).toBeUndefined();
  });

  it('does not give a chunk that was changed since', async () => {
    writeFileSync(path, whole);
    const kept = (await KeptFile.open(path, geometry, isRight))!;
    const changed = Buffer.from(whole);
    changed.fill(0, 1000, 1010);
    writeFileSync(path, changed);
    expect(await kept.read(1)).toBeUndefined();
    expect(await kept.read(0)).toEqual(whole.subarray(0, 1000));
    await kept.close();
  });
});
