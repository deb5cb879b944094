import type { FileHandle } from 'node:fs/promises';

/** Writes all bytes at a position, however few the disk takes at a time. Answers how many; rejects when it takes none. */
export async function writeAll(handle: Pick<FileHandle, 'write'>, bytes: Buffer, position: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw new Error('the disk took nothing');
    done += bytesWritten;
  }
  return bytes.length;
}
