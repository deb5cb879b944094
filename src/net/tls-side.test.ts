import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectPlain, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from '../../test/support/localhost-certificate.ts';
import { exchange, RawClient } from '../../test/support/raw-client.ts';
import { RENEWED_CERTIFICATE, RENEWED_KEY } from '../../test/support/renewed-certificate.ts';
import { openTestNetwork, TestMount, type TestNetwork } from '../../test/support/test-network.ts';

let folder: string;
let open: TestNetwork | undefined;
let files: { certificate: string; key: string };

function write(certificate: string, key: string): void {
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key, { mode: 0o600 });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-tls-'));
  files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  write(LOCALHOST_CERTIFICATE, LOCALHOST_KEY);
});

afterEach(() => {
  open?.network.close();
  rmSync(folder, { recursive: true });
});

async function secureClient(port: number): Promise<TLSSocket> {
  const ca = [LOCALHOST_CERTIFICATE, RENEWED_CERTIFICATE];
  const socket = connect({ port, host: '127.0.0.1', ca, checkServerIdentity: () => undefined });
  await once(socket, 'secureConnect');
  return socket;
}

async function ask(port: number, request: string): Promise<string> {
  const client = new RawClient(await secureClient(port));
  client.send(request);
  return client.untilClosed();
}

describe('TLS on the front', () => {
  it('speaks TLS and plain on one port', async () => {
    open = await openTestNetwork({ tls: files });
    const live = new TestMount('/live');
    (await open.network.front()).claimListener(live);
    expect(await ask(open.port, 'GET /live HTTP/1.1\r\n\r\n')).toContain('hello /live');
    expect(await exchange(open.port, 'GET /live HTTP/1.1\r\n\r\n')).toContain('hello /live');
    expect(live.accepted.map(({ secure, clientAddress }) => [secure, clientAddress])).toEqual([
      [true, '127.0.0.1'],
      [false, '127.0.0.1'],
    ]);
    expect(await ask(open.port, 'GET /api/x HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('node:http GET /api/x');
    while (open.network.counters().connections > 0) await new Promise(setImmediate);
    expect(open.clock.pendingCount).toBe(1);
  });

  it('takes a handshake byte by byte', async () => {
    open = await openTestNetwork({ tls: files });
    const { port } = open;
    const trickle = createServer((from) => {
      const to = connectPlain({ port, host: '127.0.0.1', noDelay: true });
      const bytes: Buffer[] = [];
      const sendNext = () => {
        const next = bytes.shift();
        if (next) to.write(next, () => setImmediate(sendNext));
        else setImmediate(() => (to.destroyed ? undefined : sendNext()));
      };
      from.on('data', (data) => bytes.push(...Array.from(data, (byte) => Buffer.from([byte]))));
      sendNext();
      to.pipe(from);
    }).listen(0, '127.0.0.1');
    await once(trickle, 'listening');
    const answer = await ask((trickle.address() as AddressInfo).port, 'GET /api/x HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answer).toContain('node:http GET /api/x');
    trickle.close();
  });

  it('closes what only begins like TLS', async () => {
    open = await openTestNetwork({ tls: files });
    expect(await exchange(open.port, '\x16\x03\x01\x00\x05garbage')).not.toContain('HTTP');
    expect(open.network.counters().refusedTotal).toEqual({ 'failed-tls': 1 });
  });

  it('uses a renewed certificate and drops nobody', async () => {
    open = await openTestNetwork({ tls: files });
    const live = new TestMount('/live');
    live.onAccept = ({ socket }) => void socket.write('ICY 200 OK\r\n\r\n');
    (await open.network.front()).claimListener(live);
    const before = await secureClient(open.port);
    const listener = new RawClient(before);
    listener.send('GET /live HTTP/1.0\r\n\r\n');
    await listener.until('200 OK');
    expect(before.getPeerCertificate().subject.CN).toBe('localhost');
    write(RENEWED_CERTIFICATE, LOCALHOST_KEY);
    open.clock.advance(10_000);
    const unchanged = await secureClient(open.port);
    expect(unchanged.getPeerCertificate().subject.CN).toBe('localhost');
    write(RENEWED_CERTIFICATE, RENEWED_KEY);
    open.clock.advance(1_000);
    writeFileSync(files.certificate, `${RENEWED_CERTIFICATE}\n`);
    open.clock.advance(10_000);
    const after = await secureClient(open.port);
    expect(after.getPeerCertificate().subject.CN).toBe('renewed.example');
    live.accepted[0]!.socket.write('still here');
    await listener.until('still here');
    for (const socket of [before, unchanged, after]) socket.destroy();
  });

  it('does not start with what is no certificate', async () => {
    write('nonsense', LOCALHOST_KEY);
    await expect(openTestNetwork({ tls: files })).rejects.toMatchObject({ code: 'TLS_UNUSABLE' });
    write(LOCALHOST_CERTIFICATE, RENEWED_KEY);
    await expect(openTestNetwork({ tls: files })).rejects.toMatchObject({ code: 'TLS_UNUSABLE' });
    await expect(openTestNetwork({ tls: { ...files, key: '/missing' } })).rejects.toThrow('/missing');
  });
});
