import type { Clock } from '../../core/clock.ts';
import { rangeLength } from '../../protocols/pdtp/byte-range.ts';
import { chunkCount, chunkRange } from '../../protocols/pdtp/chunks.ts';
import type {
  AskInfoMessage,
  AskVerifyMessage,
  CompletedMessage,
  RangeMessage,
} from '../../protocols/pdtp/messages.ts';
import { FileTally } from '../view/file-tally.ts';
import { FileMembers } from './file-members.ts';
import { canBe, meetingAddress } from './meeting.ts';
import { Member, type MemberSetup, type Transfer } from './member.ts';
import { changeHolding, runOf } from './range-change.ts';
import { SaidMembers } from './said-members.ts';
import type { SharedFile } from './shared-file.ts';
import { SwarmCounters } from './swarm-counters.ts';
import { takerViews } from './taker-views.ts';
import { type ChooseTransfers, chooseInOrder } from './transfer-choice.ts';
import { TransferJudge, type TransferOutcome } from './transfer-judge.ts';
import { freeToGive, freeToTake } from './transfer-slots.ts';
import { TransfersUnderWay } from './transfers-under-way.ts';
import { TrustGraph } from './trust-graph.ts';

/** A giver that has not asked about its caller by then. */
const UNASKED_MS = 20_000;
/** After the question: so long, and a second more for each KiB. */
const UNFINISHED_MS = 30_000;
const SLOWEST_BYTES_PER_SECOND = 1024;
const MAX_FILES_OF_MEMBER = 100_000;
const MAX_UNKNOWN_URLS = 1000;

/** What takers of a file are told when it changes; a client that knows the words begins anew. */
export const FILE_CHANGED = 'The file has changed; ask for it again';

/** What a coordinator is made of. */
export interface CoordinatorOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** SHA-256 of a chunk, lower-case hex; undefined when it cannot be had any more. */
  readonly hashOf: (file: SharedFile, chunk: number) => Promise<string | undefined>;
  /** The policy; without it DistribuStream's. */
  readonly chooseTransfers?: ChooseTransfers;
  /** Called when transfers may have become possible; `orderTransfers` is to be called soon after, once. */
  readonly onWork: () => void;
}

/**
 * The conductor of a swarm: it knows who has and who wants which chunk, orders transfers between them, answers whether a
 * caller is the one that was sent, checks the hashes of what arrived, and keeps trust. It has no sockets; its owner
 * hands in the events of each connection and calls `tick` about every two seconds.
 */
