import { close as closeFd, constants, createReadStream, fstat as fstatFd, open as openFd } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { DistreamError, reasonOf } from '../../core/errors.ts';

const open = promisify(openFd);
const fstat = promisify(fstatFd);
const close = promisify(closeFd);

const READ_BYTES = 16 * 1024;

/**
 * Opens a FIFO, a device or a file for reading. A FIFO waits for its writer without holding a
 * thread, and ends when the last writer closes it. The stream owns the descriptor: destroy it.
 * @param path absolute
 * @throws DistreamError FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function openPath(path: string): Promise<Readable> {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: else the call returns only when a program opens the other end.
    descriptor = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await fstat(descriptor);
    if (stats.isDirectory()) throw new Error('it is a folder');
    return stats.isFIFO()
      ? new Socket({ fd: descriptor, readable: true, writable: false })
      : createReadStream(path, { fd: descriptor, highWaterMark: READ_BYTES });
  } catch (error) {
    if (descriptor !== undefined) await close(descriptor).catch(() => undefined);
    const code = (error as { code?: unknown }).code === 'ENOENT' ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE';
    throw new DistreamError(code, { path, reason: reasonOf(error) }, { cause: error });
  }
}
