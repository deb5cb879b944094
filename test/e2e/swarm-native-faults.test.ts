import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { formatSwarmUrl } from '../../src/protocols/swarm/swarm-url.ts';
import type { NativeDownloadOptions } from '../../src/swarm/native/native-download.ts';
import { AlteredCarrier } from './support/altered-carrier.ts';
import { canMount, itWhere } from './support/binaries.ts';
import { start, until } from './support/child.ts';
import { fetchFrom, startNativeServer } from './support/native-swarm.ts';

const BIN = fileURLToPath(new URL('../../bin/distream.js', import.meta.url));
const CHUNK_BYTES = 65_536;
const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server with `file.bin`. */
async function serving(payload: Buffer, uploadLimit: number) {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-faults-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'file.bin'), payload);
  const server = await startNativeServer({ fileRoot: folder, uploadLimit });
  closing.push(() => server.close());
  const url = formatSwarmUrl('127.0.0.1', server.address.port, '/file.bin', server.publicKey);
  const fetching = (name: string, extra: Partial<NativeDownloadOptions> = {}) => {
    const stop = new AbortController();
    const choice = { path: join(folder, name), uploadLimit: 2_000_000, stayMs: 60_000, signal: stop.signal };
    const ended = fetchFrom(server, { path: '/file.bin' }, { ...choice, ...extra }).catch(() => {});
    closing.push(async () => {
      stop.abort();
      await ended;
    });
    const isRight = () => existsSync(join(folder, name)) && readFileSync(join(folder, name)).equals(payload);
    return { whole: () => until(`${name} is whole and right`, isRight, 40_000), path: join(folder, name) };
  };
  const convicted = () => {
    const { judge, members } = [...server.conductor.files][0]!;
    return [...members].filter(({ trustId }) => judge.ledger.standing(trustId) === 'convicted').length;
  };
  return { server, folder, url, fetching, convicted };
}

/** `distream get` as a program of its own. */
function get(folder: string, ...args: readonly string[]) {
  const child = start(process.execPath, [BIN, 'get', '--no-upload', ...args], { cwd: folder });
  closing.push(() => child.stop('SIGKILL'));
  return child;
}

describe('peers of the native dialect that fail or lie', () => {
  it('one that stops in the middle of chunks, and says nothing: all others finish', async () => {
    const { fetching } = await serving(randomBytes(40 * CHUNK_BYTES), 1_500_000);
    let sent = 0;
    const stuck = fetching('stuck', {
      carrier: new AlteredCarrier((piece, { offset }) => (offset > 16_384 && sent++ >= 0 ? undefined : piece)),
    });
    const honest = ['one', 'two', 'three'].map((name) => fetching(name));
    for (const { whole } of [stuck, ...honest]) await whole();
    expect(sent).toBeGreaterThan(0);
  }, 90_000);

  it('one whose disk lost chunks after it had verified them: nobody takes them for right', async () => {
    const payload = randomBytes(30 * CHUNK_BYTES);
    const { fetching } = await serving(payload, 600_000);
    const first = fetching('first');
    await first.whole();
    // all but what it still has in memory
    writeFileSync(first.path, Buffer.alloc(payload.length));
    const others = ['one', 'two', 'three'].map((name) => fetching(name));
    for (const { whole } of others) await whole();
  }, 90_000);

  it('a taker that calls everything wrong: no honest peer is convicted, all others finish', async () => {
    const { server, fetching, convicted } = await serving(randomBytes(40 * CHUNK_BYTES), 800_000);
    const honest = ['one', 'two', 'three'].map((name) => fetching(name));
    const file = () => [...server.conductor.files][0];
    await until('a file', () => file() !== undefined);
    // as if the liar had said so of each giver, at each receipt
    const receive = server.conductor.receive.bind(server.conductor);
    let lies = 0;
    server.conductor.receive = (member, message) => {
      if (message.type !== 'receipts' || member.where.listenPort !== 0) return receive(member, message);
      const receipts = message.receipts.map((one) => ({ ...one, outcome: 'bad' as const }));
      lies += receipts.length;
      receive(member, { type: 'receipts', receipts });
    };
    fetching('liar', { give: undefined });
    for (const { whole } of honest) await whole();
    expect(lies).toBeGreaterThan(0);
    expect(convicted()).toBe(0);
  }, 90_000);
});

describe('distream get of the native dialect', () => {
  it('fails when the file changes meanwhile, and brings the new version the next time', async () => {
    const { folder, url } = await serving(randomBytes(100 * CHUNK_BYTES), 500_000);
    const first = get(folder, url, '-o', 'copy');
    await until('some of it', () => existsSync(join(folder, 'copy.part')));
    const other = randomBytes(3 * CHUNK_BYTES);
    writeFileSync(join(folder, 'file.bin'), other);
    expect(await first.exited).toBe(1);
    expect(first.errors()).toMatch(/has changed/);
    const second = get(folder, url, '-o', 'copy');
    expect(await second.exited, second.errors()).toBe(0);
    expect(readFileSync(join(folder, 'copy')).equals(other)).toBe(true);
  }, 60_000);

  it('says that what it writes to is full', async () => {
    const { folder, url } = await serving(randomBytes(5 * CHUNK_BYTES), 2_000_000);
    const child = get(folder, url, '-o', '/dev/full');
    expect(await child.exited).toBe(1);
    expect(child.errors()).toMatch(/cannot write.*the disk is full/s);
  }, 60_000);

  itWhere(
    canMount(),
    'says that the disk is full, and leaves no file that looks whole',
    async () => {
      const { folder, url } = await serving(randomBytes(40 * CHUNK_BYTES), 4_000_000);
      const script = 'mkdir disk && mount -t tmpfs -o size=1m none disk && "$@"; code=$?; ls disk; exit $code';
      const command = [process.execPath, BIN, 'get', '--no-upload', url, '-o', 'disk/copy'];
      const child = start('unshare', ['-mr', 'sh', '-c', script, 'sh', ...command], { cwd: folder });
      let listed = '';
      child.process.stdout!.on('data', (bytes: Buffer) => {
        listed += bytes;
      });
      expect(await child.exited, child.errors()).toBe(1);
      expect(child.errors()).toMatch(/cannot write/);
      expect(listed.split('\n')).not.toContain('copy');
    },
    60_000,
  );
});