export class Coordinator {
  readonly counters = new SwarmCounters();
  readonly #options: CoordinatorOptions;
  readonly #choose: ChooseTransfers;
  readonly #members = new Map<string, Member>();
  readonly #fileMembers = new FileMembers();
  readonly #underWay = new TransfersUnderWay();
  readonly #trust = new TrustGraph();
  readonly #said = new SaidMembers();
  readonly #judge: TransferJudge;
  readonly #tallies = new WeakMap<SharedFile, FileTally>();

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.#choose = options.chooseTransfers ?? chooseInOrder;
    this.#judge = new TransferJudge({
      clock: options.clock,
      counters: this.counters,
      trust: this.#trust,
      said: this.#said,
      isHere: (member) => this.#members.get(member.id) === member,
      tallyOf: (file) => this.tallyOf(file),
    });
  }

  /** All members, by id. */
  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** The files that somebody gives or wants. */
  files(): Iterable<SharedFile> {
    return this.#fileMembers.files();
  }

  /** Who has to do with a file. */
  membersOf(file: SharedFile): ReadonlySet<Member> {
    return this.#fileMembers.of(file);
  }

  /** Under way now. */
  get transfers(): ReadonlySet<Transfer> {
    return this.#underWay.all;
  }

  /** What was carried of a file. */
  tallyOf(file: SharedFile): FileTally {
    const tally = this.#tallies.get(file) ?? new FileTally();
    this.#tallies.set(file, tally);
    return tally;
  }

  /** Takes in a client that has registered; undefined when the id is in use. */
  register(setup: MemberSetup, id: string, listenPort: number): Member | undefined {
    if (this.#members.has(id)) return undefined;
    const member = new Member(setup, id, listenPort);
    this.#members.set(id, member);
    return member;
  }

  /** A member gives itself another id and port, as the original allows. False when the id is in use. */
  rename(member: Member, id: string, listenPort: number): boolean {
    if (this.#members.has(id)) return false;
    this.#underWay.cancelAll([...member.taking, ...member.giving]);
    this.#members.delete(member.id);
    this.#trust.forget(member.id);
    member.id = id;
    member.listenPort = listenPort;
    this.#members.set(id, member);
    this.#work();
    return true;
  }

  /** A member's connection has ended. */
  leave(member: Member): void {
    if (this.#members.get(member.id) !== member) return;
    this.#members.delete(member.id);
    this.#underWay.cancelAll([...member.taking, ...member.giving]);
    for (const { file } of member.holdings.values()) this.#fileMembers.leave(member, file);
    member.holdings.clear();
    this.#trust.forget(member.id);
    this.#said.delete(member);
    this.#work();
  }

  /** Answers what is known of a file. */
  askInfo(member: Member, { url }: AskInfoMessage, file: SharedFile | undefined): void {
    this.#said.say(member, () => {
      if (!file || (file.size === 0 && !file.isStreaming))
        return this.#unknown(member, () => member.voice.tellInfo(url, undefined));
      const { size, chunkSize, isStreaming, version, firstChunk } = file;
      member.voice.tellInfo(url, {
        size,
        chunkSize,
        isStreaming,
        version,
        ...(isStreaming && { start: firstChunk * chunkSize }),
      });
    });
  }

  /** A member wants or gives a range, or no longer does. */
  changeRange(member: Member, message: RangeMessage, file: SharedFile | undefined): void {
    this.#said.say(member, () => {
      if (!file) return this.#unknown(member, () => member.voice.warnUnknownUrl(message.url));
      if (message.range === undefined && (message.type === 'unrequest' || message.type === 'unprovide')) return;
      if (member.holdings.size >= MAX_FILES_OF_MEMBER && !member.holdings.has(file.path)) {
        return member.voice.warn('That are too many files for one client');
      }
      const run = runOf(message, file, member.isInside);
      if (run.first >= run.end) return member.voice.warn('That range holds no chunk of the file');
      try {
        changeHolding(member, this.#fileMembers.enter(member, file, message.url), message.type, run);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        member.voice.fail(error.message);
      }
    });
    this.#work();
  }

  /** Answers a giver whether its caller was sent. */
  askVerify(member: Member, question: AskVerifyMessage, file: SharedFile | undefined): void {
    const transfer = file && this.#underWay.standing(member.id, question.peerId, file.path, question.range);
    const caller = transfer && (transfer.giver === member ? transfer.taker : transfer.giver);
    const isAuthorized = caller !== undefined && canBe(caller, question.peer) && transfer?.sharedFile === file;
    if (transfer && isAuthorized) {
      const { min, max } = transfer.range;
      const extraMs = (rangeLength({ min, max }) / SLOWEST_BYTES_PER_SECOND) * 1000;
      transfer.deadlineMs = this.#options.clock.nowMs() + UNFINISHED_MS + extraMs;
    } else this.counters.refusedQuestions++;
    this.#said.say(member, () => member.voice.tellVerify(question, isAuthorized));
  }

  /** Takes the report of one side of a transfer; a taker is told whether its hash is right. */
  completed(member: Member, report: CompletedMessage, file: SharedFile | undefined): void {
    const path = file?.path ?? pathOfUrl(member, report.url);
    const completion =
      path === undefined
        ? ({ by: 'nobody' } as const)
        : this.#underWay.complete(member.id, report.peerId, path, report.range);
    if (completion.by === 'nobody') return this.#said.say(member, () => member.voice.warnUnknownTransfer(report));
    if (completion.by !== 'taker') return;
    const { transfer } = completion;
    if (report.hash === undefined) return this.#judged(transfer, report, 'failed');
    void this.#options.hashOf(transfer.sharedFile, transfer.chunk).then((hash) => {
      this.#judged(transfer, report, hash === undefined ? 'gone' : hash === report.hash ? 'good' : 'wrong');
    });
  }

  /** A file has another version, or is no more: what stood for the old one is given up, and who wanted it is told. */
  fileChanged(file: SharedFile): void {
    const members = this.#fileMembers.of(file);
    this.#underWay.cancelAll([...this.#underWay.all].filter(({ sharedFile }) => sharedFile === file));
    this.#fileMembers.delete(file);
    for (const member of members) {
      const holding = member.holdings.get(file.path);
      if (holding?.file !== file) continue;
      member.holdings.delete(file.path);
      if (!holding.requested.isEmpty) this.#said.say(member, () => member.voice.warn(FILE_CHANGED));
    }
  }

  /** Forgets chunks of a live stream that have left its window. */
  windowMoved(file: SharedFile): void {
    for (const member of this.#fileMembers.of(file)) {
      const holding = member.holdings.get(file.path)!;
      for (const set of [holding.requested, holding.open, holding.gives]) set.remove(0, file.firstChunk);
    }
  }

  /** Gives up what takes too long. */
  tick(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const transfer of this.#underWay.all) {
      if (transfer.deadlineMs > nowMs) continue;
      this.counters.timedOut++;
      this.#underWay.cancel(transfer);
      this.#judge.rest(transfer);
    }
    this.#work();
  }

  /** Orders what the policy chooses. */
  orderTransfers(): void {
    const nowMs = this.#options.clock.nowMs();
    const known = {
      members: this.#members,
      fileMembers: this.#fileMembers,
      underWay: this.#underWay,
      trust: this.#trust,
    };
    const takers = takerViews(known, nowMs);
    if (takers.length === 0) return;
    for (const { giverId, takerId, file, chunk } of this.#choose({ takers, random: this.#options.random })) {
      const giver = this.#members.get(giverId);
      const taker = this.#members.get(takerId);
      if (giver && taker) this.#order(giver, taker, file, chunk, nowMs);
    }
    this.#said.flush();
  }

  #order(giver: Member, taker: Member, file: SharedFile, chunk: number, nowMs: number): void {
    const host = meetingAddress(giver, taker);
    const holding = taker.holdings.get(file.path);
    const isPossible =
      host !== undefined &&
      giver !== taker &&
      holding?.file === file &&
      holding.open.has(chunk) &&
      chunk < chunkCount(file) &&
      giver.holdings.get(file.path)?.gives.has(chunk) === true;
    if (!isPossible || freeToGive(giver) <= 0 || freeToTake(taker) <= 0) return;
    const range = chunkRange(file, chunk);
    const ids = { giverId: giver.id, takerId: taker.id, file: file.path, range };
    const transfer: Transfer = { ...ids, giver, taker, sharedFile: file, chunk, deadlineMs: nowMs + UNASKED_MS };
    if (!this.#underWay.begin(transfer)) return;
    holding.open.remove(chunk);
    this.counters.ordered++;
    this.#said.add(taker);
    taker.voice.order({ host, port: giver.listenPort, method: 'get', url: holding.url, range, peerId: giver.id });
  }

  #judged(transfer: Transfer, report: CompletedMessage, outcome: TransferOutcome): void {
    this.#judge.judge(transfer, report, outcome);
    if (outcome !== 'gone') this.#work();
  }

  #unknown(member: Member, answer: () => void): void {
    this.counters.unknownUrls++;
    if (++member.unknownUrls > MAX_UNKNOWN_URLS) member.voice.fail('too many unknown files');
    else answer();
  }

  #work(): void {
    this.#options.onWork();
  }
}

/** The path of a file that has gone meanwhile. */
function pathOfUrl(member: Member, wanted: string): string | undefined {
  for (const { url, file } of member.holdings.values()) if (url === wanted) return file.path;
  return undefined;
}
