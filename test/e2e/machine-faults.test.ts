import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { start, until } from './support/child.ts';
import { get } from './support/distream.ts';
import { freePort } from './support/ports.ts';

const BIN = fileURLToPath(new URL('../../bin/distream.js', import.meta.url));

function configuration(port: number): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'distream-faults-'));
  const file = join(folder, 'distream.yaml');
  const stream =
    'one: { input: { type: source, mount: /in, password: e2e-secret, shoutcast: false }, outputs: [{ type: icecast, mount: /out }] }';
  writeFileSync(file, `http: { host: 127.0.0.1, port: ${port} }\nstreams:\n  ${stream}\n`);
  return { folder, file };
}

describe('faults of the machine', () => {
  it('ends with 4 and names the holder when its port is taken', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const { folder, file } = configuration(port);
    const child = start(process.execPath, [BIN, 'run', file], { cwd: folder });
    expect(await child.exited).toBe(4);
    expect(child.errors()).toContain(`port ${port} on 127.0.0.1 is in use by `);
    expect(child.errors()).toContain(`(process ${process.pid})`);
    server.close();
  });

  it('serves on while more connect than it may have files open, and is well afterwards', async () => {
    const port = await freePort();
    const { folder, file } = configuration(port);
    const child = start(
      'sh',
      ['-c', `ulimit -n 256 && exec "${process.execPath}" "${BIN}" run "${file}" --log-format json`],
      { cwd: folder },
    );
    const status = () => get(`http://127.0.0.1:${port}/status-json.xsl`);
    await until('the node', status);
    const source = connect(port, '127.0.0.1');
    const login = Buffer.from('source:e2e-secret').toString('base64');
    source.on('error', () => {});
    source.write(
      `PUT /in HTTP/1.0\r\nAuthorization: Basic ${login}\r\nContent-Type: audio/x-raw\r\nIce-Bitrate: 128\r\n\r\n`,
    );
    const timer = setInterval(() => source.write('x'.repeat(800)), 50);
    await until('a fragment', async () =>
      /"fragments":[1-9]/.test((await get(`http://127.0.0.1:${port}/api/v1/status`)).toString()),
    );
    const listener = connect(port, '127.0.0.1');
    let heard = 0;
    listener.on('data', (data) => {
      heard += data.length;
    });
    listener.write('GET /out HTTP/1.0\r\n\r\n');
    await until('sound', () => heard > 1000);
    const crowd: Socket[] = [];
    for (let count = 0; count < 600; count++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      crowd.push(socket);
    }
    const before = heard;
    await until('more sound for who was there', () => heard > before + 30_000);
    for (const socket of crowd) socket.destroy();
    await until('an answer', status);
    await until('more sound', () => heard > before + 60_000);
    expect(listener.destroyed || source.destroyed).toBe(false);
    clearInterval(timer);
    source.destroy();
    listener.destroy();
    expect(await child.stop('SIGTERM')).toBe(0);
    expect(child.errors()).not.toContain('internal error');
  });

  it('ends with 1 after an error that nobody caught, and says so', async () => {
    const port = await freePort();
    const { folder, file } = configuration(port);
    for (const fault of ["throw new Error('a fault')", "Promise.reject(new Error('a fault'))"]) {
      const preload = `data:text/javascript,setTimeout(()=>{${encodeURIComponent(fault)}},2500)`;
      const args = ['--import', preload, BIN, 'run', file, '--log-format', 'json'];
      const child = start(process.execPath, args, { cwd: folder });
      await until('the node', () => get(`http://127.0.0.1:${port}/status-json.xsl`));
      expect(await child.exited).toBe(1);
      expect(child.errors()).toMatch(/"reason":"a fault".*"message":"internal error; the node ends"/);
    }
  });
});
