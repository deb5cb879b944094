import { type Clock, sleep } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { randomHex } from '../../core/random.ts';
import { urlHost } from '../../core/url-host.ts';
import type { ListenAddress } from '../../modules/network.ts';
import { createDialer } from '../../net/dial.ts';
import type { VerifiedEvent } from '../../protocols/pdtp/client-session.ts';
import type { Dialect } from '../../protocols/pdtp/dialect.ts';
import { parseFileUrl } from '../../protocols/pdtp/file-url.ts';
import type { VerifyQuestion } from '../../protocols/pdtp/messages.ts';
import type { SharedFile } from '../coordinator/shared-file.ts';
import { SharedFolder } from '../server/shared-folder.ts';
import { ControlLine } from './control-line.ts';
import { Giver } from './giver.ts';

const CONNECT_MS = 10_000;
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
/** A connection that held so long was a good one: the next retry is quick again. */
const GOOD_MS = 60_000;
/** How often the folder is looked through for files that are new or gone. */
const LOOK_MS = 3000;
const ID_BYTES = 3;

/** What a seed gives, and to whom. */
export interface SeedOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly server: ListenAddress;
  readonly virtualHost: string;
  readonly fileRoot: string;
  readonly dialect: Dialect;
  /** The first port that is tried for giving. */
  readonly give: ListenAddress;
  readonly signal: AbortSignal;
}

/**
 * Gives every file below a folder to a server's swarm, until the signal aborts; connects again when the line fails.
 * Rejects when the folder cannot be read or no port be had.
 */
export async function runSeed(options: SeedOptions): Promise<void> {
  const { clock, log, signal, fileRoot } = options;
  // The seed reads ranges, so the size of chunks means nothing here but a bound on the length of files.
  const folder = await SharedFolder.open(fileRoot, 2 ** 20);
  const seed = new Seed(options, folder);
  await seed.listen();
  try {
    for (let failures = 0; !signal.aborted; ) {
      const startMs = clock.nowMs();
      const reason = await seed.serve().catch((error: unknown) => reasonOf(error));
      if (signal.aborted) break;
      failures = clock.nowMs() - startMs > GOOD_MS ? 0 : failures + 1;
      log.warn(`no line to the server: ${reason}; trying again`);
      await sleep(clock, Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (failures - 1)), signal);
    }
  } finally {
    await seed.close();
  }
}

class Seed {
  readonly #options: SeedOptions;
  readonly #folder: SharedFolder;
  readonly #peerId: string;
  readonly #questions = new Map<VerifyQuestion, (isAuthorized: boolean) => void>();
  readonly #given = new Map<string, SharedFile>();
  #giver: Giver | undefined;
  #line: ControlLine | undefined;
  #isLooking = false;

  constructor(options: SeedOptions, folder: SharedFolder) {
    this.#options = options;
    this.#folder = folder;
    this.#peerId = randomHex(options.random, ID_BYTES);
  }

  async listen(): Promise<void> {
    this.#giver = await Giver.start({
      clock: this.#options.clock,
      listen: this.#options.give,
      verify: (question, signal) => this.#verify(question, signal),
      read: async (url, range) => {
        const paths = parseFileUrl(url)?.paths;
        const file = paths && (await this.#folder.find(paths));
        if (!file) return 'unknown';
        return (range.max < file.size ? await this.#folder.readRange(file, range) : undefined) ?? 'not-held';
      },
      onGiven: (question) => {
        this.#line?.session.reportIncoming(question);
        this.#line?.flush();
      },
    });
  }

  /** One connection to its end; gives the reason. */
  async serve(): Promise<string> {
    const { clock, signal, server, dialect, log } = this.#options;
    const dial = createDialer({ allow: [], clock });
    const displayUrl = `pdtp://${server.host}:${server.port}`;
    const socket = await dial({ ...server, tls: false, timeoutMs: CONNECT_MS, signal, displayUrl, trusted: true });
    return new Promise((resolve) => {
      const line = new ControlLine(
        socket,
        {
          dialect,
          clientId: this.#peerId,
          listenPort: this.#giver!.port,
          onEvent: (event) => {
            if (event.type === 'verified') this.#answered(event);
            else if (event.type === 'protocol_warn') log.warn(`the server says: ${event.message}`);
            else if (event.type === 'transfer') {
              // a seed takes nothing
              line.session.reportOrder(event, undefined);
            }
          },
        },
        (reason) => {
          this.#line = undefined;
          looking.cancel();
          signal.removeEventListener('abort', close);
          for (const answer of this.#questions.values()) answer(false);
          this.#questions.clear();
          resolve(reason);
        },
      );
      const close = () => line.close();
      signal.addEventListener('abort', close);
      this.#line = line;
      this.#given.clear();
      const looking = clock.every(LOOK_MS, () => void this.#look(line));
      void this.#look(line);
      log.info('connected with the server', { server: displayUrl, port: this.#giver!.port });
    });
  }

  async close(): Promise<void> {
    this.#line?.close();
    await this.#giver?.close();
  }

  /** Tells the server of files that are new, changed or gone. */
  async #look(line: ControlLine): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const gone = new Set(this.#given.keys());
      for (const path of await this.#folder.list()) {
        const file = await this.#folder.find([path]);
        if (this.#line !== line) return;
        if (!file) continue;
        gone.delete(path);
        const before = this.#given.get(path);
        if (before === file) continue;
        if (before) line.session.unprovide(this.#urlOf(path), {});
        line.session.provide(this.#urlOf(path));
        line.flush();
        this.#given.set(path, file);
      }
      for (const path of gone) {
        line.session.unprovide(this.#urlOf(path), {});
        this.#given.delete(path);
      }
      line.flush();
    } finally {
      this.#isLooking = false;
    }
  }

  #urlOf(path: string): string {
    return `http://${urlHost(this.#options.virtualHost)}${path}`;
  }

  #verify(question: VerifyQuestion, signal: AbortSignal): Promise<boolean> {
    const line = this.#line;
    if (!line) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#questions.set(question, resolve);
      signal.addEventListener('abort', () => {
        line.session.dropQuestion(question);
        this.#questions.delete(question);
        resolve(false);
      });
      line.session.askVerify(question);
      line.flush();
    });
  }

  #answered({ question, isAuthorized }: VerifiedEvent): void {
    this.#questions.get(question)?.(isAuthorized);
    this.#questions.delete(question);
  }
}
