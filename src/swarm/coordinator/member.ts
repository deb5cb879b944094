import type { RangeSpec } from '../../protocols/pdtp/byte-range.ts';
import type { Dialect } from '../../protocols/pdtp/dialect.ts';
import type { AskVerifyMessage, CompletedMessage, FileInfo, TransferMessage } from '../../protocols/pdtp/messages.ts';
import type { OpenTransfer } from '../../protocols/pdtp/open-transfers.ts';
import { ChunkSet } from './chunk-set.ts';
import type { Whereabouts } from './meeting.ts';
import type { SharedFile } from './shared-file.ts';

/** What a coordinator says to a member; a `ServerSession` says it. */
export interface MemberVoice {
  readonly dialect: Dialect | undefined;
  tellInfo(url: string, file: FileInfo | undefined, error?: string): void;
  order(transfer: Omit<TransferMessage, 'type'>): void;
  tellVerify(question: AskVerifyMessage, isAuthorized: boolean): void;
  tellHash(about: { readonly url: string; readonly range: RangeSpec }, isHashOk: boolean): void;
  warnUnknownUrl(url: string): void;
  warnUnknownTransfer(report: CompletedMessage): void;
  warn(message: string): void;
  fail(reason: string): void;
}

/** What a member is given when it registers. */
export interface MemberSetup extends Omit<Whereabouts, 'listenPort'> {
  readonly voice: MemberVoice;
  /** Called after something was said, once for each call of the coordinator. */
  readonly onSaid: () => void;
}

/** A transfer under way. */
export interface Transfer extends OpenTransfer {
  readonly giver: Member;
  readonly taker: Member;
  readonly sharedFile: SharedFile;
  readonly chunk: number;
  /** When it is given up, in the clock's ms; later once the giver has asked. */
  deadlineMs: number;
}

/** What a member wants and gives of one file. */
export interface Holding {
  readonly file: SharedFile;
  /** The URL text that the member uses for it. */
  url: string;
  /** Asked for and not yet there. */
  readonly requested: ChunkSet;
  /** Of these, those that nobody is bringing. */
  readonly open: ChunkSet;
  readonly gives: ChunkSet;
}

/** A client, seed or peer as the coordinator keeps it. */
export class Member implements Whereabouts {
  readonly setup: MemberSetup;
  readonly voice: MemberVoice;
  id: string;
  listenPort: number;
  /** By path, in the order of first mention. */
  readonly holdings = new Map<string, Holding>();
  readonly taking = new Set<Transfer>();
  readonly giving = new Set<Transfer>();
  /** Givers that failed this taker, by id: until when they rest, and how often they failed in a row. */
  readonly resting = new Map<string, { untilMs: number; failures: number }>();
  /** Takers that had wrong bytes of this giver since its last good transfer. */
  readonly accusers = new Set<string>();
  /** Several takers agree that it gives wrong bytes: it gives no more. */
  isBarred = false;
  unknownUrls = 0;
  bytesTaken = 0;
  bytesGiven = 0;

  constructor(setup: MemberSetup, id: string, listenPort: number) {
    this.setup = setup;
    this.voice = setup.voice;
    this.id = id;
    this.listenPort = listenPort;
  }

  get address(): string {
    return this.setup.address;
  }

  get reachedAt(): string {
    return this.setup.reachedAt;
  }

  get isInside(): boolean {
    return this.setup.isInside;
  }

  /** What it has to do with a file; begins with nothing. */
  holding(file: SharedFile, url: string): Holding {
    let holding = this.holdings.get(file.path);
    if (!holding || holding.file !== file) {
      holding = { file, url, requested: new ChunkSet(), open: new ChunkSet(), gives: new ChunkSet() };
      this.holdings.set(file.path, holding);
    }
    holding.url = url;
    return holding;
  }
}
