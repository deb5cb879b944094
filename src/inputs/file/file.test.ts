import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPacedInput } from '../../../test/support/paced-input.ts';
import { silentLogger } from '../../core/logger.ts';
import fileInput, { createFileInput } from './index.ts';
import type { FileOptions } from './player.ts';

const audio = (name: string) => join(import.meta.dirname, '../../../test/fixtures/audio', name);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distream-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

const warnings: string[] = [];
const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
beforeEach(() => void warnings.splice(0));

function start(
  options: Partial<FileOptions> & { path: string },
  memory = new Map<string, unknown>(),
  random?: () => number,
) {
  const module = random ? createFileInput(random) : fileInput;
  const { lead, ...written } = options;
  const parsed = { ...module.schema.parse(written), ...(lead === undefined ? {} : { lead }) };
  return { ...startPacedInput(module, parsed, { log, memory, baseDir: folder }), memory };
}

describe('file input', () => {
  it('plays a file in real time with the title of its tags, and again', async () => {
    const run = start({ path: audio('vbr-xing-id3.mp3') });
    const whole = await readFile(audio('vbr-xing-id3.mp3'));
    await run.until(() => run.clock.nowMs() >= 3500);
    const { sessions } = run;
    expect(sessions.events[0]).toMatchObject({
      kind: 'open',
      options: { contentType: 'audio/mpeg', continuity: 'new' },
    });
    expect(sessions.titles[0]).toEqual({ at: 0, title: 'Generator - Tone in noise' });
    expect(sessions.titles).toHaveLength(2);
    const round = sessions.titles[1]!.at;
    expect(whole.subarray(-round).equals(sessions.bytes.subarray(0, round))).toBe(true);
    expect(sessions.events).toContainEqual({ at: round, kind: 'nextFile', contentType: 'audio/mpeg' });
    expect(sessions.minAheadMs).toBeGreaterThanOrEqual(0);
    expect(sessions.maxAheadMs).toBeLessThanOrEqual(300);
    expect(sessions.longestWrite).toBeLessThanOrEqual(16 * 1024);
    run.abort.abort();
    expect(await run.end()).toBe('resolved');
    expect(sessions.events.at(-1)!.kind).toBe('end');
    expect(run.report().counters).toMatchObject({ files_played: 1, rounds: 1 });
  });

  it('leaves out tags that are longer than what is looked at', async () => {
    const mp3 = await readFile(audio('cbr-128k-44100.mp3'));
    const id3 = Buffer.alloc(400_000 + 10);
    id3.set([0x49, 0x44, 0x33, 3, 0, 0, 0, 400_000 >> 14, (400_000 >> 7) & 0x7f, 400_000 & 0x7f]);
    await writeFile(join(folder, 'x_y.mp3'), Buffer.concat([id3, mp3]));
    const run = start({ path: 'x_y.mp3', loop: false });
    expect(await run.end()).toBe('resolved');
    expect(run.sessions.bytes.equals(mp3)).toBe(true);
    expect(run.sessions.titles).toEqual([{ at: 0, title: 'x y' }]);
    expect(run.sessions.ahead).toBeLessThanOrEqual(0);
    expect(run.clock.nowMs()).toBeGreaterThan(1900);
  });

  it('keeps the lead that it is asked for', async () => {
    const run = start({ path: audio('cbr-128k-44100.mp3'), lead: 1000 });
    await run.until(() => run.sessions.length > 0);
    expect(run.sessions.ahead).toBeGreaterThanOrEqual(1000);
    await run.until(() => run.clock.nowMs() >= 5000);
    expect(run.sessions.maxAheadMs).toBeLessThanOrEqual(1300);
    expect(run.sessions.minAheadMs).toBeGreaterThanOrEqual(1000);
    run.abort.abort();
    await run.finished;
  });

  it('moves the schedule after a long stall instead of playing it at once', async () => {
    const run = start({ path: audio('cbr-128k-44100.mp3') });
    await run.until(() => run.clock.nowMs() >= 1000);
    const before = run.sessions.length;
    run.clock.advance(60_000);
    await run.until(() => run.clock.nowMs() >= 62_000);
    expect(run.sessions.length - before).toBeLessThan(16_000 * 2.5);
    run.abort.abort();
    await run.finished;
  });

  it('plays a folder sorted, with its subfolders, without hidden and other files', async () => {
    await mkdir(join(folder, 'sub/deep'), { recursive: true });
    for (const name of ['10.mp3', '2.mp3', '.hidden.mp3', 'sub/deep/x.mp3']) {
      await copyFile(audio('layer2-128k.mp2'), join(folder, name));
    }
    await writeFile(join(folder, 'notes.txt'), 'x');
    await symlink(folder, join(folder, 'sub/circle'));
    const run = start({ path: '.', loop: false });
    expect(await run.end()).toBe('resolved');
    expect(run.sessions.titles.map(({ title }) => title)).toEqual(['2', '10', 'x']);
    expect(run.sessions.continuities).toEqual(['new']);
  });

  it('plays files of several formats as one session and sees files that come and go', async () => {
    await copyFile(audio('lc-96k-44100.aac'), join(folder, 'a.aac'));
    await copyFile(audio('opus.opus'), join(folder, 'b.opus'));
    const run = start({ path: folder });
    await run.until(() => run.sessions.titles.length === 2);
    await rm(join(folder, 'a.aac'));
    await copyFile(audio('vorbis.ogg'), join(folder, 'c.ogg'));
    await run.until(() => run.sessions.titles.length === 4);
    const types = run.sessions.events.flatMap((event) => (event.kind === 'nextFile' ? [event.contentType] : []));
    expect(types).toEqual(['audio/ogg', 'application/ogg', 'audio/ogg']);
    expect(run.sessions.maxAheadMs).toBeLessThanOrEqual(1500); // an Ogg page is up to a second
    run.abort.abort();
    await run.finished;
  });

  it('skips bad files, warns once for each, and plays the rest', async () => {
    await writeFile(join(folder, 'a.mp3'), 'no audio at all');
    await writeFile(join(folder, 'b.mp3'), '');
    await copyFile(audio('layer2-128k.mp2'), join(folder, 'c.mp3'));
    const run = start({ path: folder });
    await run.until(() => run.report().counters!.rounds === 3);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('a.mp3');
    expect(run.report().counters!.files_skipped).toBeGreaterThanOrEqual(6);
    run.abort.abort();
    await run.finished;
  });

  it('plays a playlist and leaves out addresses and what leaves its folder', async () => {
    await copyFile(audio('layer2-128k.mp2'), join(folder, 'b.mp3'));
    const list = `b.mp3\nhttp://radio/stream.mp3\n../../etc/x.mp3\n${audio('cbr-128k-44100.mp3')}\nb.mp3`;
    await writeFile(join(folder, 'list.m3u'), list);
    const run = start({ path: 'list.m3u', loop: false });
    expect(await run.end()).toBe('resolved');
    expect(run.sessions.titles.map(({ title }) => title)).toEqual(['b', 'b']);
    expect(warnings).toHaveLength(3);
    const allowed = start({ path: 'list.m3u', loop: false, folders: [audio('')] });
    expect(await allowed.end()).toBe('resolved');
    expect(allowed.sessions.titles.map(({ title }) => title)).toEqual(['b', 'cbr-128k-44100', 'b']);
  });

  it('goes on behind the last file after a restart', async () => {
    for (const name of ['a.mp3', 'b.mp3', 'c.mp3']) await copyFile(audio('layer2-128k.mp2'), join(folder, name));
    const memory = new Map<string, unknown>();
    const first = start({ path: folder }, memory);
    await first.until(() => first.sessions.titles.length === 2);
    first.abort.abort();
    await first.finished;
    const second = start({ path: folder }, memory);
    await second.until(() => second.sessions.titles.length === 4);
    expect(second.sessions.titles.map(({ title }) => title)).toEqual(['c', 'a', 'b', 'c']);
    second.abort.abort();
    await second.finished;
  });

  it('shuffles each round and does not repeat a piece at the border', async () => {
    for (const name of ['a.mp3', 'b.mp3', 'c.mp3']) await copyFile(audio('layer2-128k.mp2'), join(folder, name));
    const run = start({ path: folder, shuffle: true }, new Map(), () => 0);
    await run.until(() => run.sessions.titles.length === 7);
    const titles = run.sessions.titles.map(({ title }) => title);
    expect(titles.slice(0, 3)).toEqual(['b', 'c', 'a']);
    expect([...titles.slice(3, 6)].sort()).toEqual(['a', 'b', 'c']);
    for (let index = 1; index < titles.length; index++) expect(titles[index]).not.toBe(titles[index - 1]);
    run.abort.abort();
    await run.finished;
  });

  it('rejects with an error for people when there is nothing to play', async () => {
    await mkdir(join(folder, 'empty'));
    await writeFile(join(folder, 'page.html'), '<html>');
    await writeFile(join(folder, 'empty/.x.mp3'), 'x');
    const errors = async (path: string) => (await start({ path }).end()) as { code: string; message: string };
    expect(await errors('missing.mp3')).toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(await errors('empty')).toMatchObject({ code: 'FILE_NOT_AUDIO' });
    expect(await errors('page.html')).toMatchObject({ code: 'FILE_NOT_AUDIO' });
    expect(await errors('page.html/x')).toMatchObject({ code: 'FILE_NOT_FOUND' });
    await writeFile(join(folder, 'bad.m3u'), 'x.mp3');
    expect((await errors('bad.m3u')).message).toContain('x.mp3');
  });

  it('leaves a file that stops being audio', async () => {
    const mp3 = await readFile(audio('layer2-128k.mp2'));
    await writeFile(join(folder, 'a.mp3'), Buffer.concat([mp3, Buffer.alloc(8 * 2 ** 20)]));
    await copyFile(audio('layer2-128k.mp2'), join(folder, 'b.mp3'));
    const run = start({ path: folder });
    await run.until(() => run.sessions.titles.length === 2);
    expect(run.sessions.length).toBeLessThan(3 * 2 ** 20);
    run.abort.abort();
    await run.finished;
  });
});
