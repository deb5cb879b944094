import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { type PeerMessage, type Receipt, SWARM_VERSION } from '../../protocols/swarm/peer-messages.ts';
import { SECRET_BYTES } from '../../protocols/swarm/token.ts';
import { isPortForPeers, type Whereabouts } from '../coordinator/meeting.ts';
import type { SharedFile } from '../coordinator/shared-file.ts';
import { SwarmCounters } from '../coordinator/swarm-counters.ts';
import { type LeaseMessage, StreamConducting } from '../live/stream-conducting.ts';
import { SERVER } from '../schedule/swarm.ts';
import type { ConductedFile, PlannedTransfer, PreparedFile } from './conducted-file.ts';
import { ConductedFiles, tellFile } from './conducted-files.ts';
import { Introductions } from './introductions.ts';
import { KnownLiars } from './known-liars.ts';
import { accountTransfer, capsOf, NativeMember, type NativeVoice } from './native-member.ts';
import { OrderDesk } from './order-desk.ts';
import { PrefixNumbers } from './prefix-numbers.ts';
import { ReachTests } from './reach-tests.ts';
import { UplinkMeter } from './uplink-meter.ts';

/** Plans are at least so far apart. */
const PLAN_MS = 15;
const TICK_MS = 250;
const MAX_FILES_OF_MEMBER = 64;
/** The server's line proves each byte: who says so often that they are wrong lies, and would be sent them for ever. */
const MOST_WRONG_OF_SERVER = 8;
const SERVER_UP_GUESS = 1_000_000;

/** What a conductor works with. */
export interface ConductorOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly serverKey: Buffer;
  /** The secret of the server's own giving. */
  readonly serverSecret: Buffer;
  readonly givePort: () => number;
  /** The server's `--upload-limit`; undefined: it is measured. */
  readonly upBytesPerSecond: number | undefined;
  /** Makes the file behind a path ready; undefined: there is none. */
  readonly prepare: (path: string) => Promise<PreparedFile | undefined>;
  /** Whether somebody with this ticket (empty: with none) may join what is under the path. */
  readonly admits: (path: string, ticket: Buffer) => boolean;
  /** Tests whether the member answers at its address. */
  readonly probe: (member: NativeMember) => Promise<boolean>;
  /** The server itself pushes a live stream. */
  readonly push: (lease: LeaseMessage) => void;
}

/** Conducts peers of the native dialect: who is there, who sends what to whom, and who may. It owns no sockets. */
export class Conductor {
  readonly counters = new SwarmCounters();
  /** The live streams. */
  readonly live: StreamConducting;
  readonly #options: ConductorOptions;
  readonly #startMs: number;
  readonly #members = new Map<number, NativeMember>();
  readonly #files = new ConductedFiles(() => ++this.#lastFile);
  readonly #introductions: Introductions;
  readonly #orders: OrderDesk;
  readonly #liars: KnownLiars;
  readonly #reach: ReachTests;
  readonly #prefixes = new PrefixNumbers();
  readonly #serverMeter: UplinkMeter;
  readonly #ticker: Timer;
  #plan: Timer | undefined;
  #lastId = SERVER;
  #lastFile = 0;
  #lastTickMs: number;

