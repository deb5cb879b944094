import { resolve } from 'node:path';
import { makeSecret, stateDirOf } from '../../config/credentials.ts';
import { httpSchema } from '../../config/file-schema.ts';
import type { NodeConfig } from '../../config/node-config.ts';
import type { Logger } from '../../core/logger.ts';
import { type RunningNode, startNode } from '../../node/node.ts';
import type { WatchedTracks } from '../../tracks/view/watched.ts';
import type { CliIo } from '../io.ts';
import type { PageAddress } from './page-address.ts';

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
    const node = await startNode(configOf(address, takes, password, io), {
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

function configOf({ host, port }: PageAddress, takes: string | undefined, password: string, io: CliIo): NodeConfig {
  const baseDir = resolve('.');
  const http = httpSchema.parse({ host, port });
  return {
    origin: '--page',
    baseDir,
    stateDir: stateDirOf(baseDir, io.env),
    http: { ...http, tls: undefined, aliases: new Map() },
    admin: { user: 'admin', password },
    egressAllow: [],
    ...(takes === undefined ? {} : { takesFolder: resolve(takes) }),
    log: { level: 'warn', file: undefined },
    streams: [],
    warnings: [],
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Only what people must know: the page is beside the work. */
function noteLogger(onNote: (text: string) => void): Logger {
  const tell = (message: string) => onNote(`Page: ${message}`);
  const log: Logger = { debug() {}, info() {}, warn: tell, error: tell, child: () => log };
  return log;
}
