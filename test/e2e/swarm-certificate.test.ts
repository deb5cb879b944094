import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { type Child, start, until } from './support/child.ts';
import { startDistream } from './support/distream.ts';
import { startLiveSource } from './support/live-source.ts';
import { freePort } from './support/ports.ts';

const BIN = fileURLToPath(new URL('../../bin/distream.js', import.meta.url));
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** A folder with a certificate for `localhost` and the authority that signed it. */
function certified(kind: 'ec' | 'rsa') {
  const folder = mkdtempSync(join(tmpdir(), 'distream-e2e-certificate-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const authority = new CertificateAuthority();
  const { cert, key } = authority.issue({ names: ['localhost'], kind });
  const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), ca: join(folder, 'ca.pem') };
  writeFileSync(files.certificate, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  writeFileSync(files.ca, authority.certificate);
  return { folder, files };
}

function distream(cwd: string, args: readonly string[], ca?: string): Child {
  const env = { ...process.env, ...(ca && { NODE_EXTRA_CA_CERTS: ca }) };
  const child = start(process.execPath, [BIN, ...args], { cwd, env });
  closers.push(() => child.process.kill('SIGKILL'));
  return child;
}

describe('an address of the native dialect without a key', () => {
  it('fetches a file by the certificate of the server, beside addresses with its key', async () => {
    const { folder, files } = certified('rsa');
    const root = join(folder, 'root');
    mkdirSync(root);
    const random = seededRandom(7);
    const song = Buffer.from(Uint8Array.from({ length: 300_000 }, () => Math.floor(random() * 256)));
    writeFileSync(join(root, 'song.mp3'), song);
    const native = await freePort();
    const ports = ['--port', String(await freePort()), '--native-port', String(native)];
    const tls = ['--certificate', files.certificate, '--certificate-key', files.key];
    const server = distream(folder, ['serve', root, '--host', '127.0.0.1', ...ports, ...tls]);
    const pinned = await until('the address', () => /pdtps:\/\/\S+#key=[\w-]{43}/.exec(server.errors())?.[0]);
    const plain = `pdtps://localhost:${native}/song.mp3`;
    await until('the plain address', () => server.errors().includes(`pdtps://localhost:${native}/PATH,`) || undefined);

    const get = (url: string, name: string, ca?: string) =>
      distream(folder, ['get', url, '-o', name, '--no-upload'], ca);
    const trusting = get(plain, 'trusted.mp3', files.ca);
    expect(await trusting.exited, trusting.errors()).toBe(0);
    expect(readFileSync(join(folder, 'trusted.mp3')).equals(song)).toBe(true);
    const knowing = get(pinned.replace('PATH', 'song.mp3').replace('localhost', '127.0.0.1'), 'pinned.mp3');
    expect(await knowing.exited, knowing.errors()).toBe(0);
    expect(readFileSync(join(folder, 'pinned.mp3')).equals(song)).toBe(true);
    const strange = get(plain, 'strange.mp3');
    expect(await strange.exited).toBe(5);
    expect(strange.errors()).toContain('does not prove who it is: its certificate is of no authority');
  });

  it('plays a live stream of a node whose output has a certificate', async () => {
    const { folder, files } = certified('ec');
    const source = await startLiveSource();
    closers.push(() => source.close());
    const native = await freePort();
    const node = await startDistream(`
  radio:
    input: { type: icecast, url: "${source.url}" }
    outputs:
      - type: pdtp
        listen: { host: 127.0.0.1, port: ${await freePort()} }
        nativePort: ${native}
        givePort: ${await freePort()}
        tls: { certificate: "${files.certificate}", key: "${files.key}" }`);
    await until('its address', () => /pdtps:\/\/\S+/.exec(node.errors())?.[0], 20_000);
    const listener = distream(folder, ['get', '-o', '-', `pdtps://localhost:${native}/radio`], files.ca);
    let heard = 0;
    listener.process.stdout!.on('data', (bytes: Buffer) => {
      heard += bytes.length;
    });
    await until('some sound', () => heard > 20_000 || undefined, 40_000).catch((error: Error) => {
      throw new Error(`${error.message}: ${listener.errors()} ${node.errors()}`);
    });
    expect(await listener.stop('SIGINT')).toBe(130);
    await node.stop();
  });
});

describe('the certificate of a server', () => {
  it('needs its key, and both can be read', async () => {
    const { folder, files } = certified('ec');
    const alone = distream(folder, ['serve', folder, '--certificate', files.certificate]);
    expect(await alone.exited).toBe(2);
    expect(alone.errors()).toContain('--certificate and --certificate-key go together');
    const ports = ['--port', String(await freePort()), '--native-port', String(await freePort())];
    const missing = ['--certificate', files.certificate, '--certificate-key', '/missing.pem'];
    const broken = distream(folder, ['serve', folder, '--host', '127.0.0.1', ...ports, ...missing]);
    expect(await broken.exited).toBe(3);
    expect(broken.errors()).toContain('/missing.pem');
  });
});
