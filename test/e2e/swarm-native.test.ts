import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { type NativeDownloadOptions, nativeDownload } from '../../src/swarm/native/native-download.ts';
import { NativeServer } from '../../src/swarm/native/native-server.ts';
import { serverIdentity } from '../../src/swarm/native/server-identity.ts';
import { PoisonCarrier } from './support/altered-carrier.ts';

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
    const server = await NativeServer.start({
      clock: systemClock,
      log: silentLogger,
      random: Math.random,
      listen: { host: '127.0.0.1', port: 0 },
      fileRoot: folder,
      identity: serverIdentity(systemClock.utcMs()),
      givePort: 0,
      uploadLimit: 2_000_000,
    });
    closing.push(() => server.close());
    const stopped = new AbortController();
    const never = new AbortController().signal;
    const fetching = (name: string, extra: Partial<NativeDownloadOptions>) =>
      nativeDownload({
        clock: systemClock,
        log: silentLogger,
        url: { host: '127.0.0.1', port: server.address.port, path: '/file.bin', key: server.publicKey },
        displayUrl: 'pdtps://127.0.0.1/file.bin',
        give: { host: '127.0.0.1', port: 0 },
        uploadLimit: 1_000_000,
        path: join(folder, name),
        sink: undefined,
        isKept: true,
        stallMs: 20_000,
        stayMs: 1500,
        signal: never,
        onProgress: () => {},
        ...extra,
      });
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
