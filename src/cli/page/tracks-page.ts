import { makeSecret } from '../../config/credentials.ts';
import { isLoopback } from '../../config/weak-passwords.ts';
import type { Logger } from '../../core/logger.ts';
import { type RunningNode, startNode } from '../../node/node.ts';
import type { WatchedTracks } from '../../tracks/view/watched.ts';
import type { CliIo } from '../io.ts';
import type { PageAddress } from './page-address.ts';
import { pageConfig } from './page-config.ts';

/** What a page is opened with. */
export interface TracksPageOptions {
  readonly address: PageAddress;
  /** The folder of takes; undefined: it shows none. */
  readonly takes?: string;
  readonly io: CliIo;
  /** State changes, in words. */
  readonly onNote: (text: string) => void;
}

/** A node without streams that shows the tracks of this program. Its owner closes it. */
export class TracksPage {
  /** Where the page is, for people. */
  readonly url: string;
  readonly #node: RunningNode;
  readonly #sessions: WatchedTracks[];

  private constructor(node: RunningNode, sessions: WatchedTracks[]) {
    this.#node = node;
    this.#sessions = sessions;
    this.url = `${node.urls[0]}tracks`;
  }

  /**
   * Opens the port and says where the page is.
   * @throws DistreamError PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_UNAVAILABLE
   */
  static async open({ address, takes, io, onNote }: TracksPageOptions): Promise<TracksPage> {
    const sessions: WatchedTracks[] = [];
    const password = makeSecret();
    const node = await startNode(pageConfig({ io, origin: '--page', listen: address, password, takes }), {
      log: noteLogger(onNote),
      clock: io.clock,
      secrets: [password],
      tracks: { sessions: () => sessions },
      // Whoever works on this machine has started it.
      takesFor: 'machine',
    });
    const page = new TracksPage(node, sessions);
    onNote(`Look at it at ${page.url}`);
    if (!isLoopback(address.host) && takes !== undefined) {
      onNote(`From other machines, takes and files are seen by who signs in there with the password ${password}`);
    }
    return page;
  }

  /** Shows tracks from now on. */
  show(tracks: WatchedTracks): void {
    this.#sessions.push(tracks);
  }

  close(): Promise<void> {
    return this.#node.close();
  }
}

/** Only what people must know: the page is beside the work. */
function noteLogger(onNote: (text: string) => void): Logger {
  const tell = (message: string) => onNote(`Page: ${message}`);
  const log: Logger = { debug() {}, info() {}, warn: tell, error: tell, child: () => log };
  return log;
}
