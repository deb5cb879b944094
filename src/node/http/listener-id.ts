import type { ListenerMount } from '../../modules/network.ts';
import type { NodeView } from '../node-view.ts';

const ID = /^(\d{1,15})-([A-Za-z0-9_-]{1,400})$/;

/** The listener mounts of a stream. */
export function mountsOfStream(view: NodeView, streamName: string): ListenerMount[] {
  return view.directory().listeners.filter((mount) => mount.info().streamName === streamName);
}

/** How the API names a listener: listeners are numbered by mount, and a stream may have several. */
export function listenerIdOf({ mount }: ListenerMount, id: number): string {
  return `${id}-${Buffer.from(mount).toString('base64url')}`;
}

/** The mount and the number of a listener of that name; undefined when it is none. */
export function parseListenerId(text: string): { readonly id: number; readonly mount: string } | undefined {
  const match = ID.exec(text);
  return match ? { id: Number(match[1]), mount: Buffer.from(match[2]!, 'base64url').toString('utf8') } : undefined;
}
