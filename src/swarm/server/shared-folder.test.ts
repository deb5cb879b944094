import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SharedFolder } from './shared-folder.ts';

function makeRoot(): string {
  const base = mkdtempSync(join(tmpdir(), 'distream-shared-'));
  const root = join(base, 'shared');
  mkdirSync(join(root, 'folder'), { recursive: true });
  writeFileSync(join(base, 'outside'), 'secret');
  mkdirSync(join(base, 'shared-by-another'));
  writeFileSync(join(base, 'shared-by-another', 'x'), 'secret');
  writeFileSync(join(root, 'a.txt'), 'abcdefg');
  writeFileSync(join(root, 'folder', 'with space'), 'b');
  writeFileSync(join(root, 'empty'), '');
  symlinkSync('../outside', join(root, 'link-out'));
  symlinkSync('..', join(root, 'up'));
  symlinkSync('a.txt', join(root, 'link-in'));
  return root;
}

describe('a published folder', () => {
  it('has its files, and nothing that lies outside', async () => {
    const folder = await SharedFolder.open(makeRoot(), 3);
    expect(await folder.find(['/a.txt'])).toMatchObject({ path: '/a.txt', size: 7, chunkSize: 3 });
    expect((await folder.find(['/folder/with%20space', '/folder/with space']))?.size).toBe(1);
    expect((await folder.find(['/link-in']))?.size).toBe(7);
    for (const path of [
      '/link-out',
      '/up/outside',
      '/up/shared-by-another/x',
      '/../outside',
      '/../shared-by-another/x',
      '/folder',
      '/empty',
      '/none',
      '/a.txt\0',
    ]) {
      expect(await folder.find([path]), path).toBeUndefined();
    }
    expect((await folder.list()).sort()).toEqual(['/a.txt', '/empty', '/folder/with space']);
  });

  it('reads chunks of the version that was found, and no others', async () => {
    const root = makeRoot();
    const folder = await SharedFolder.open(root, 3);
    const file = (await folder.find(['/a.txt']))!;
    expect(await folder.find(['/a.txt'])).toBe(file);
    expect((await folder.read(file, 2))?.toString()).toBe('g');
    expect(await folder.changed([file])).toEqual([]);
    writeFileSync(join(root, 'a.txt'), 'changed');
    expect(await folder.read(file, 0)).toBeUndefined();
    expect(await folder.changed([file])).toEqual([file]);
    const next = (await folder.find(['/a.txt']))!;
    expect((await folder.read(next, 0))?.toString()).toBe('cha');
    rmSync(join(root, 'a.txt'));
    expect(await folder.changed([next])).toEqual([next]);
    symlinkSync('/etc/hostname', join(root, 'a.txt'));
    expect(await folder.read(next, 0)).toBeUndefined();
  });
});