  constructor(options: ConductorOptions) {
    this.#options = options;
    this.#startMs = options.clock.nowMs();
    this.#lastTickMs = this.#startMs;
    this.#serverMeter = new UplinkMeter(options.upBytesPerSecond ?? SERVER_UP_GUESS);
    this.#ticker = options.clock.every(TICK_MS, () => this.#tick());
    this.#liars = new KnownLiars(options.clock);
    this.#reach = new ReachTests({
      clock: options.clock,
      probe: options.probe,
      isHere: (member) => this.#members.has(member.id),
      onKnown: (member) => {
        this.#refresh(member);
        this.#planSoon();
      },
    });
    const { serverSecret, givePort } = options;
    const nowSeconds = () => this.nowSeconds;
    this.#introductions = new Introductions({ serverSecret, givePort, nowSeconds });
    this.#orders = new OrderDesk({ introductions: this.#introductions, serverSecret, nowSeconds });
    this.live = new StreamConducting({
      clock: options.clock,
      random: options.random,
      nowSeconds,
      serverUpBytesPerSecond: () => this.serverUpBytesPerSecond,
      nextId: () => ++this.#lastFile,
      introduce: (giver, taker) => this.#introductions.introduce(giver, taker),
      order: (file, transfers) => this.#order(file, transfers),
      cancel: (file, transfers) => {
        for (const transfer of transfers) this.#cancel(file, transfer);
      },
      push: options.push,
    });
  }

  /** Seconds since the conductor began: the clock of tokens. */
  get nowSeconds(): number {
    return Math.floor((this.#options.clock.nowMs() - this.#startMs) / 1000);
  }

  get memberCount(): number {
    return this.#members.size;
  }

  get members(): Iterable<NativeMember> {
    return this.#members.values();
  }

  /** What the server is relied on to send, bytes a second. */
  get serverUpBytesPerSecond(): number {
    return this.#options.upBytesPerSecond ?? this.#serverMeter.rate;
  }

  get files(): Iterable<ConductedFile> {
    return this.#files;
  }

  /** The file of a number. */
  fileOf(id: number): SharedFile | undefined {
    return this.#files.get(id)?.prepared.file;
  }

  /** A peer says hello. Throws ProtocolViolation for a version that is not spoken. */
  join(
    voice: NativeVoice,
    hello: PeerMessage & { type: 'hello' },
    where: Omit<Whereabouts, 'listenPort'>,
  ): NativeMember {
    if (hello.version !== SWARM_VERSION) throw new ProtocolViolation(`version ${hello.version} is not spoken here`);
    const { address } = where;
    const { prefix, widePrefix } = this.#prefixes.of(address);
    const member = new NativeMember({
      voice,
      id: ++this.#lastId,
      secret: randomBytes(SECRET_BYTES),
      where: { ...where, listenPort: isPortForPeers(hello.listenPort) ? hello.listenPort : 0 },
      caps: capsOf(hello),
      trustId: `${address} ${hello.key.toString('hex')}`,
      prefix,
      widePrefix,
    });
    this.#members.set(member.id, member);
    voice.tell({
      type: 'welcome',
      version: SWARM_VERSION,
      capabilities: hello.capabilities & (voice.capabilities ?? 0),
      peer: member.id,
      secret: member.secret,
      serverKey: this.#options.serverKey,
      givePort: this.#options.givePort(),
      nowSeconds: this.nowSeconds,
    });
    if (member.where.listenPort > 0 && hello.gives) void this.#reach.test(member);
    return member;
  }

  /** A peer has gone. */
  leave(member: NativeMember): void {
    if (!this.#members.delete(member.id)) return;
    member.nextProbe?.cancel();
    for (const id of member.met) this.#members.get(id)?.met.delete(member.id);
    for (const id of member.files) this.#leaveFile(member, id);
    this.live.gone(member);
    this.#planSoon();
  }

  /** A member says something. Throws ProtocolViolation for what it may not say. */
  receive(member: NativeMember, message: PeerMessage): void {
    switch (message.type) {
      case 'hello':
        throw new ProtocolViolation('a second hello');
      case 'want':
        return void this.#want(member, message);
      case 'have':
        return this.#have(member, message);
      case 'receipts':
        for (const receipt of message.receipts) this.#receipt(member, receipt);
        return this.#planSoon();
      case 'caps':
        member.caps = capsOf(message);
        return this.#refresh(member);
      case 'unwant':
        if (member.files.delete(message.file)) this.#leaveFile(member, message.file);
        return this.#planSoon();
      case 'bye':
        this.leave(member);
        return member.voice.close();
    }
  }

  /** A file is another now, or gone: its takers are told. */
  fileChanged(file: SharedFile): void {
    const conducted = this.#files.forget(file);
    if (!conducted) return;
    for (const member of conducted.members) {
      member.files.delete(conducted.id);
      member.voice.tell({ type: 'changed', file: conducted.id });
    }
  }

  close(): void {
    for (const member of this.#members.values()) member.nextProbe?.cancel();
    // Nobody is here: who goes now, or is found to be reachable, changes nothing.
    this.#members.clear();
    this.live.close();
    this.#ticker.cancel();
    this.#plan?.cancel();
  }

  async #want(member: NativeMember, { ref, path, inOrder, ticket }: PeerMessage & { type: 'want' }): Promise<void> {
    const none = { type: 'file', ref, file: 0, manifest: Buffer.alloc(0) } as const;
    const isRefused = () => member.files.size >= MAX_FILES_OF_MEMBER || this.#liars.has(member.trustId);
    if (isRefused() || !this.#options.admits(path, ticket)) return member.voice.tell({ ...none, status: 'refused' });
    if (this.live.want(member, ref, path)) return;
    const prepared = await this.#options.prepare(path).catch(() => undefined);
    if (!this.#members.has(member.id)) return;
    if (!prepared) return member.voice.tell({ ...none, status: 'unknown' });
    if (isRefused()) return member.voice.tell({ ...none, status: 'refused' });
    const conducted = this.#files.conduct(prepared, this.#serverMeter.rate);
    const { id } = conducted;
    tellFile(member.voice, ref, conducted);
    member.files.add(id);
    member.preparing.set(id, inOrder);
  }

  /** A member takes part in a file from its first list on: before it, it cannot check what it gets. */
  #have(member: NativeMember, { file: id, runs }: PeerMessage & { type: 'have' }): void {
    if (member.files.has(id)) this.live.have(member, id, runs);
    const file = this.#fileOfMember(member, id);
    const inOrder = member.preparing.get(id);
    if (inOrder !== undefined) file?.join(member, inOrder, this.#options.clock.nowMs());
    member.preparing.delete(id);
    file?.hold(member, runs);
    this.#planSoon();
  }

  #fileOfMember(member: NativeMember, id: number): ConductedFile | undefined {
    return member.files.has(id) ? this.#files.get(id) : undefined;
  }

  #leaveFile(member: NativeMember, id: number): void {
    this.live.leave(member, id);
    const file = this.#files.get(id);
    for (const transfer of file?.leave(member, this.#options.clock.nowMs()) ?? []) this.#cancel(id, transfer);
  }

  #cancel(file: number, { giver, taker, chunk }: PlannedTransfer): void {
    if (!this.#members.has(taker.id)) return;
    taker.voice.tell({ type: 'cancel', file, giver: giver?.id ?? SERVER, chunk });
  }

  #receipt(taker: NativeMember, receipt: Receipt): void {
    const file = this.#fileOfMember(taker, receipt.file);
    const giver = receipt.giver === SERVER ? undefined : this.#members.get(receipt.giver);
    if (!file) return this.#streamReceipt(taker, giver, receipt);
    if (!giver && receipt.giver !== SERVER) {
      if (receipt.outcome === 'ok') file.hold(taker, [{ first: receipt.chunk, count: 1 }]);
      return;
    }
    const nowMs = this.#options.clock.nowMs();
    const ended = file.receipt(taker, giver, receipt, nowMs);
    if (ended === 'unknown') return;
    accountTransfer(this.counters, { taker, giver, outcome: receipt.outcome, bytes: ended.bytes });
    this.#part(taker, giver, receipt);
    if (receipt.outcome === 'bad') this.#complained(taker, giver, file.judge.ledger.isLiar(taker.trustId));
    const meter = giver?.meter ?? this.#serverMeter;
    if (!meter.confirmed(ended.bytes, nowMs, ended.isBusy)) return;
    if (giver) this.#refresh(giver);
    else if (this.#options.upBytesPerSecond === undefined) file.swarm.setRates(SERVER, meter.rate, 0);
  }

  #streamReceipt(taker: NativeMember, giver: NativeMember | undefined, receipt: Receipt): void {
    if (!taker.files.has(receipt.file) || (!giver && receipt.giver !== SERVER)) return;
    const bytes = this.live.receipt(taker, giver, receipt);
    if (bytes === undefined) return;
    accountTransfer(this.counters, { taker, giver, outcome: receipt.outcome, bytes });
    this.#part(taker, giver, receipt);
    if (receipt.outcome !== 'bad') return;
    this.#complained(taker, giver, this.live.get(receipt.file)?.judge.ledger.isLiar(taker.trustId) === true);
  }

  /** Who lies about what it gets is sent away: it would take the same chunks from everybody for ever. */
  #complained(taker: NativeMember, giver: NativeMember | undefined, isLiar: boolean): void {
    if (!giver) taker.wrongOfServer++;
    if (!isLiar && taker.wrongOfServer < MOST_WRONG_OF_SERVER) return;
    this.#liars.add(taker.trustId);
    this.leave(taker);
    taker.voice.close();
  }

  #part(taker: NativeMember, giver: NativeMember | undefined, { outcome }: Receipt): void {
    if (outcome !== 'ok' && outcome !== 'held') this.#introductions.part(giver, taker);
  }

  #refresh(member: NativeMember): void {
    for (const id of member.files) this.#files.get(id)?.refresh(member);
    this.live.refresh(member);
  }

  #planSoon(): void {
    this.#plan ??= this.#options.clock.after(PLAN_MS, () => {
      this.#plan = undefined;
      this.#planNow();
    });
  }

  #planNow(): void {
    const { clock, random } = this.#options;
    const nowMs = clock.nowMs();
    for (const file of this.#files) {
      const transfers = file.plan(nowMs, random);
      for (const { giver } of transfers) (giver?.meter ?? this.#serverMeter).began(nowMs);
      for (const transfer of this.#order(file.id, transfers)) {
        file.receipt(transfer.taker, transfer.giver, impossible(file.id, transfer), nowMs);
      }
    }
  }

  /** Answers the transfers whose two may not be introduced. */
  #order(file: number, transfers: readonly PlannedTransfer[]): PlannedTransfer[] {
    const refused = this.#orders.order(file, transfers);
    this.counters.ordered += transfers.length - refused.length;
    return refused;
  }

  #tick(): void {
    const nowMs = this.#options.clock.nowMs();
    const waitedFor = [...this.#files].filter((file) => file.isWaitedFor);
    for (const file of waitedFor) {
      file.couldCarry(nowMs - this.#lastTickMs, this.serverUpBytesPerSecond / waitedFor.length);
    }
    for (const file of this.#files) {
      for (const transfer of file.forgotten(nowMs)) {
        this.counters.timedOut++;
        this.#cancel(file.id, transfer);
      }
    }
    this.#lastTickMs = nowMs;
    this.#planSoon();
  }
}

function impossible(file: number, { giver, chunk }: PlannedTransfer): Receipt {
  return { file, giver: giver?.id ?? SERVER, chunk, outcome: 'unreachable' };
}
