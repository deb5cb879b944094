import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalFs } from './journal-fs.ts';

const FILE_NAME = 'lock';
/** Where the fields of /proc/PID/stat begin again after the name, and which of them is the start time (proc(5)). */
const AFTER_NAME = ') ';
const START_TIME_FIELD = 19;

/** Another process that runs has the folder. */
export class FolderInUse extends Error {
  constructor(pid: number) {
    super(`another process (${pid}) uses it`);
    this.name = 'FolderInUse';
  }
}

/** Held folders of this process: two parts of it must not share one either. */
const held = new Set<string>();

/** A folder that one process has for itself, by a file `lock` in it. A process that was killed leaves it: then it is taken over. */
export class FolderLock {
  readonly #folder: string;
  readonly #fs: JournalFs;

  private constructor(folder: string, fs: JournalFs) {
    this.#folder = folder;
    this.#fs = fs;
    held.add(folder);
  }

  /** Throws FolderInUse, and what the file system throws. */
  static take(folder: string, fs: JournalFs): FolderLock {
    if (held.has(folder)) throw new FolderInUse(process.pid);
    const path = join(folder, FILE_NAME);
    const mark = `${process.pid} ${startTimeOf(process.pid) ?? ''}\n`;
    for (let tries = 0; !fs.claim(path, mark); tries++) {
      const owner = livingOwner(fs.read(path).toString());
      if (owner !== undefined || tries === 3) throw new FolderInUse(owner ?? 0);
      fs.remove(path);
    }
    return new FolderLock(folder, fs);
  }

  /** Never throws. */
  release(): void {
    held.delete(this.#folder);
    try {
      this.#fs.remove(join(this.#folder, FILE_NAME));
    } catch {
      // What stays is taken over at the next start, as after a kill.
    }
  }
}

/** The process that wrote the mark, if it still runs; numbers of processes come again, their start times do not. */
function livingOwner(mark: string): number | undefined {
  const [pidText = '', startTime = ''] = mark.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return undefined;
  const now = startTimeOf(pid);
  return startTime !== '' && now !== undefined && now !== startTime ? undefined : pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}

/** Clock ticks from the start of the machine to that of the process; undefined where the system does not tell. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(AFTER_NAME) + AFTER_NAME.length).split(' ')[START_TIME_FIELD];
  } catch {
    return undefined;
  }
}
