import type { ListenerMount, MountInfo, SourceMount } from '../../modules/network.ts';
import type { NodeView } from '../node-view.ts';
import type { Exchange } from './route.ts';

/** A mount that has sound to give, as Icecast would list it. */
export interface MountedSource {
  /** The path at which players listen. */
  readonly path: string;
  readonly mount: ListenerMount;
  readonly info: MountInfo;
  /** The path at which the stream's encoder sends, when it is pushed here. */
  readonly source: SourceMount | undefined;
}

/** The path that stands for a mount in lists; a mount of every path is reached at any that nothing else claims. */
export function listedPath(mount: string): string {
  return mount === '*' ? '/stream' : mount;
}

/** The mounts that have sound now, by path. */
export function liveMounts(view: NodeView, options: { readonly hidden: boolean }): MountedSource[] {
  const { listeners, sources } = view.directory();
  return listeners
    .map((mount) => ({ mount, info: mount.info(), path: listedPath(mount.mount) }))
    .filter(({ info }) => info.live && (options.hidden || !info.hidden))
    .map((entry) => ({ ...entry, source: sources.find((source) => source.streamName === entry.info.streamName) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The listener mount at a path, live or not. */
export function findMount(view: NodeView, path: string): ListenerMount | undefined {
  return view.directory().listeners.find((mount) => listedPath(mount.mount) === path);
}

/** The source mount at a path; the path of a listener mount stands for its stream's. */
export function findSource(view: NodeView, path: string): SourceMount | undefined {
  const { listeners, sources } = view.directory();
  const named = sources.find((source) => source.mount === path);
  if (named) return named;
  const streamName = listeners.find((mount) => listedPath(mount.mount) === path)?.info().streamName;
  return streamName === undefined ? undefined : sources.find((source) => source.streamName === streamName);
}

/** What is known of where a client reached the node. */
export type Reached = Pick<Exchange, 'view' | 'baseUrl' | 'localPort'>;

/** True when the mount is at the port that the client reached. */
export function isHere({ view, localPort }: Reached, mount: ListenerMount): boolean {
  return (view.directory().portOf(mount) ?? localPort) === localPort;
}

/**
 * URL under which a client listens to a mount: with the name by which it reached the node, and where the mount is
 * at another port, with that port. Only the shared port takes TLS, so another is plain HTTP. The path's bytes are
 * percent-encoded.
 */
export function listenUrl(reached: Reached, mount: ListenerMount): string {
  const path = encodeURI(listedPath(mount.mount));
  if (isHere(reached, mount)) return reached.baseUrl + path;
  return `http://${new URL(reached.baseUrl).hostname}:${reached.view.directory().portOf(mount)}${path}`;
}
