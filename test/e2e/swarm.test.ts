import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../support/seeded-random.ts';
import { type Child, start, until } from './support/child.ts';
import { get, restartDistream, startDistream } from './support/distream.ts';
import { liveNumbers, startLiveSource } from './support/live-source.ts';
import { freePort } from './support/ports.ts';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const bin = (name: string, args: readonly string[], cwd: string): Child => {
  const child = start(process.execPath, [join(BIN, `${name}.js`), ...args], { cwd });
  closers.push(() => child.process.kill('SIGKILL'));
  return child;
};
const folderOf = (name: string) => mkdtempSync(join(tmpdir(), `distream-e2e-swarm-${name}-`));

function noise(bytes: number): Buffer {
  const random = seededRandom(bytes);
  return Buffer.from(Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256)));
}

interface Swarm {
  readonly port: number;
  readonly root: string;
  readonly server: Child;
  url(path: string): string;
  page(): Promise<string>;
}

/** A `dstream` with one file, `song.mp3`. */
async function serve(song: Buffer, chunkSize = 20_000): Promise<Swarm> {
  const port = await freePort();
  const root = folderOf('root');
  writeFileSync(join(root, 'song.mp3'), song);
  const conf = join(folderOf('conf'), 'server.yml');
  const givePort = await freePort();
  writeFileSync(
    conf,
    `:vhost: localhost\n:host: 127.0.0.1\n:port: ${port}\n:listen_port: ${givePort}\n:file_root: ${root}\n:chunk_size: ${chunkSize}\n`,
  );
  const server = bin('dstream', ['--conf', conf], root);
  const page = async () => (await get(`http://127.0.0.1:${port + 1}/status/`)).toString();
  await until('the server', page).catch((error: Error) => {
    throw new Error(`${error.message}: ${server.errors()}`);
  });
  return { port, root, server, url: (path) => `pdtp://127.0.0.1:${port}/${path}`, page };
}

