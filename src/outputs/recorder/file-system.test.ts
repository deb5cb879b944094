import { lstat, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem as fs } from './file-system.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distream-recorder-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('nodeFileSystem', () => {
  it('makes folders and files that others may not change, and writes at positions', async () => {
    const deep = join(folder, 'a/b');
    await fs.makeFolder(deep);
    await fs.makeFolder(deep);
    const path = join(deep, 'x.mp3');
    const file = await fs.create(path);
    expect(await file.write(Buffer.from('hello'), 0)).toBe(5);
    await file.sync();
    await file.truncate(4);
    await file.write(Buffer.from('!'), 4);
    await fs.syncFolder(deep);
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('hell!');
    expect((await stat(deep)).mode & 0o027).toBe(0);
    expect((await stat(path)).mode & 0o137).toBe(0);
    expect(await fs.freeBytes(deep)).toBeGreaterThan(0);
  });

  it('never opens what exists, nor follows a link', async () => {
    const path = join(folder, 'x');
    await (await fs.create(path)).close();
    await symlink(join(folder, 'elsewhere'), join(folder, 'link'));
    await expect(fs.create(path)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(fs.create(join(folder, 'link'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(lstat(join(folder, 'elsewhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('tells when the file was deleted', async () => {
    const file = await fs.create(join(folder, 'x'));
    expect(await file.isLinked()).toBe(true);
    await fs.remove(join(folder, 'x'));
    expect(await file.isLinked()).toBe(false);
    await file.close();
  });
});
