import { DistreamError } from '../core/errors.ts';
import type { ListenerMount, SourceMount } from '../modules/network.ts';

/** Paths that a mount of every path does not get. */
const OWN_PATHS = ['/api/', '/metrics', '/admin', '/stats', '/favicon.ico', '/status-json.xsl', '/7.html'];

/** A listener mount, and the path under which it was found. */
export interface FoundListener {
  readonly mount: ListenerMount;
  readonly path: string;
}

/** Which mounts a port has. */
export class MountTable {
  readonly #listeners = new Map<string, ListenerMount>();
  readonly #sources = new Map<string, SourceMount>();
  readonly #json = new Map<string, (() => unknown)[]>();

  /** Throws MOUNT_TAKEN. The returned function gives the mount back. */
  claimListener(mount: ListenerMount): () => void {
    return claim(this.#listeners, mount);
  }

  /** Throws MOUNT_TAKEN. The returned function gives the mount back. */
  claimSource(mount: SourceMount): () => void {
    return claim(this.#sources, mount);
  }

  /** The first claim of a path counts until it is given back; then the next. */
  claimJson(paths: readonly string[], make: () => unknown): () => void {
    for (const path of paths) this.#json.set(path, [...(this.#json.get(path) ?? []), make]);
    return () => {
      for (const path of paths) {
        const left = (this.#json.get(path) ?? []).filter((each) => each !== make);
        if (left.length > 0) this.#json.set(path, left);
        else this.#json.delete(path);
      }
    };
  }

  get listeners(): ListenerMount[] {
    return [...this.#listeners.values()];
  }

  get sources(): SourceMount[] {
    return [...this.#sources.values()];
  }

  /** The mount of that very path; with `;` and what follows left out, as Winamp asks; else the mount of every path. */
  findListener(path: string): FoundListener | undefined {
    const exact = this.#listeners.get(path);
    if (exact) return { mount: exact, path };
    const semicolon = path.indexOf(';');
    const short = semicolon > 0 ? path.slice(0, semicolon).replace(/(.)\/$/, '$1') : path;
    const mount = this.#listeners.get(short);
    if (mount) return { mount, path: short };
    const every = OWN_PATHS.some((own) => path.startsWith(own)) ? undefined : this.#listeners.get('*');
    return every && { mount: every, path };
  }

  /** Makes the JSON for that path. */
  findJson(path: string): (() => unknown) | undefined {
    return this.#json.get(path)?.[0];
  }

  findSource(path: string): SourceMount | undefined {
    return this.#sources.get(path);
  }
}

function claim<Mount extends { readonly mount: string }>(table: Map<string, Mount>, mount: Mount): () => void {
  if (table.has(mount.mount)) throw new DistreamError('MOUNT_TAKEN', { mount: mount.mount });
  table.set(mount.mount, mount);
  return () => {
    if (table.get(mount.mount) === mount) table.delete(mount.mount);
  };
}
