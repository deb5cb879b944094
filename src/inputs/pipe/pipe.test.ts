import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../../test/support/fake-clock.ts';
import { startPacedInput } from '../../../test/support/paced-input.ts';
import { createPipeInput } from './index.ts';

const mp3File = join(import.meta.dirname, '../../../test/fixtures/audio/cbr-128k-44100.mp3');
const mp3 = await readFile(mp3File);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distream-pipe-'));
});
afterEach(() => rm(folder, { recursive: true }));

function start(module: ReturnType<typeof createPipeInput>, written: object = {}, streamName = 'test') {
  return startPacedInput(module, module.schema.parse(written), { streamName, baseDir: folder });
}

describe('pipe input', () => {
  it('takes standard input no faster than it plays and ends with it', async () => {
    const stdin = Readable.from([mp3.subarray(0, 5), mp3.subarray(5)], { objectMode: false });
    const run = start(createPipeInput(() => stdin));
    expect(await run.end()).toBe('resolved');
    expect(run.sessions.bytes.equals(mp3)).toBe(true);
    expect(run.sessions.maxAheadMs).toBeLessThanOrEqual(300);
    expect(run.clock.nowMs()).toBeGreaterThanOrEqual(1900);
    expect(run.sessions.events.map(({ kind }) => kind)).toEqual(['open', 'end']);
    expect(run.report().counters).toEqual({ bytes_read: mp3.length });
  });

  it('lets the writer wait', async () => {
    const stdin = new PassThrough({ highWaterMark: 1024 });
    const run = start(createPipeInput(() => stdin));
    for (let offset = 0; offset < mp3.length; offset += 1024) stdin.write(mp3.subarray(offset, offset + 1024));
    await run.clock.run(500);
    expect(stdin.writableNeedDrain).toBe(true);
    expect(run.sessions.length).toBeLessThan(16_000);
    run.abort.abort();
    expect(await run.end()).toBe('resolved');
    expect(run.clock.pendingCount).toBe(0);
  });

  it('takes all at once without realtime, and passes the content type on', async () => {
    const stdin = Readable.from([mp3], { objectMode: false });
    const run = start(
      createPipeInput(() => stdin),
      { realtime: false, contentType: 'audio/mpeg' },
    );
    await settle();
    await run.finished;
    expect(run.clock.nowMs()).toBe(0);
    expect(run.sessions.length).toBe(mp3.length);
    expect(run.sessions.events[0]).toMatchObject({ options: { contentType: 'audio/mpeg', continuity: 'new' } });
  });

  it('opens no session before there is audio, stops at once, and reads on after a restart', async () => {
    const stdin = new PassThrough();
    const module = createPipeInput(() => stdin);
    const first = start(module);
    await first.clock.run(1000);
    expect(first.sessions.events).toEqual([]);
    first.abort.abort();
    await first.finished;
    stdin.end(mp3);
    const second = start(module);
    expect(await second.end()).toBe('resolved');
    expect(second.sessions.bytes.equals(mp3)).toBe(true);
    expect(await start(module).end()).toBe('resolved');
  });

  it('gives standard input to one stream only, and never a terminal', async () => {
    const module = createPipeInput(() => new PassThrough());
    const first = start(module, {}, 'one');
    expect(await start(module, {}, 'two').end()).toMatchObject({ code: 'MODULE_UNFIT' });
    expect(await start(module, {}, 'one').end()).toMatchObject({ code: 'MODULE_UNFIT' });
    first.abort.abort();
    await first.finished;
    expect(await start(module, {}, 'two').end()).toMatchObject({ code: 'MODULE_UNFIT' });
    const terminal = createPipeInput(() => Object.assign(new PassThrough(), { isTTY: true }));
    expect(await start(terminal).end()).toMatchObject({ code: 'FILE_NOT_AUDIO' });
  });

  it('rejects when the stream fails', async () => {
    const stdin = new PassThrough();
    const run = start(createPipeInput(() => stdin));
    await settle();
    stdin.destroy(Object.assign(new Error('read EIO'), { code: 'EIO' }));
    expect(await run.end()).toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('the disk failed'),
    });
  });

  it('reads a file and says when there is none', async () => {
    const module = createPipeInput();
    const run = start(module, { path: mp3File });
    expect(await run.end()).toBe('resolved');
    expect(run.sessions.bytes.equals(mp3)).toBe(true);
    expect(await start(module, { path: 'missing' }).end()).toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(await start(module, { path: '.' }).end()).toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  it.skipIf(process.platform === 'win32')(
    'waits for the writer of a FIFO, reads to its end, and stops while waiting',
    async () => {
      const fifo = join(folder, 'fifo');
      execFileSync('mkfifo', [fifo]);
      const module = createPipeInput();
      const waiting = start(module, { path: 'fifo' });
      await waiting.until(() => waiting.report().detail !== undefined);
      waiting.abort.abort();
      expect(await waiting.end()).toBe('resolved');
      const run = start(module, { path: 'fifo', realtime: false });
      await run.until(() => run.report().detail !== undefined);
      await writeFile(fifo, mp3);
      await run.finished;
      expect(run.sessions.bytes.equals(mp3)).toBe(true);
    },
  );
});
