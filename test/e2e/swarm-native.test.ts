import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { NativeDownloadOptions } from '../../src/swarm/native/native-download.ts';
import { PoisonCarrier } from './support/altered-carrier.ts';
import { fetchFrom, startNativeServer } from './support/native-swarm.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('a swarm of the native dialect on loopback', () => {
  it('gives all honest peers the right file, though one gives wrong bytes and one stops in the middle', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'swarm-native-'));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    const payload = randomBytes(4_000_000);
    await writeFile(join(folder, 'file.bin'), payload);
    const server = await startNativeServer({ fileRoot: folder, uploadLimit: 2_000_000 });
    closing.push(() => server.close());
    const stopped = new AbortController();
    const never = new AbortController().signal;
    const fetching = (name: string, extra: Partial<NativeDownloadOptions>) => {
      const choice = { path: join(folder, name), uploadLimit: 1_000_000, stayMs: 1500, signal: never };
      return fetchFrom(server, { path: '/file.bin' }, { ...choice, ...extra });
    };
    const poison = new PoisonCarrier();
    const poisoner = fetching('poisoner', { carrier: poison });
    const leaver = fetching('leaver', {
      signal: stopped.signal,
      onProgress: ({ bytesDone }) => bytesDone > payload.length / 3 && stopped.abort(new Error('gone')),
    }).catch((error: Error) => error.message);
    const honest = ['one', 'two', 'three'];
    await Promise.all([...honest.map((name) => fetching(name, {})), poisoner]);
    expect(await leaver).toBe('gone');
    for (const name of [...honest, 'poisoner']) {
      expect(hashOf(await readFile(join(folder, name))), name).toBe(hashOf(payload));
    }
    expect(poison.poisoned).toBeGreaterThan(0);
    expect(poison.poisoned).toBeLessThanOrEqual(8);
  }, 60_000);
});

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
