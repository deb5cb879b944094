import type { FileHandle } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { writeAll } from './write-all.ts';

/** A file that takes a few bytes at a time, and at most so many. */
function smallFile(atOnce: number, room: number) {
  const kept = Buffer.alloc(room);
  const write = async (bytes: Buffer, from: number, length: number, position: number) => {
    const bytesWritten = Math.min(atOnce, length, room - position);
    bytes.copy(kept, position, from, from + bytesWritten);
    return { bytesWritten, buffer: bytes };
  };
  return { kept, handle: { write } as unknown as Pick<FileHandle, 'write'> };
}

describe('writing to a disk that takes a part', () => {
  it('goes on where it stopped', async () => {
    const { kept, handle } = smallFile(3, 12);
    expect(await writeAll(handle, Buffer.from('abcdefgh'), 4)).toBe(8);
    expect(kept.toString('latin1')).toBe('\0\0\0\0abcdefgh');
  });

  it('rejects when the disk is full before the end', async () => {
    const { handle } = smallFile(3, 7);
    await expect(writeAll(handle, Buffer.from('abcdefgh'), 0)).rejects.toThrow('the disk took nothing');
  });
});
