import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keptText } from './kept-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a text that is kept in a file', () => {
  it('is made once, and only its owner reads it', async () => {
    const path = join(folder, 'key');
    expect(await keptText(path, () => 'first\n')).toBe('first\n');
    expect(await keptText(path, () => 'second\n')).toBe('first\n');
    expect(readFileSync(path, 'utf8')).toBe('first\n');
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('tells what of it failed', async () => {
    await expect(keptText(folder, () => '')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await expect(keptText(join(folder, 'absent', 'key'), () => '')).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
  });
});
