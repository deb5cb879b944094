import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Take } from '../proof/take-schema.ts';
import { takeSummarySchema, takeViewSchema } from './schema.ts';
import { TakeLibrary } from './take-library.ts';

const top = mkdtempSync(join(tmpdir(), 'distream-takes-'));
const folder = join(top, 'takes');
const library = new TakeLibrary(folder);
afterAll(() => rmSync(top, { recursive: true, force: true }));

const HASH = 'ab'.repeat(32);
const pcm = { startFrame: 0, frames: 480_000, sha256: HASH, blocks: { frames: 65_536, first: 0, digests: [] } };

function account(files: readonly string[], more: Partial<Take> = {}): Take {
  return {
    version: 1,
    session: { id: 'x', name: 'x' },
    startUtc: '2026-11-21T20:00:00.000Z',
    endUtc: '2026-11-21T20:00:10.000Z',
    clocks: {},
    tracks: files.map((file) => ({
      name: 'Drums',
      file,
      encoding: 'L24',
      sampleRate: 48_000,
      channels: 1,
      recorded: pcm,
      sent: pcm,
      offsetFrames: 0,
      gaps: [[96_000, 480, 'lost']],
      gapsBeforeRepair: [
        [48_000, 48, 'lost'],
        [96_000, 480, 'lost'],
      ],
      gapsAreExact: true,
      packets: { received: 9990, lost: 10 },
      lateness: {
        count: 3,
        p50Us: 17,
        p99Us: 40,
        p999Us: 40,
        maxUs: 39,
        bins: [
          [18, 2],
          [40, 1],
        ],
      },
      verdict: { kind: 'gaps', words: 'something\u202e is missing' },
    })),
    verdict: { isIdentical: false, words: 'not all is there' },
    ...more,
  };
}

function put(name: string, files: Readonly<Record<string, string>>, take: unknown = account(Object.keys(files))): void {
  mkdirSync(join(folder, name), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text);
  writeFileSync(join(folder, name, 'take.json'), typeof take === 'string' ? take : JSON.stringify(take));
}

beforeAll(() => {
  writeFileSync(join(top, 'secret.txt'), 'secret');
  put(
    '2026-11-21T20-00-00Z',
    { 'Drums.wav': 'drums', 'other.txt': 'x' },
    account(['Drums.wav', '../../secret.txt', 'link.wav', 'gone.wav']),
  );
  put('2026-11-22T20-00-00Z', { 'A.wav': 'a' });
  put('broken', {}, '{ "version": 1 ');
  put('foreign', {}, { version: 1, hello: 'you' });
  mkdirSync(join(folder, 'empty'));
  writeFileSync(join(folder, 'file'), '');
  symlinkSync(join(top, 'secret.txt'), join(folder, '2026-11-21T20-00-00Z', 'link.wav'));
  mkdirSync(join(top, 'outside'));
  writeFileSync(join(top, 'outside', 'take.json'), JSON.stringify(account(['secret.wav'])));
  writeFileSync(join(top, 'outside', 'secret.wav'), 'secret');
  symlinkSync(join(top, 'outside'), join(folder, 'outside'));
});

async function textOf(name: string, file: string): Promise<string | undefined> {
  const opened = await library.file(name, file);
  if (!opened) return undefined;
  const text = await opened.handle.readFile('utf8');
  await opened.handle.close();
  expect(Buffer.byteLength(text)).toBe(opened.bytes);
  return text;
}

describe('the takes of a folder', () => {
  it('are listed newest first, and say why one cannot be read', async () => {
    const listed = await library.list();
    expect(listed.map((summary) => takeSummarySchema.parse(summary).name)).toEqual([
      'foreign',
      'broken',
      '2026-11-22T20-00-00Z',
      '2026-11-21T20-00-00Z',
    ]);
    expect(listed[0]!.words).toContain('no account');
    expect(listed[1]!.words).toContain('take.json');
    expect(listed[2]).toMatchObject({ seconds: 10, tracks: 1, isIdentical: false, words: 'not all is there' });
    expect(await new TakeLibrary(join(top, 'nowhere')).list()).toEqual([]);
  });

  it('are read again only when their account has changed', async () => {
    const name = '2026-11-22T20-00-00Z';
    const path = join(folder, name, 'take.json');
    const verdictOf = async () => (await library.list()).find((take) => take.name === name)?.words;
    utimesSync(path, 1000, 1000);
    await library.list();
    const before = JSON.stringify(account(['A.wav']));
    writeFileSync(path, before.replace('not all is there', 'NOT ALL IS THERE'));
    utimesSync(path, 1000, 1000);
    expect(await verdictOf()).toBe('not all is there');
    utimesSync(path, 2000, 2000);
    expect(await verdictOf()).toBe('NOT ALL IS THERE');
  });

  it('tell of each track where sound is, was mended and is missing, and which file there is', async () => {
    const view = takeViewSchema.parse(await library.view('2026-11-21T20-00-00Z'));
    expect(view.details.map(({ file, bytes }) => [file, bytes])).toEqual([
      ['Drums.wav', 5],
      [undefined, undefined],
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(view.details[0]).toMatchObject({
      frames: 480_000,
      sent: HASH,
      missing: { gaps: 1, frames: 480, first: [[96_000, 480, 'lost']] },
      missingBeforeRepair: { gaps: 2, frames: 528 },
      map: { cellSeconds: 0.5, pieces: { 0: '11213111111111111111' } },
      lateness: {
        count: 3,
        bins: [
          [32, 2],
          [64, 1],
        ],
      },
      verdict: { words: 'something is missing' },
    });
    expect(await library.view('nothing')).toBeUndefined();
    expect(await library.view('broken')).toBeUndefined();
  });

  it('give their account and the files that it names, and nothing else', async () => {
    const name = '2026-11-21T20-00-00Z';
    expect(await textOf(name, 'Drums.wav')).toBe('drums');
    expect(await textOf(name, 'take.json')).toContain('"version":1');
    for (const [take, file] of [
      [name, 'other.txt'],
      [name, '../../secret.txt'],
      [name, 'link.wav'],
      [name, 'gone.wav'],
      [name, '.'],
      ['.', 'secret.txt'],
      ['..', 'secret.txt'],
      ['outside', 'secret.wav'],
      ['outside', 'take.json'],
      ['empty', 'take.json'],
      ['file', 'take.json'],
      [`${name}/../${name}`, 'Drums.wav'],
    ] as const) {
      expect([take, file, await textOf(take, file)]).toEqual([take, file, undefined]);
    }
  });

  it('are not left by any name', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('..', '.', '/', '\\', 'outside', 'secret', '.wav', '%2e', '\0'), { maxLength: 6 }),
        async (parts) => {
          expect(await textOf('2026-11-21T20-00-00Z', parts.join(''))).toBeUndefined();
          expect(await textOf(parts.join(''), 'secret.wav')).toBeUndefined();
        },
      ),
      { numRuns: 100 },
    );
  });
});
