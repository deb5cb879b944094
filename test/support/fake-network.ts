import type {
  FrontHandle,
  ListenAddress,
  ListenerMount,
  NetworkAccess,
  ShoutcastMount,
  SourceMount,
} from '../../src/modules/network.ts';
import { noLinks } from './no-links.ts';

/** A network with one front that keeps what is claimed on it; nothing listens or dials. */
export class FakeNetwork implements NetworkAccess {
  readonly links = noLinks;
  readonly listeners = new Map<string, ListenerMount>();
  readonly sources = new Map<string, SourceMount>();
  readonly shoutcast = new Set<ShoutcastMount>();
  readonly json = new Map<string, () => unknown>();
  /** Where fronts were asked for; undefined is the node's own. */
  readonly addresses: (ListenAddress | undefined)[] = [];
  /** Fronts in use. */
  frontsOpen = 0;

  async front(address?: ListenAddress): Promise<FrontHandle> {
    this.addresses.push(address);
    this.frontsOpen++;
    return {
      address: address ?? { host: '127.0.0.1', port: 8000 },
      claimListener: (mount) => claim(this.listeners, mount),
      claimSource: (mount) => claim(this.sources, mount),
      claimShoutcast: async (mount) => {
        this.shoutcast.add(mount);
        return () => void this.shoutcast.delete(mount);
      },
      claimJson: (paths, make) => {
        for (const path of paths) this.json.set(path, make);
        return () => {
          for (const path of paths) this.json.delete(path);
        };
      },
    };
  }

  releaseFront(): void {
    this.frontsOpen--;
  }

  listen(): Promise<never> {
    throw new Error('no listening here');
  }

  dial(): Promise<never> {
    throw new Error('no dialling here');
  }
}

function claim<Mount extends { readonly mount: string }>(table: Map<string, Mount>, mount: Mount): () => void {
  table.set(mount.mount, mount);
  return () => void table.delete(mount.mount);
}
