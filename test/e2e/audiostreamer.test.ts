import { createSocket } from 'node:dgram';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../support/seeded-random.ts';
import { plainFmt, wavChunk, wavFile } from '../support/wav.ts';
import { start, until } from './support/child.ts';

const BIN = fileURLToPath(new URL('../../bin/audiostreamer.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'distream-e2e-audiostreamer-'));
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function makeFile(name: string, format: { rate: number; channels: number; bits: number }, bytes: number) {
  const random = seededRandom(bytes);
  const data = Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256)));
  const path = join(folder, name);
  writeFileSync(path, wavFile([wavChunk('fmt ', plainFmt(format)), wavChunk('data', data)]));
  return { path, data };
}

/** Receives datagrams; keeps them by the port they come from. */
async function receive() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  closers.push(() => socket.close());
  const bySource = new Map<number, { bytes: Buffer; atMs: number }[]>();
  socket.on('message', (bytes, { port }) => {
    const datagrams = bySource.get(port) ?? [];
    bySource.set(port, datagrams);
    datagrams.push({ bytes, atMs: performance.now() });
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const total = () => [...bySource.values()].flat().reduce((sum, { bytes }) => sum + bytes.length, 0);
  return { port: socket.address().port, bySource, total };
}

const audiostreamer = (...args: string[]) => start(process.execPath, [BIN, ...args]);

describe('audiostreamer', () => {
  it('sends the bytes of each file from a port of its own, none fragmented', async () => {
    const stereo = makeFile('stereo.wav', { rate: 48_000, channels: 2, bits: 24 }, 6 * 100_001);
    const mono = makeFile('mono.wav', { rate: 44_100, channels: 1, bits: 16 }, 2 * 70_001);
    const { port, bySource, total } = await receive();
    const args = ['--ip', 'localhost', '--port', String(port), '--delay_ms', '10', '--verbose', '--wav_file'];
    const child = audiostreamer(...args, stereo.path, mono.path);
    expect(await child.exited, child.errors()).toBe(0);
    await until('all bytes', () => total() >= stereo.data.length + mono.data.length);
    const flows = [...bySource.values()];
    const joined = flows.map((datagrams) => Buffer.concat(datagrams.map(({ bytes }) => bytes)));
    const find = (data: Buffer) => joined.findIndex((bytes) => bytes.equals(data));
    expect([flows.length, find(stereo.data) >= 0, find(mono.data) >= 0]).toEqual([2, true, true]);
    const sizes = (data: Buffer) => [...new Set(flows[find(data)]!.map(({ bytes }) => bytes.length))];
    expect(sizes(stereo.data)).toEqual([1440, stereo.data.length % 1440]);
    expect(sizes(mono.data)).toEqual([882, mono.data.length % 882]);
    expect(child.errors()).toMatch(/mono\.wav: 0\.9\d+ s sent, [\d.]+ ms (ahead|behind)/);
    const times = flows[find(mono.data)]!.map(({ atMs }) => atMs);
    const spacing = (times.at(-1)! - times[0]!) / (times.length - 1);
    console.log(`mean spacing of ${times.length} datagrams at 10 ms: ${spacing.toFixed(4)} ms`);
  });

  it('needs no listener, and ends at once on Ctrl-C', async () => {
    const { path } = makeFile('long.wav', { rate: 8000, channels: 1, bits: 16 }, 16_000 * 60);
    const { port, total } = await receive();
    const child = audiostreamer('--port', String(port), '--delay_ms', '500', '--json', '--wav_file', path);
    let output = '';
    child.process.stdout!.on('data', (text: Buffer) => {
      output += text.toString();
    });
    await until('the first datagrams', () => total() > 0);
    closers.pop()!();
    expect(await child.stop('SIGINT')).toBe(130);
    const report = JSON.parse(output);
    expect(report.files[0]).toMatchObject({ path, isDone: false, lost: 0 });
  });
});
