/**
 * Whether a long session of the program itself stays on its grid: eight tracks in one flow, a packet each millisecond, over
 * loopback, with the kernel's receive times. Needs the built program and gcc.
 * node bench/out/tracks/drift.js [--seconds 300] [--realtime]
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RECORD_BYTES } from './analyze.ts';

const PORT = 26_100;
const SAMPLE_RATE = 48_000;
const TRACKS = 8;
const FRAME_BYTES = 3;
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '300' }, realtime: { type: 'boolean', default: false } },
});
const seconds = Number(values.seconds);
const folder = mkdtempSync(join(tmpdir(), 'distream-drift-'));

/** A mono file of 24 bit that lasts as long as the session. */
function writeTrack(path: string): void {
  const second = Buffer.from(Array.from({ length: SAMPLE_RATE * FRAME_BYTES }, (_, at) => (at * 31) & 0xff));
  const head = Buffer.alloc(44);
  head.write('RIFF');
  head.writeUInt32LE(36 + second.length * seconds, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(SAMPLE_RATE, 24);
  head.writeUInt32LE(SAMPLE_RATE * FRAME_BYTES, 28);
  head.writeUInt16LE(FRAME_BYTES, 32);
  head.writeUInt16LE(FRAME_BYTES * 8, 34);
  head.write('data', 36);
  head.writeUInt32LE(second.length * seconds, 40);
  const file = openSync(path, 'w');
  writeSync(file, head);
  for (let written = 0; written < seconds; written++) writeSync(file, second);
}

/** How far packets are from the grid of their timestamps, second by second of the session: the median of each, in us. */
function mediansOf(records: Buffer): { medians: number[]; packets: number } {
  const packets = Math.floor(records.length / RECORD_BYTES);
  const start = { timeNs: records.readBigUInt64LE(0), timestamp: records.readUInt32LE(12) };
  const bySecond: number[][] = [];
  for (let at = 0; at < packets * RECORD_BYTES; at += RECORD_BYTES) {
    const frames = (records.readUInt32LE(at + 12) - start.timestamp) >>> 0;
    const us = Number(records.readBigUInt64LE(at) - start.timeNs) / 1000 - (frames * 1e6) / SAMPLE_RATE;
    const second = Math.floor(frames / SAMPLE_RATE);
    bySecond[second] ??= [];
    bySecond[second]!.push(us);
  }
  const medians = bySecond.map((errors) => errors.sort((one, other) => one - other)[errors.length >> 1]!);
  return { medians, packets };
}

try {
  mkdirSync(join(folder, 'stems'));
  for (let track = 1; track <= TRACKS; track++) writeTrack(join(folder, 'stems', `${track}.wav`));
  const receiver = join(folder, 'receiver');
  const source = fileURLToPath(new URL('../../tracks/receiver.c', import.meta.url));
  if (spawnSync('gcc', ['-O2', '-o', receiver, source], { stdio: 'inherit' }).status !== 0) throw new Error('no gcc');
  const records = join(folder, 'records');
  const receiving = spawn(receiver, [String(PORT), records], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = createInterface({ input: receiving.stdout! })[Symbol.asyncIterator]();
  await said.next();
  const bin = fileURLToPath(new URL('../../../bin/distream.js', import.meta.url));
  const to = ['--to', '127.0.0.1', '--port', String(PORT), '--layout', '8', '--no-sap', '--no-account', '--no-repair'];
  const flags = values.realtime ? ['--realtime'] : [];
  spawnSync(process.execPath, [bin, 'send', join(folder, 'stems'), ...to, ...flags], { stdio: 'inherit' });
  console.log(String((await said.next()).value));
  const { medians, packets } = mediansOf(readFileSync(records));
  const last = medians[seconds - 1]!;
  const first = medians[1]!;
  const furthest = medians.reduce((most, us) => Math.max(most, Math.abs(us - first)), 0);
  console.log(`${packets} packets of ${seconds * 1000}`);
  console.log(
    `the last second against the second one: ${(last - first).toFixed(0)} us from the grid of its timestamps`,
  );
  console.log(`the second that was furthest from it: ${furthest.toFixed(0)} us`);
} finally {
  rmSync(folder, { recursive: true });
}