/** A member of a swarm that speaks dialect 1 by hand and provides `song.mp3` from a port of its own. */
async function handMadeGiver(swarm: Swarm, answer: (socket: Socket, range: { min: number; max: number }) => void) {
  const calls: string[] = [];
  const listener: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (head) => {
      calls.push(head.toString());
      const [, min = '0', max = '0'] = /bytes=(\d+)-(\d+)/.exec(head.toString()) ?? [];
      answer(socket, { min: Number(min), max: Number(max) });
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  const { connect } = await import('node:net');
  const line = connect(swarm.port, '127.0.0.1');
  line.on('error', () => {});
  line.resume();
  const say = (...message: unknown[]) => line.write(`${JSON.stringify(message)}\n`);
  say('client_info', { client_id: `hand-${port}`, listen_port: port });
  say('provide', { url: 'http://localhost/song.mp3' });
  closers.push(() => {
    line.destroy();
    listener.close();
  });
  await until('the giver to be known', async () =>
    /song\.mp3<\/td>.*<td class="n">2<\/td><td/.test(await swarm.page()),
  );
  return { calls };
}

const partial = ({ min, max }: { min: number; max: number }, bytes: Buffer) =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 206 Partial Content\r\nContent-Range: bytes ${min}-${max}/*\r\nContent-Length: ${max - min + 1}\r\n\r\n`,
    ),
    bytes,
  ]);

describe('a swarm of programs', () => {
  it('brings a file to many, whole, while some are killed; peers carry a part of it', async () => {
    const song = noise(2_000_000);
    const swarm = await serve(song);
    const folders = Array.from({ length: 5 }, (_, index) => folderOf(`peer${index}`));
    const clients = folders.map((cwd, index) =>
      index % 2 ? bin('distream', ['get', swarm.url('song.mp3')], cwd) : bin('dsclient', [swarm.url('song.mp3')], cwd),
    );
    const victim = bin('dsclient', ['--listen', String(await freePort()), swarm.url('song.mp3')], folderOf('victim'));
    await until('a peer', async () => /Peers<\/th><td>[1-9]/.test(await swarm.page()));
    victim.process.kill('SIGKILL');
    for (const client of clients) expect(await client.exited, client.errors()).toBe(0);
    for (const cwd of folders) expect(readFileSync(join(cwd, 'song.mp3')).equals(song)).toBe(true);
    expect(existsSync(join(folders[0]!, 'song.mp3.part'))).toBe(false);
    expect(await swarm.server.stop()).toBe(0);
  });

  it('writes to a pipe in order, in both dialects, and nothing for a file that is not there', async () => {
    const song = noise(300_001);
    const swarm = await serve(song, 5000);
    for (const args of [
      ['-o', swarm.url('song.mp3')],
      ['--dialect', '2', '-o', '-', swarm.url('song.mp3?query')],
    ]) {
      const client = bin('dsclient', args, folderOf('pipe'));
      const chunks: Buffer[] = [];
      client.process.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
      expect(await client.exited, client.errors()).toBe(0);
      expect(Buffer.concat(chunks).equals(song)).toBe(true);
    }
    const cwd = folderOf('none');
    const missing = bin('dsclient', [swarm.url('none.mp3')], cwd);
    expect(await missing.exited).toBe(5);
    expect(missing.errors()).toContain('NOT_PUBLISHED');
    expect(existsSync(join(cwd, 'none.mp3'))).toBe(false);
  });

  it('publishes nothing outside of its root', async () => {
    const swarm = await serve(noise(1000));
    writeFileSync(join(swarm.root, '..', 'outside-of-swarm.txt'), 'secret');
    symlinkSync('/etc/hostname', join(swarm.root, 'link.txt'));
    mkdirSync(join(swarm.root, 'folder'));
    for (const path of [
      '../outside-of-swarm.txt',
      '%2e%2e/outside-of-swarm.txt',
      'link.txt',
      'folder',
      '/etc/hostname',
    ]) {
      const client = bin('dsclient', ['-o', '-', swarm.url(path)], swarm.root);
      expect(await client.exited, path).toBe(5);
    }
  });

  it('finds files that come while it runs, and resumes a part of which one chunk rotted', async () => {
    const swarm = await serve(noise(1000), 5000);
    const late = noise(400_000);
    writeFileSync(join(swarm.root, 'late.bin'), late);
    const cwd = folderOf('resume');
    const first = bin('dsclient', [swarm.url('late.bin')], cwd);
    await until(
      'a part',
      () => existsSync(join(cwd, 'late.bin.part')) && statSync(join(cwd, 'late.bin.part')).size > 50_000,
    );
    await first.stop('SIGKILL');
    const part = readFileSync(join(cwd, 'late.bin.part'));
    part[100] = part[100]! ^ 1;
    writeFileSync(join(cwd, 'late.bin.part'), part);
    const second = bin('dsclient', [swarm.url('late.bin')], cwd);
    expect(await second.exited, second.errors()).toBe(0);
    expect(readFileSync(join(cwd, 'late.bin')).equals(late)).toBe(true);
    expect(second.errors()).toMatch(/every chunk verified/);
  });

  it.each<[string, (socket: Socket, range: { min: number; max: number }) => void]>([
    ['lies', (socket, range) => socket.end(partial(range, Buffer.alloc(range.max - range.min + 1, 7)))],
    ['stops in the middle', (socket, range) => socket.end(partial(range, Buffer.alloc(10)))],
    ['is rude', (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n')],
  ])('reaches the right bytes although a giver %s', async (_, answer) => {
    const song = noise(200_000);
    const swarm = await serve(song);
    const warm = bin('dsclient', [swarm.url('song.mp3')], folderOf('warm'));
    expect(await warm.exited, warm.errors()).toBe(0);
    const giver = await handMadeGiver(swarm, answer);
    const cwd = folderOf('taker');
    const client = bin('dsclient', ['--no-upload', swarm.url('song.mp3')], cwd);
    expect(await client.exited, client.errors()).toBe(0);
    expect(readFileSync(join(cwd, 'song.mp3')).equals(song)).toBe(true);
    expect(giver.calls.length).toBeGreaterThan(0);
  });

  it('has a seed whose disk rotted, and is whole none the less', async () => {
    const song = noise(200_000);
    const swarm = await serve(song);
    const copy = folderOf('seed');
    const rotten = Buffer.from(song);
    rotten[50_000] = rotten[50_000]! ^ 255;
    writeFileSync(join(copy, 'song.mp3'), rotten);
    const seed = bin(
      'distream',
      ['seed', `pdtp://127.0.0.1:${swarm.port}`, copy, '--give-port', String(await freePort())],
      copy,
    );
    await until('the seed', () => seed.errors().includes('connected'));
    const cwd = folderOf('taker');
    const client = bin('dsclient', ['--no-upload', swarm.url('song.mp3')], cwd);
    expect(await client.exited, client.errors()).toBe(0);
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(hash(readFileSync(join(cwd, 'song.mp3')))).toBe(hash(song));
    expect(await seed.stop()).toBe(0);
  });

  it('says that the disk is full', async () => {
    const swarm = await serve(noise(100_000));
    const client = bin('dsclient', ['-o', '/dev/full', swarm.url('song.mp3')], folderOf('full'));
    expect(await client.exited).toBe(1);
    expect(client.errors()).toMatch(/FILE_UNWRITABLE/);
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  });

  it('tells a taker that the file has changed, and gives the new one to the next', async () => {
    const swarm = await serve(noise(3_000_000), 5000);
    const cwd = folderOf('changed');
    const client = bin('dsclient', [swarm.url('song.mp3')], cwd);
    const path = join(cwd, 'song.mp3.part');
    await until('a part', () => existsSync(path) && statSync(path).size > 20_000);
    const other = noise(50_000);
    writeFileSync(join(swarm.root, 'song.mp3'), other);
    expect(await client.exited).toBe(1);
    expect(client.errors()).toMatch(/has changed/);
    const next = bin('dsclient', [swarm.url('song.mp3')], cwd);
    expect(await next.exited, next.errors()).toBe(0);
    expect(readFileSync(join(cwd, 'song.mp3')).equals(other)).toBe(true);
  });
});

describe('a live stream in a swarm', () => {
  it('reaches two listeners, every frame in order', async () => {
    const source = await startLiveSource();
    closers.push(() => source.close());
    const port = await freePort();
    const node = await startDistream(`
  radio:
    input: { type: icecast, url: "${source.url}" }
    outputs:
      - { type: pdtp, listen: { host: 127.0.0.1, port: ${port} }, givePort: ${await freePort()}, chunkBytes: 3840 }`);
    const listen = async () => {
      const client = bin('distream', ['get', '-o', '-', `pdtp://127.0.0.1:${port}/radio`], folderOf('live'));
      let heard = Buffer.alloc(0);
      client.process.stdout!.on('data', (bytes: Buffer) => {
        heard = Buffer.concat([heard, bytes]);
      });
      await until('sound', () => heard.length > 0).catch((error: Error) => {
        throw new Error(`${error.message}: ${client.errors()} ${node.errors()}`);
      });
      return { client, heard: () => heard };
    };
    const listeners = [await listen(), await listen()];
    await until('some seconds', () => listeners.every(({ heard }) => heard().length > 80_000), 40_000);
    const swarm = JSON.parse((await get(`${node.url}/api/v1/swarm`)).toString());
    expect(swarm).toMatchObject({ dialects: expect.arrayContaining(['pdtp']), counts: { peers: 2 } });
    expect(Object.values(swarm.files)).toEqual([expect.objectContaining({ path: '/radio', live: true, takers: 2 })]);
    for (const { client, heard } of listeners) {
      // chunks are cut anywhere: the first whole frame is where its number makes it one
      const bytes = heard();
      const first = bytes.indexOf(Buffer.from('fffb9400', 'hex'));
      const numbers = liveNumbers(bytes.subarray(first));
      expect(numbers.every((number, at) => at === 0 || number === numbers[at - 1]! + 1)).toBe(true);
      expect(await client.stop('SIGINT')).toBe(130);
    }
    await node.stop();
  });
});

describe('a live stream of a node in the native dialect', () => {
  it('plays at the address that the log names, which is the same after a restart', async () => {
    const source = await startLiveSource();
    closers.push(() => source.close());
    const port = await freePort();
    const nativePort = await freePort();
    const first = await startDistream(`
  radio:
    input: { type: icecast, url: "${source.url}" }
    outputs:
      - { type: pdtp, listen: { host: 127.0.0.1, port: ${port} }, nativePort: ${nativePort}, givePort: ${await freePort()} }`);
    const addressOf = (node: typeof first) =>
      until('its address', () => /pdtps:\/\/\S+/.exec(node.errors())?.[0], 20_000);
    const address = await addressOf(first);
    expect(address).toContain(`:${nativePort}/radio#key=`);
    await first.stop();
    const node = await restartDistream(first);
    expect(await addressOf(node)).toBe(address);
    const client = bin('distream', ['get', '-o', '-', address.replace('localhost', '127.0.0.1')], folderOf('native'));
    let heard = Buffer.alloc(0);
    client.process.stdout!.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
    });
    await until('some seconds', () => heard.length > 120_000, 40_000).catch((error: Error) => {
      throw new Error(`${error.message}: ${client.errors()} ${node.errors()}`);
    });
    // chunks are cut at frames
    const numbers = liveNumbers(heard);
    expect(numbers.every((number, at) => at === 0 || number === numbers[at - 1]! + 1)).toBe(true);
    expect(await client.stop('SIGINT')).toBe(130);
    await node.stop();
  });
});

describe('their configuration', () => {
  it('is refused with the name of what is wrong', async () => {
    const folder = folderOf('conf');
    const file = join(folder, 'bad.yml');
    writeFileSync(file, ':prot: 6086\n:chunk_size: many\n');
    for (const program of ['dstream', 'distribustream', 'dsseed']) {
      const child = bin(program, ['--conf', file], folder);
      expect(await child.exited).toBe(3);
      expect(child.errors()).toMatch(/:prot[\s\S]*:chunk_size/);
    }
  });

  it('has examples that are read', () => {
    const help = execFileSync(process.execPath, [join(BIN, 'dstream.js'), '--help']).toString();
    expect(help).toContain('--conf');
  });
});
