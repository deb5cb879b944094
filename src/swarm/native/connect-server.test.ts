import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connect,
  createSecureContext,
  createServer as createTlsServer,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateAuthority, type IssueOptions } from '../../../test/support/certificate-authority.ts';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import type { CertificatePair } from '../../net/certificate/certificate-files.ts';
import { SWARM_ALPN } from '../../protocols/swarm/peer-messages.ts';
import { acceptPeer } from './accept-peer.ts';
import { connectServer } from './connect-server.ts';
import { ServerCertificates } from './server-certificates.ts';
import { serverIdentity } from './server-identity.ts';

const DAY_MS = 86_400_000;
const authority = new CertificateAuthority();
const identity = serverIdentity(Date.now());
const other = serverIdentity(Date.now());
const clock = new FakeClock();
const closers: (() => void)[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-pki-'));
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
  rmSync(folder, { recursive: true });
});

const filesOf = () => ({ certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') });

function write({ cert, key }: CertificatePair): void {
  writeFileSync(filesOf().certificate, cert);
  writeFileSync(filesOf().key, key, { mode: 0o600 });
}

/** A server that shows its own certificate, and that of an authority when one is issued; answers its port. */
async function serve(issue?: IssueOptions, alpn = SWARM_ALPN): Promise<number> {
  if (issue) write(authority.issue(issue));
  const certificates = new ServerCertificates({
    own: identity.certificate,
    files: issue && filesOf(),
    clock,
    log: silentLogger,
    onChange: (changed: SecureContextOptions) => {
      context = createSecureContext(changed);
    },
  });
  let context = createSecureContext(certificates.context);
  const take = (tls: TLSSocket) => void tls.on('error', () => {}).resume();
  const server =
    alpn === SWARM_ALPN
      ? createServer((socket) => acceptPeer(socket, context, clock, ({ tls }) => take(tls)))
      : createTlsServer({ ...certificates.context, ALPNProtocols: [alpn] }, take);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(
    () => certificates.close(),
    () => server.close(),
  );
  return (server.address() as AddressInfo).port;
}

function open(port: number, key?: Buffer, host = 'localhost', authorities = [authority.certificate]) {
  return connectServer({
    clock: systemClock,
    url: { host, port, path: '/file', key },
    displayUrl: 'pdtps://there/file',
    signal: new AbortController().signal,
    certificateAuthorities: authorities,
  }).then(({ socket, tls }) => {
    closers.push(() => socket.destroy());
    return tls;
  });
}

const kindOf = (socket: TLSSocket) => socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType;
const unproven = (reason: string) => ({ code: 'UNPROVEN', message: expect.stringContaining(reason) });

describe('a connection with a server of the native dialect', () => {
  it.each(['ec', 'rsa'] as const)('goes by a certificate authority without a key (%s)', async (kind) => {
    const port = await serve({ names: ['localhost'], kind });
    expect(kindOf(await open(port))).toBe(kind);
  });

  it.each(['ec', 'rsa'] as const)('goes by the key of the address beside a certificate of kind %s', async (kind) => {
    const port = await serve({ names: ['elsewhere.example'], kind });
    expect(kindOf(await open(port, identity.publicKey, '127.0.0.1', []))).toBe('ed25519');
    await expect(open(port, other.publicKey)).rejects.toMatchObject(unproven('its key is not the one in the address'));
  });

  it.each(['ec', 'rsa'] as const)('shows a peer of before, which offers all kinds, the own key (%s)', async (kind) => {
    const port = await serve({ names: ['localhost'], kind });
    const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: [SWARM_ALPN], rejectUnauthorized: false });
    closers.push(() => socket.destroy());
    await once(socket, 'secureConnect');
    expect(kindOf(socket)).toBe('ed25519');
  });

  it('checks an address by the addresses of the certificate', async () => {
    const port = await serve({ names: ['127.0.0.1'] });
    expect(kindOf(await open(port, undefined, '127.0.0.1'))).toBe('ec');
    await expect(open(port)).rejects.toMatchObject(unproven('its certificate is for 127.0.0.1, not for localhost'));
  });

  it('refuses a certificate of another name, and shows only some of many', async () => {
    const port = await serve({ names: ['a.example', 'b.example', 'c.example', 'd.example'] });
    const reason = 'its certificate is for a.example, b.example, c.example and others, not for localhost';
    await expect(open(port)).rejects.toMatchObject(unproven(reason));
  });

  it('refuses a certificate of an unknown authority', async () => {
    const port = await serve({ names: ['localhost'] });
    const reason = 'its certificate is of no authority that is trusted here';
    for (const name of ['another authority', 'test authority']) {
      const stranger = new CertificateAuthority(name).certificate;
      await expect(open(port, undefined, 'localhost', [stranger]), name).rejects.toMatchObject(unproven(reason));
    }
  });

  it('refuses a certificate that has expired, and one whose time has not come', async () => {
    const nowUtcMs = Date.now();
    const expired = { fromUtcMs: nowUtcMs - 9 * DAY_MS, untilUtcMs: nowUtcMs - DAY_MS };
    const port = await serve({ names: ['localhost'], ...expired });
    await expect(open(port)).rejects.toMatchObject(unproven('its certificate has expired'));
    const coming = { fromUtcMs: nowUtcMs + DAY_MS, untilUtcMs: nowUtcMs + 9 * DAY_MS };
    const later = await serve({ names: ['localhost'], ...coming });
    await expect(open(later)).rejects.toMatchObject(unproven('its certificate is not valid yet'));
  });

  it('says that an address without a key leads to a server without a certificate of an authority', async () => {
    await expect(open(await serve())).rejects.toMatchObject(unproven('the address has no #key='));
  });

  it('refuses what speaks another protocol', async () => {
    const port = await serve({ names: ['localhost'] }, 'http/1.1');
    await expect(open(port)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('dialect'),
    });
  });

  it('says so when a port speaks no TLS', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    await expect(open((server.address() as AddressInfo).port)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('as a port of pdtp:// does'),
    });
  });

  it('takes a renewed certificate, and keeps the one before when the new one cannot be used', async () => {
    const port = await serve({ names: ['old.example'] });
    write(authority.issue({ names: ['localhost'], kind: 'ed25519' }));
    clock.advance(10_000);
    await expect(open(port)).rejects.toMatchObject(unproven('old.example'));
    write(authority.issue({ names: ['localhost'], kind: 'rsa' }));
    clock.advance(10_000);
    expect(kindOf(await open(port))).toBe('rsa');
    expect(kindOf(await open(port, identity.publicKey))).toBe('ed25519');
  });

  it("does not begin with an authority's Ed25519 certificate: its place is that of the own key", async () => {
    const before = clock.pendingCount;
    await expect(serve({ names: ['localhost'], kind: 'ed25519' })).rejects.toMatchObject({ code: 'TLS_UNUSABLE' });
    expect(clock.pendingCount).toBe(before);
  });
});
