import { readdir, readFile, readlink } from 'node:fs/promises';

/** What the kernel's tables show for a socket that takes whoever comes. */
const WAITING = { tcp: '0A', udp: '07' } as const;
const MAX_PROCESSES = 4000;
const MAX_FILES = 4096;

/** Who listens on a port. */
export interface PortHolder {
  readonly name: string;
  readonly pid: number;
}

/** The protocols that have ports. */
export type Transport = keyof typeof WAITING;

/**
 * The program that listens on a port of this machine, as far as this process may see (Linux: `/proc`). Never
 * rejects; undefined when it cannot be told.
 */
export async function findPortHolder(
  port: number,
  transport: Transport = 'tcp',
  procDir = '/proc',
): Promise<PortHolder | undefined> {
  try {
    const tables = await Promise.all(['', '6'].map((family) => readOrEmpty(`${procDir}/net/${transport}${family}`)));
    const inodes = new Set(tables.flatMap((table) => listeningInodes(table, port, transport)));
    return inodes.size > 0 ? await findProcess(inodes, procDir) : undefined;
  } catch {
    return undefined;
  }
}

/** Inodes of the sockets that listen on the port, from a table such as `/proc/net/tcp` (proc_net_tcp in the kernel's documentation). */
export function listeningInodes(table: string, port: number, transport: Transport = 'tcp'): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const isWanted = columns[1]?.endsWith(wanted) && columns[3] === WAITING[transport];
    return isWanted && columns[9] ? [columns[9]] : [];
  });
}

async function findProcess(inodes: ReadonlySet<string>, procDir: string): Promise<PortHolder | undefined> {
  const pids = (await readdir(procDir)).filter((name) => /^\d+$/.test(name));
  for (const pid of pids.slice(0, MAX_PROCESSES)) {
    if (!(await hasSocket(`${procDir}/${pid}/fd`, inodes))) continue;
    const name = (await readOrEmpty(`${procDir}/${pid}/comm`)).replace(/[^\x20-\x7e]/g, '').slice(0, 32);
    return { name: name || 'a program', pid: Number(pid) };
  }
  return undefined;
}

async function hasSocket(fdDir: string, inodes: ReadonlySet<string>): Promise<boolean> {
  try {
    const files = (await readdir(fdDir)).slice(0, MAX_FILES);
    const links = await Promise.all(files.map((file) => readlink(`${fdDir}/${file}`).catch(() => '')));
    return links.some((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''));
  } catch {
    return false;
  }
}

function readOrEmpty(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
