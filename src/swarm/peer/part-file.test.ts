import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PartFile } from './part-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-part-'));
const geometry = { size: 250, chunkSize: 100 };
const bytes = Buffer.from(Array.from({ length: 250 }, (_, at) => at));
const pieces = [bytes.subarray(0, 100), bytes.subarray(100, 200), bytes.subarray(200)];
const hash = (piece: Buffer) => createHash('sha256').update(piece).digest('hex');
const openPart = (name: string, identity = 'one', isKept = true) =>
  PartFile.open({ path: join(folder, name), geometry, identity, isKept });

describe('a file on its way', () => {
  it('keeps what came in any order, verifies it when it is opened again, and gets its name when it is whole', async () => {
    const first = await openPart('a');
    await first.write(2, pieces[2]!, hash(pieces[2]!));
    await first.write(0, pieces[0]!, hash(pieces[0]!));
    await first.close();
    const second = await openPart('a');
    expect(second.chunks.runs()).toEqual([
      { first: 0, end: 1 },
      { first: 2, end: 3 },
    ]);
    expect(await second.read(2)).toEqual(pieces[2]);
    expect(await second.read(1)).toBeUndefined();
    await second.write(1, pieces[1]!, hash(pieces[1]!));
    await second.finish();
    await second.close();
    expect(readFileSync(join(folder, 'a'))).toEqual(bytes);
    expect([existsSync(join(folder, 'a.part')), existsSync(join(folder, 'a.part.hashes'))]).toEqual([false, false]);
  });

  it('drops chunks that rotted, that were cut off, and all of another version', async () => {
    const first = await openPart('b');
    for (const [chunk, piece] of pieces.entries()) await first.write(chunk, piece, hash(piece));
    await first.close();
    const part = readFileSync(join(folder, 'b.part'));
    part[5] = 99;
    writeFileSync(join(folder, 'b.part'), part.subarray(0, 220));
    const second = await openPart('b');
    expect(second.chunks.runs()).toEqual([{ first: 1, end: 2 }]);
    await second.close();
    const third = await openPart('b', 'two');
    expect(third.chunks.isEmpty).toBe(true);
    await third.close();
  });

  it('leaves nothing when it is scratch, and says where it cannot write', async () => {
    const scratch = await openPart('c', 'one', false);
    await scratch.write(0, pieces[0]!, hash(pieces[0]!));
    await scratch.close();
    expect(existsSync(join(folder, 'c.part'))).toBe(false);
    await expect(openPart('no/such/folder')).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
  });
});
