import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chunkHash, SWARM_CHUNK_BYTES, treeRoot } from '../../protocols/swarm/hash-tree.ts';
import { openManifest, rawPublicKey } from '../../protocols/swarm/manifest.ts';
import { SharedFolder } from '../server/shared-folder.ts';
import { PreparedFiles } from './prepared-files.ts';

const keys = generateKeyPairSync('ed25519');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distream-prepared-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a file that is prepared', () => {
  it.each([1, SWARM_CHUNK_BYTES, 16 * SWARM_CHUNK_BYTES, 16 * SWARM_CHUNK_BYTES + 1, 37 * SWARM_CHUNK_BYTES - 5])(
    'of %d bytes has the hash of each of its chunks, under a signed root',
    async (size) => {
      const bytes = Buffer.alloc(size);
      for (let at = 0; at < size; at += SWARM_CHUNK_BYTES) bytes[at] = 1 + at / SWARM_CHUNK_BYTES;
      await writeFile(join(folder, 'song'), bytes);
      const files = new PreparedFiles(await SharedFolder.open(folder, SWARM_CHUNK_BYTES), keys);
      const prepared = (await files.find('/song'))!;
      const hashes: Buffer[] = [];
      for (let at = 0; at < size; at += SWARM_CHUNK_BYTES)
        hashes.push(chunkHash(bytes.subarray(at, at + SWARM_CHUNK_BYTES)));
      expect(prepared.hashes).toEqual(Buffer.concat(hashes));
      const manifest = openManifest(prepared.manifest, rawPublicKey(keys.publicKey)!);
      expect(manifest).toEqual({ path: '/song', sizeBytes: size, root: treeRoot(prepared.hashes) });
      expect(await files.find('/song')).toBe(prepared);
    },
  );

  it('ahead needs no reading when it is asked for', async () => {
    await writeFile(join(folder, 'song'), 'la la la');
    const shared = await SharedFolder.open(folder, SWARM_CHUNK_BYTES);
    const read = vi.spyOn(shared, 'readRange');
    const files = new PreparedFiles(shared, keys);
    await files.prepareAhead();
    expect(read).toHaveBeenCalledTimes(1);
    expect((await files.find('/song'))?.hashes).toEqual(chunkHash(Buffer.from('la la la')));
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('is unknown when there is no such file', async () => {
    const files = new PreparedFiles(await SharedFolder.open(folder, SWARM_CHUNK_BYTES), keys);
    expect(await files.find('/song')).toBeUndefined();
  });
});
