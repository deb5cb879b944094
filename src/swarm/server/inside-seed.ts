import type { Clock } from '../../core/clock.ts';
import { randomHex } from '../../core/random.ts';
import type { ListenAddress } from '../../modules/network.ts';
import { chunkOfRange } from '../../protocols/pdtp/chunks.ts';
import { type FileUrl, parseFileUrl } from '../../protocols/pdtp/file-url.ts';
import type { AskVerifyMessage, VerifyQuestion } from '../../protocols/pdtp/messages.ts';
import type { Coordinator } from '../coordinator/coordinator.ts';
import type { Member, MemberVoice } from '../coordinator/member.ts';
import type { SharedFile } from '../coordinator/shared-file.ts';
import { Giver, type GiverBytes, SERVER_ID } from '../peer/giver.ts';

/** What the seed in a server is made of. */
export interface InsideSeedOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly coordinator: Coordinator;
  readonly listen: ListenAddress;
  readonly find: (url: FileUrl) => Promise<SharedFile | undefined>;
  readonly read: (file: SharedFile, chunk: number) => Promise<Buffer | undefined>;
}

/** The server's own member: gives what is published, so that one process is a whole swarm. */
export class InsideSeed {
  readonly #options: InsideSeedOptions;
  readonly #answers = new Map<AskVerifyMessage, (isAuthorized: boolean) => void>();
  #giver: Giver | undefined;
  #member: Member | undefined;

  private constructor(options: InsideSeedOptions) {
    this.#options = options;
  }

  /** Opens the port for peers. Rejects as `listenOn` does. */
  static async start(options: InsideSeedOptions): Promise<InsideSeed> {
    const seed = new InsideSeed(options);
    const giver = await Giver.start({
      clock: options.clock,
      listen: options.listen,
      verify: (question) => seed.#verify(question),
      read: async (url, range) => {
        const parsed = parseFileUrl(url);
        const file = parsed && (await options.find(parsed));
        const chunk = file && chunkOfRange(file, range);
        if (!file) return 'unknown';
        const bytes: GiverBytes | undefined = chunk === undefined ? undefined : await options.read(file, chunk);
        return bytes ?? 'not-held';
      },
      onGiven: (question) => seed.#report(question),
    });
    seed.#giver = giver;
    const setup = {
      voice: seed.#voice(),
      onSaid: () => {},
      address: '127.0.0.1',
      reachedAt: '127.0.0.1',
      isInside: true,
    };
    seed.#member = options.coordinator.register(setup, SERVER_ID + randomHex(options.random, 8), giver.port);
    return seed;
  }

  /** Gives a file from now on; nothing changes when it does already. */
  give(file: SharedFile): void {
    const member = this.#member!;
    const holding = member.holdings.get(file.path);
    if (holding?.file === file && !holding.gives.isEmpty) return;
    this.#options.coordinator.changeRange(member, { type: 'provide', url: file.path, range: {} }, file);
  }

  async close(): Promise<void> {
    if (this.#member) this.#options.coordinator.leave(this.#member);
    await this.#giver?.close();
  }

  async #verify(question: VerifyQuestion): Promise<boolean> {
    const url = parseFileUrl(question.url);
    const file = url && (await this.#options.find(url));
    const asked: AskVerifyMessage = { type: 'ask_verify', ...question };
    return new Promise((resolve) => {
      this.#answers.set(asked, resolve);
      this.#options.coordinator.askVerify(this.#member!, asked, file);
    });
  }

  #report({ url, range, peer, peerId }: VerifyQuestion): void {
    const parsed = parseFileUrl(url);
    if (!parsed) return;
    void this.#options.find(parsed).then((file) => {
      const report = { type: 'completed', url, range, peer, peerId, hash: undefined } as const;
      this.#options.coordinator.completed(this.#member!, report, file);
    });
  }

  #voice(): MemberVoice {
    const nothing = () => {};
    return {
      dialect: 2,
      tellInfo: nothing,
      order: nothing,
      tellVerify: (question, isAuthorized) => {
        this.#answers.get(question)?.(isAuthorized);
        this.#answers.delete(question);
      },
      tellHash: nothing,
      warnUnknownUrl: nothing,
      warnUnknownTransfer: nothing,
      warn: nothing,
      fail: nothing,
    };
  }
}
