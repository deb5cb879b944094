import { chunkHash, SWARM_CHUNK_BYTES, treeRoot } from '../../protocols/swarm/hash-tree.ts';
import { signManifest } from '../../protocols/swarm/manifest.ts';
import type { SharedFile } from '../coordinator/shared-file.ts';
import type { SharedFolder } from '../server/shared-folder.ts';
import type { PreparedFile } from './conducted-file.ts';
import type { ServerIdentity } from './server-identity.ts';

/** Files whose hashes are kept. */
const MAX_KEPT = 256;
/** What is read and hashed at once: with a chunk each time, the first peers of a file waited longer than it took to connect. */
const READ_BYTES = 16 * SWARM_CHUNK_BYTES;
/** What is hashed before somebody asks: a fraction of a second of work. */
const AHEAD_BYTES = 256 * 2 ** 20;
const AHEAD_FILES = MAX_KEPT / 2;

/** Hashes and signs the files of a folder, each version once. */
export class PreparedFiles {
  readonly #folder: SharedFolder;
  readonly #identity: Pick<ServerIdentity, 'privateKey'>;
  readonly #kept = new Map<SharedFile, Promise<PreparedFile | undefined>>();

  constructor(folder: SharedFolder, identity: Pick<ServerIdentity, 'privateKey'>) {
    this.#folder = folder;
    this.#identity = identity;
  }

  /** The file behind a path; undefined when there is none, or when it changes while it is read. */
  async find(path: string): Promise<PreparedFile | undefined> {
    const file = await this.#folder.find([path]);
    if (!file) return undefined;
    const known = this.#kept.get(file);
    if (known) return known;
    const made = this.#prepare(file);
    this.#kept.set(file, made);
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    if (!(await made)) this.#kept.delete(file);
    return made;
  }

  /** Hashes the first files of the folder before somebody asks, so that their first peers need not wait. Never rejects. */
  async prepareAhead(): Promise<void> {
    let left = AHEAD_BYTES;
    const paths = await this.#folder.list();
    for (const path of paths.slice(0, AHEAD_FILES)) {
      const file = await this.#folder.find([path]).catch(() => undefined);
      if (!file || file.size > left) continue;
      left -= file.size;
      await this.find(path).catch(() => undefined);
    }
  }

  async #prepare(file: SharedFile): Promise<PreparedFile | undefined> {
    const hashes: Buffer[] = [];
    for (let min = 0; min < file.size; min += READ_BYTES) {
      const max = Math.min(min + READ_BYTES, file.size) - 1;
      const bytes = await this.#folder.readRange(file, { min, max });
      if (!bytes) return undefined;
      for (let at = 0; at < bytes.length; at += SWARM_CHUNK_BYTES) {
        hashes.push(chunkHash(bytes.subarray(at, at + SWARM_CHUNK_BYTES)));
      }
    }
    const all = Buffer.concat(hashes);
    const manifest = { path: file.path, sizeBytes: file.size, root: treeRoot(all) };
    return { file, manifest: signManifest(manifest, this.#identity.privateKey), hashes: all };
  }
}
