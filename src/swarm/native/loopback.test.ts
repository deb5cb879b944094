import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { nativeDownload } from './native-download.ts';
import { NativeServer } from './native-server.ts';
import { serverIdentity } from './server-identity.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('a server and peers of the native dialect', () => {
  it('carry a file to all, mostly without the server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'native-'));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    const payload = randomBytes(1_500_000);
    await writeFile(join(folder, 'file.bin'), payload);
    const server = await NativeServer.start({
      clock: systemClock,
      log: silentLogger,
      random: () => 0.5,
      listen: { host: '127.0.0.1', port: 0 },
      fileRoot: folder,
      identity: serverIdentity(systemClock.utcMs()),
      givePort: 0,
      uploadLimit: 4_000_000,
    });
    closing.push(() => server.close());
    const key = server.publicKey;
    const stop = new AbortController();
    const fetches = [0, 1, 2].map((index) =>
      nativeDownload({
        clock: systemClock,
        log: silentLogger,
        url: { host: '127.0.0.1', port: server.address.port, path: '/file.bin', key },
        displayUrl: 'pdtps://test/file.bin',
        give: { host: '127.0.0.1', port: 0 },
        uploadLimit: 0,
        path: join(folder, `out${index}`),
        sink: undefined,
        isKept: true,
        stallMs: 10_000,
        stayMs: 300,
        signal: stop.signal,
        onProgress: () => {},
      }),
    );
    await Promise.all(fetches);
    for (const index of [0, 1, 2]) expect(hashOf(await readFile(join(folder, `out${index}`)))).toBe(hashOf(payload));
    expect(server.bytesGiven).toBeLessThan(2.6 * payload.length);
  }, 20_000);
});

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
