import type { Clock } from '../../core/clock.ts';
import { rangeLength } from '../../protocols/pdtp/byte-range.ts';
import { chunkCount, chunkRange, chunksCovered, chunksTouched } from '../../protocols/pdtp/chunks.ts';
import type {
  AskInfoMessage,
  AskVerifyMessage,
  CompletedMessage,
  RangeMessage,
} from '../../protocols/pdtp/messages.ts';
import { OpenTransfers } from '../../protocols/pdtp/open-transfers.ts';
import { FileTally } from '../view/file-tally.ts';
import type { ChunkRun } from './chunk-set.ts';
import { canBe, meetingAddress } from './meeting.ts';
import { type Holding, Member, type MemberSetup, type Transfer } from './member.ts';
import type { SharedFile } from './shared-file.ts';
import { SwarmCounters } from './swarm-counters.ts';
import {
  type ChooseTransfers,
  chooseInOrder,
  type GiverView,
  type TakerView,
  type WantView,
} from './transfer-choice.ts';
import { TrustGraph } from './trust-graph.ts';

/** Transfers of one member, giving and taking each; an original counts both together. */
const TRANSFERS_AT_ONCE = 10;
const TRANSFERS_OF_SERVER = 64;
/** A giver that has not asked about its caller by then. */
const UNASKED_MS = 20_000;
/** After the question: so long, and a second more for each KiB. */
const UNFINISHED_MS = 30_000;
const SLOWEST_BYTES_PER_SECOND = 1024;
/** How long a giver rests for a taker that it failed; doubles. */
const REST_MS = 2000;
const LONGEST_REST_MS = 120_000;
/** Takers that must agree before a giver is barred. */
const ACCUSERS_TO_BAR = 3;
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
  /** Who holds or wants something of a file, by the file. */
  readonly #swarms = new Map<SharedFile, Set<Member>>();
  readonly #transfers = new OpenTransfers<Transfer>();
  readonly #underWay = new Set<Transfer>();
  /** How many takers get a chunk now. */
  readonly #onTheWay = new Map<SharedFile, Map<number, number>>();
  readonly #trust = new TrustGraph();
  readonly #said = new Set<Member>();
  readonly #tallies = new WeakMap<SharedFile, FileTally>();

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.#choose = options.chooseTransfers ?? chooseInOrder;
  }

  /** All members, by id. */
  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** The files that somebody gives or wants. */
  files(): Iterable<SharedFile> {
    return this.#swarms.keys();
  }

  /** Who has to do with a file. */
  membersOf(file: SharedFile): ReadonlySet<Member> {
    return this.#swarms.get(file) ?? new Set();
  }

  /** Under way now. */
  get transfers(): ReadonlySet<Transfer> {
    return this.#underWay;
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
    this.#cancelAll([...member.taking, ...member.giving]);
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
    this.#cancelAll([...member.taking, ...member.giving]);
    for (const { file } of member.holdings.values()) this.#leaveFile(member, file);
    member.holdings.clear();
    this.#trust.forget(member.id);
    this.#said.delete(member);
    this.#work();
  }

  /** Answers what is known of a file. */
  askInfo(member: Member, { url }: AskInfoMessage, file: SharedFile | undefined): void {
    this.#say(member, () => {
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
    this.#say(member, () => {
      if (!file) return this.#unknown(member, () => member.voice.warnUnknownUrl(message.url));
      if (message.range === undefined && (message.type === 'unrequest' || message.type === 'unprovide')) return;
      if (member.holdings.size >= MAX_FILES_OF_MEMBER && !member.holdings.has(file.path)) {
        return member.voice.warn('That are too many files for one client');
      }
      const runs = runsOf(message, file, member.isInside);
      if (runs.first >= runs.end) return member.voice.warn('That range holds no chunk of the file');
      try {
        this.#change(member, message.type, this.#enter(member, file, message.url), runs);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        member.voice.fail(error.message);
      }
    });
    this.#work();
  }

  /** Answers a giver whether its caller was sent. */
  askVerify(member: Member, question: AskVerifyMessage, file: SharedFile | undefined): void {
    const transfer = file && this.#transfers.standing(member.id, question.peerId, file.path, question.range);
    const caller = transfer && (transfer.giver === member ? transfer.taker : transfer.giver);
    const isAuthorized = caller !== undefined && canBe(caller, question.peer) && transfer?.sharedFile === file;
    if (transfer && isAuthorized) {
      const { min, max } = transfer.range;
      const extraMs = (rangeLength({ min, max }) / SLOWEST_BYTES_PER_SECOND) * 1000;
      transfer.deadlineMs = this.#options.clock.nowMs() + UNFINISHED_MS + extraMs;
    } else this.counters.refusedQuestions++;
    this.#say(member, () => member.voice.tellVerify(question, isAuthorized));
  }

  /** Takes the report of one side of a transfer; a taker is told whether its hash is right. */
  completed(member: Member, report: CompletedMessage, file: SharedFile | undefined): void {
    const path = file?.path ?? pathOfUrl(member, report.url);
    const completion =
      path === undefined
        ? ({ by: 'nobody' } as const)
        : this.#transfers.complete(member.id, report.peerId, path, report.range);
    if (completion.by === 'nobody') return this.#say(member, () => member.voice.warnUnknownTransfer(report));
    if (completion.by !== 'taker') return;
    const { transfer } = completion;
    this.#close(transfer);
    if (report.hash === undefined) return this.#judge(transfer, report, 'failed');
    void this.#options.hashOf(transfer.sharedFile, transfer.chunk).then((hash) => {
      this.#judge(transfer, report, hash === undefined ? 'gone' : hash === report.hash ? 'good' : 'wrong');
    });
  }

  /** A file has another version, or is no more: what stood for the old one is given up, and who wanted it is told. */
  fileChanged(file: SharedFile): void {
    const members = this.#swarms.get(file);
    if (!members) return;
    this.#cancelAll([...this.#underWay].filter(({ sharedFile }) => sharedFile === file));
    this.#swarms.delete(file);
    for (const member of members) {
      const holding = member.holdings.get(file.path);
      if (holding?.file !== file) continue;
      member.holdings.delete(file.path);
      if (!holding.requested.isEmpty) this.#say(member, () => member.voice.warn(FILE_CHANGED));
    }
  }

  /** Forgets chunks of a live stream that have left its window. */
  windowMoved(file: SharedFile): void {
    for (const member of this.#swarms.get(file) ?? []) {
      const holding = member.holdings.get(file.path)!;
      for (const set of [holding.requested, holding.open, holding.gives]) set.remove(0, file.firstChunk);
    }
  }

  /** Gives up what takes too long. */
  tick(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const transfer of this.#underWay) {
      if (transfer.deadlineMs > nowMs) continue;
      this.counters.timedOut++;
      this.#cancel(transfer);
      this.#rest(transfer);
    }
    this.#work();
  }

  /** Orders what the policy chooses. */
  orderTransfers(): void {
    const nowMs = this.#options.clock.nowMs();
    const takers = this.#takers(nowMs);
    if (takers.length === 0) return;
    for (const { giverId, takerId, file, chunk } of this.#choose({ takers, random: this.#options.random })) {
      const giver = this.#members.get(giverId);
      const taker = this.#members.get(takerId);
      if (giver && taker) this.#order(giver, taker, file, chunk, nowMs);
    }
    this.#flush();
  }

  #takers(nowMs: number): TakerView[] {
    const givers = new Map<SharedFile, GiverView[]>();
    const takers: TakerView[] = [];
    const seen = new Set<Member>();
    for (const members of this.#swarms.values()) {
      for (const member of members) {
        if (seen.has(member)) continue;
        seen.add(member);
        const freeSlots = freeToTake(member);
        if (freeSlots <= 0) continue;
        const wants = this.#wantsOf(member, givers);
        if (wants.length === 0) continue;
        takers.push({
          id: member.id,
          freeSlots,
          underWay: member.taking.size,
          wants,
          mayTakeFrom: ({ id }) => this.#mayMeet(id, member, nowMs),
          trust: ({ id }) => this.#trust.trust(member.id, id),
        });
      }
    }
    return takers;
  }

  #wantsOf(member: Member, givers: Map<SharedFile, GiverView[]>): WantView[] {
    const wants: WantView[] = [];
    for (const { file, open } of member.holdings.values()) {
      if (open.isEmpty) continue;
      const views = givers.get(file) ?? this.#giversOf(file);
      givers.set(file, views);
      if (views.length === 0) continue;
      const onTheWay = (chunk: number) => this.#onTheWay.get(file)?.get(chunk) ?? 0;
      wants.push({ file, chunks: open, givers: views, onTheWay });
    }
    return wants;
  }

  #giversOf(file: SharedFile): GiverView[] {
    const views: GiverView[] = [];
    for (const member of this.#swarms.get(file) ?? []) {
      const { gives } = member.holdings.get(file.path)!;
      const freeSlots = gives.isEmpty || member.isBarred ? 0 : freeToGive(member);
      if (freeSlots > 0) views.push({ id: member.id, freeSlots, isServer: member.isInside, chunks: gives });
    }
    return views;
  }

  #mayMeet(giverId: string, taker: Member, nowMs: number): boolean {
    const giver = this.#members.get(giverId);
    if (!giver || giver === taker || (taker.resting.get(giverId)?.untilMs ?? 0) > nowMs) return false;
    return meetingAddress(giver, taker) !== undefined;
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
    if (this.#transfers.standing(giver.id, taker.id, file.path, range)) return;
    const transfer: Transfer = { ...ids, giver, taker, sharedFile: file, chunk, deadlineMs: nowMs + UNASKED_MS };
    try {
      this.#transfers.open(transfer);
    } catch {
      return;
    }
    this.#underWay.add(transfer);
    this.#count(file, chunk, 1);
    giver.giving.add(transfer);
    taker.taking.add(transfer);
    holding.open.remove(chunk);
    this.counters.ordered++;
    this.#said.add(taker);
    taker.voice.order({ host, port: giver.listenPort, method: 'get', url: holding.url, range, peerId: giver.id });
  }

  #judge(transfer: Transfer, report: CompletedMessage, outcome: 'good' | 'wrong' | 'failed' | 'gone'): void {
    const { giver, taker, sharedFile, chunk, range } = transfer;
    const bytes = rangeLength(range);
    if (this.#members.get(taker.id) === taker) {
      this.#say(taker, () => taker.voice.tellHash(report, outcome === 'good'));
    }
    if (outcome === 'gone') return this.#reopen(transfer);
    this.#trust.enter(taker.id, giver.id, outcome === 'good');
    if (outcome !== 'good') {
      if (outcome === 'wrong') this.#accuse(transfer);
      else this.counters.failed++;
      this.#reopen(transfer);
      this.#rest(transfer);
      return this.#work();
    }
    giver.accusers.clear();
    taker.resting.delete(giver.id);
    giver.bytesGiven += bytes;
    taker.bytesTaken += bytes;
    this.counters.good++;
    this.tallyOf(sharedFile).confirmed(taker, bytes, giver.isInside);
    if (giver.isInside) this.counters.bytesFromServer += bytes;
    else this.counters.bytesFromPeers += bytes;
    const holding = taker.holdings.get(sharedFile.path);
    if (holding?.file === sharedFile) {
      holding.requested.remove(chunk);
      holding.open.remove(chunk);
      if (taker.listenPort > 0 && chunk >= sharedFile.firstChunk) holding.gives.add(chunk);
    }
    this.#work();
  }

  #accuse({ giver, taker }: Transfer): void {
    this.counters.wrong++;
    if (giver.isInside) return;
    giver.accusers.add(taker.id);
    if (giver.accusers.size >= ACCUSERS_TO_BAR && !giver.isBarred) {
      giver.isBarred = true;
      this.counters.barred++;
      this.#say(giver, () => giver.voice.warn('Several peers had wrong bytes from you; you give no more'));
    }
  }

  /** What fails at the same time counts once. */
  #rest({ giver, taker }: Transfer): void {
    const nowMs = this.#options.clock.nowMs();
    const rest = taker.resting.get(giver.id);
    if (rest && rest.untilMs > nowMs) return;
    const failures = (rest?.failures ?? 0) + 1;
    taker.resting.set(giver.id, {
      untilMs: nowMs + Math.min(LONGEST_REST_MS, REST_MS * 2 ** (failures - 1)),
      failures,
    });
  }

  #change(member: Member, type: RangeMessage['type'], holding: Holding, { first, end }: ChunkRun): void {
    const { requested, open, gives } = holding;
    if (type === 'provide') gives.add(first, end);
    else if (type === 'unprovide') gives.remove(first, end);
    else if (type === 'request') {
      requested.add(first, end);
      open.add(first, end);
      for (const { sharedFile, chunk } of member.taking) if (sharedFile === holding.file) open.remove(chunk);
    } else {
      requested.remove(first, end);
      open.remove(first, end);
    }
  }

  #enter(member: Member, file: SharedFile, url: string): Holding {
    const old = member.holdings.get(file.path);
    if (old && old.file !== file) this.#leaveFile(member, old.file);
    const members = this.#swarms.get(file) ?? new Set();
    this.#swarms.set(file, members.add(member));
    return member.holding(file, url);
  }

  #leaveFile(member: Member, file: SharedFile): void {
    const members = this.#swarms.get(file);
    members?.delete(member);
    if (members?.size === 0) this.#swarms.delete(file);
  }

  #unknown(member: Member, answer: () => void): void {
    this.counters.unknownUrls++;
    if (++member.unknownUrls > MAX_UNKNOWN_URLS) member.voice.fail('too many unknown files');
    else answer();
  }

  #cancelAll(transfers: Iterable<Transfer>): void {
    for (const transfer of transfers) this.#cancel(transfer);
  }

  #cancel(transfer: Transfer): void {
    this.#transfers.cancel(transfer);
    this.#close(transfer);
    this.#reopen(transfer);
  }

  #close(transfer: Transfer): void {
    if (this.#underWay.delete(transfer)) this.#count(transfer.sharedFile, transfer.chunk, -1);
    transfer.giver.giving.delete(transfer);
    transfer.taker.taking.delete(transfer);
  }

  #count(file: SharedFile, chunk: number, change: 1 | -1): void {
    const counts = this.#onTheWay.get(file) ?? new Map<number, number>();
    const count = (counts.get(chunk) ?? 0) + change;
    if (count > 0) counts.set(chunk, count);
    else counts.delete(chunk);
    if (counts.size > 0) this.#onTheWay.set(file, counts);
    else this.#onTheWay.delete(file);
  }

  #reopen({ taker, sharedFile, chunk }: Transfer): void {
    const holding = taker.holdings.get(sharedFile.path);
    if (holding?.file === sharedFile && holding.requested.has(chunk)) holding.open.add(chunk);
  }

  #say(member: Member, say: () => void): void {
    this.#said.add(member);
    say();
    this.#flush();
  }

  #flush(): void {
    for (const member of this.#said) {
      this.#said.delete(member);
      member.setup.onSaid();
    }
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

function freeToTake(member: Member): number {
  return TRANSFERS_AT_ONCE - member.taking.size - (member.voice.dialect === 1 ? member.giving.size : 0);
}

function freeToGive(member: Member): number {
  if (member.isInside) return TRANSFERS_OF_SERVER - member.giving.size;
  return TRANSFERS_AT_ONCE - member.giving.size - (member.voice.dialect === 1 ? member.taking.size : 0);
}

/** What a range means; of a live stream only the publisher gives what is still to come. */
function runsOf({ type, range = {} }: RangeMessage, file: SharedFile, isInside: boolean): ChunkRun {
  if (file.isStreaming && range.max === undefined && (type !== 'provide' || isInside)) {
    const first = Math.max(file.firstChunk, Math.floor((range.min ?? 0) / file.chunkSize));
    return { first, end: Number.POSITIVE_INFINITY };
  }
  const { first, end } = type === 'provide' ? chunksCovered(file, range) : chunksTouched(file, range);
  return { first: Math.max(first, file.firstChunk), end };
}
