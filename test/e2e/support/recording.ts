import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Take, takeSchema } from '../../../src/tracks/proof/take-schema.ts';
import { type Child, run, start, until } from './child.ts';
import { udpPorts } from './ports.ts';

const BIN = fileURLToPath(new URL('../../../bin/distream.js', import.meta.url));

/** A folder for one test. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'distream-e2e-record-'));
}

/** Two tracks of 20 s in a folder, what sends them to two ports, and what `distream record` is to be told. */
export async function twoTracks() {
  const folder = newFolder();
  await makeTracks(folder, ['a', 'b'], 20);
  const port = udpPorts();
  const send = (...args: readonly string[]) =>
    startIn(folder, 'send', '--to', '127.0.0.1', '--port', String(port), '--no-sap', ...args, 'a.wav', 'b.wav');
  const targets = [`:${port}`, `:${port + 2}`, '--format', 'L24/48000/1'];
  return { folder, port, targets, send };
}

/** Starts a command of `distream` in a folder. */
export function startIn(folder: string, ...args: readonly string[]): Child {
  const child = start(process.execPath, [BIN, ...args], { cwd: folder });
  child.process.stdout!.resume();
  return child;
}

/** Starts `distream record` and resolves when its ports are open. */
export async function startRecording(folder: string, ...args: readonly string[]): Promise<Child> {
  const child = startIn(folder, 'record', '--dir', 'takes', '--no-repair', ...args);
  let isGone = false;
  void child.exited.then(() => {
    isGone = true;
  });
  await until('the recorder', () => isGone || child.errors().includes('Listening for "'));
  return child;
}

/** Noise as WAV files, one for each name. */
export async function makeTracks(folder: string, names: readonly string[], seconds: number, bits = 24): Promise<void> {
  for (const name of names) {
    const noise = `anoisesrc=d=${seconds}:r=48000:a=0.5:seed=${name.length * 31 + name.charCodeAt(0)}`;
    const codec = bits === 24 ? 'pcm_s24le' : 'pcm_s16le';
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', noise, '-c:a', codec, join(folder, `${name}.wav`)]);
  }
}

/** The samples of a file as ffmpeg reads them. */
export function samplesOf(path: string, format: 's24le' | 's16le' = 's24le'): Promise<Buffer> {
  return run('ffmpeg', ['-v', 'error', '-i', path, '-f', format, '-c:a', `pcm_${format}`, '-']);
}

/** The only take in a folder: its path and its account, if that is written yet. */
export function onlyTake(folder: string): { path: string; files: string[]; account: Take | undefined } {
  const takes = join(folder, 'takes');
  const names = existsSync(takes) ? readdirSync(takes) : [];
  if (names.length !== 1) throw new Error(`${names.length} takes, not one`);
  const path = join(takes, names[0]!);
  const files = readdirSync(path).filter((name) => name.endsWith('.wav'));
  const account = join(path, 'take.json');
  return {
    path,
    files,
    account: existsSync(account) ? takeSchema.parse(JSON.parse(readFileSync(account, 'utf8'))) : undefined,
  };
}
