import { createHash } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Memory that outlives the process and not the machine, whatever becomes of the disks. */
const MARK_FOLDER = '/dev/shm';

/**
 * Says of a folder that what is in it is not all that was sent, for as long as the machine runs. It stands beside the
 * disk: one that takes nothing any more and removes nothing takes no mark either, and may be there again whole when
 * the next process reads it.
 */
export class BrokenMark {
  readonly #path: string;

  /** `markFolder`: where marks are. Default: shared memory. */
  constructor(folder: string, markFolder: string = MARK_FOLDER) {
    const name = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 32);
    this.#path = join(markFolder, `distream-${process.getuid?.() ?? 0}-${name}`);
  }

  get isSet(): boolean {
    return existsSync(this.#path);
  }

  /** Never throws: where there is no shared memory, the folder is as if the process had been killed at its last write. */
  set(): void {
    try {
      // A new file only: a link that somebody put there is not followed.
      writeFileSync(this.#path, '', { flag: 'wx', mode: 0o600 });
    } catch {
      // It is there already, or cannot be.
    }
  }

  /** The folder is empty, or whole. Never throws. */
  clear(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // It costs a new epoch at the next start.
    }
  }
}
