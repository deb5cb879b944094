import { connect } from 'node:net';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import {
  decodeRepairAnswer,
  encodeRepairRequest,
  type FlowPart,
  type FlowRange,
  type RangeAccount,
  type RefusalCode,
  type RepairAnswer,
  type RepairRequest,
  type SoundPiece,
} from '../../protocols/repair/messages.ts';
import { type ClientCredentials, recorderGreeting } from './greetings.ts';
import { type ByteStream, SecureStream } from './secure-stream.ts';

/** A request that the sender has refused; the connection goes on. */
export class RepairRefused extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, reason: string) {
    super(`the sender says: ${reason}`);
    this.name = 'RepairRefused';
    this.code = code;
  }
}

/** Where and how. */
export interface RepairClientOptions {
  readonly host: string;
  readonly port: number;
  readonly credentials: ClientCredentials;
  /** `RECORDER_ID_BYTES`; the same for all connections of one take. */
  readonly recorderId: Buffer;
  readonly clock: Clock;
  /** How long the sender may say nothing; default 60 s. One that works at something says so. */
  readonly silenceMs?: number;
  /** How a connection is begun; default TCP. */
  readonly dial?: Dial | undefined;
}

/** Begins a connection; it may be used at once. */
export type Dial = (address: { readonly host: string; readonly port: number }) => ByteStream;

/** Which flows a sender has. */
export type OfferedFlows = Extract<RepairAnswer, { kind: 'flows' }>;
type RequestBody = RepairRequest extends infer One ? (One extends RepairRequest ? Omit<One, 'id'> : never) : never;

interface Waiting {
  resolve(answer: RepairAnswer): void;
  reject(error: Error): void;
}

const SILENCE_MS = 60_000;
/** So often it is said that we are still there: hashing our own files may take long. */
const ALIVE_MS = 20_000;

/** A connection to the sender of a take. Requests may be under way at the same time; answers come in their order. */
export class RepairClient {
  readonly #stream: SecureStream;
  readonly #waiting = new Map<number, Waiting>();
  readonly #alive: Timer;
  #nextId = 1;
  #failure: string | undefined;

  private constructor(options: RepairClientOptions) {
    const { host, port, credentials, recorderId, clock, silenceMs = SILENCE_MS, dial = connect } = options;
    this.#stream = new SecureStream({
      socket: dial({ host, port }),
      clock,
      silenceMs,
      greeting: recorderGreeting(credentials, recorderId, clock),
      onMessage: (message) => this.#take(message),
      onClose: (reason) => this.#end(reason),
    });
    this.#alive = clock.every(ALIVE_MS, () => this.flows().catch(() => undefined));
  }

  /** Rejects with an Error whose message is the reason: with GreetingRefused when the keys do not fit. */
  static async open(options: RepairClientOptions): Promise<RepairClient> {
    const client = new RepairClient(options);
    await client.#stream.ready;
    return client;
  }

  /** Requests that are under way. */
  get busy(): number {
    return this.#waiting.size;
  }

  /** Whether it can be asked. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Which flows there are. Rejects when the connection ends. */
  async flows(): Promise<OfferedFlows> {
    const answer = await this.#ask({ kind: 'flows' });
    if (answer.kind !== 'flows') throw this.#foul('another answer than which flows there are');
    return answer;
  }

  /** The hashes of a stretch, whose first frame the recorder has at `position`. Rejects with RepairRefused, too. */
  async account(range: FlowRange, position: number): Promise<RangeAccount> {
    const answer = await this.#ask({ kind: 'account', range, position });
    if (answer.kind !== 'account') throw this.#foul('another answer than hashes');
    return { startFrame: position, frames: range.frames, ...answer.account };
  }

  /** The sound of some pieces, one after the other, `frameBytes` bytes a frame. Rejects with RepairRefused, too. */
  async sound(part: FlowPart, pieces: readonly SoundPiece[], frameBytes: number): Promise<Buffer> {
    const answer = await this.#ask({ kind: 'sound', part, pieces });
    const frames = pieces.reduce((sum, [, length]) => sum + length, 0);
    if (answer.kind !== 'sound' || answer.bytes.length !== frames * frameBytes) {
      throw this.#foul('another answer than the sound that was asked for');
    }
    return answer.bytes;
  }

  /** Says that nothing more is needed, and ends. */
  async done(): Promise<void> {
    await this.#stream.send(encodeRepairRequest({ kind: 'done', id: this.#nextId++ }));
    this.close();
  }

  close(): void {
    this.#stream.close('ended');
  }

  #ask(body: RequestBody): Promise<RepairAnswer> {
    if (this.#failure !== undefined) return Promise.reject(new Error(this.#failure));
    const id = this.#nextId++;
    const answered = new Promise<RepairAnswer>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    void this.#stream.send(encodeRepairRequest({ ...body, id } as RepairRequest));
    return answered;
  }

  #take(message: Buffer): void {
    const answer = decodeRepairAnswer(message);
    if (answer.kind === 'working') return;
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) throw new ProtocolViolation('an answer that nobody asked for');
    this.#waiting.delete(answer.id);
    if (answer.kind === 'refused') waiting.reject(new RepairRefused(answer.code, answer.reason));
    else waiting.resolve(answer);
  }

  #foul(what: string): Error {
    this.#stream.close(what);
    return new Error(what);
  }

  #end(reason: string): void {
    this.#failure = reason;
    this.#alive.cancel();
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }
}
