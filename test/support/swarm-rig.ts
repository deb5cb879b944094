import { createHash } from 'node:crypto';
import { chunkRange } from '../../src/protocols/pdtp/chunks.ts';
import { parseFileUrl } from '../../src/protocols/pdtp/file-url.ts';
import { ServerSession } from '../../src/protocols/pdtp/server-session.ts';
import { Coordinator } from '../../src/swarm/coordinator/coordinator.ts';
import type { Member, MemberSetup } from '../../src/swarm/coordinator/member.ts';
import type { SharedFile } from '../../src/swarm/coordinator/shared-file.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { seededRandom } from './seeded-random.ts';

/** A client of a coordinator without sockets: what it says goes in, what it is told comes out as lines. */
export interface RigClient {
  readonly member: () => Member | undefined;
  readonly lines: string[];
  readonly closedBy: () => string | undefined;
  say(...messages: readonly (readonly [string, unknown])[]): void;
  sayBytes(bytes: Buffer): void;
  /** The orders so far that it was not asked about before. */
  takeOrders(): Order[];
}

/** An order as its message has it. */
export interface Order {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly range: { readonly min: number; readonly max: number };
  readonly peer_id: string;
}

/** A coordinator with files in memory, turned by hand. */
export class SwarmRig {
  readonly clock = new FakeClock();
  readonly contents = new Map<string, Buffer>();
  readonly files = new Map<string, SharedFile>();
  readonly coordinator: Coordinator;
  isWorkDue = false;

  constructor() {
    this.coordinator = new Coordinator({
      clock: this.clock,
      random: seededRandom(3),
      hashOf: async (file, chunk) => (this.files.get(file.path) === file ? this.hash(file, chunk) : undefined),
      onWork: () => {
        this.isWorkDue = true;
      },
    });
  }

  /** Publishes bytes under a path; another version when there are some. */
  publish(path: string, bytes: Buffer, chunkSize: number): SharedFile {
    const version = String(this.files.size + this.clock.nowMs());
    const file = { path, version, size: bytes.length, chunkSize, isStreaming: false, firstChunk: 0 };
    this.files.set(path, file);
    this.contents.set(path, bytes);
    return file;
  }

  hash(file: SharedFile, chunk: number): string {
    const { min, max } = chunkRange(file, chunk);
    const bytes = this.contents.get(file.path)!.subarray(min, max + 1);
    return createHash('sha256').update(bytes).digest('hex');
  }

  /** Lets hashes be computed and orders go out. */
  async turn(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await settle();
      if (this.isWorkDue) this.coordinator.orderTransfers();
      this.isWorkDue = false;
    }
  }

  connect(where: Partial<Omit<MemberSetup, 'voice' | 'onSaid'>> = {}): RigClient {
    const { coordinator, files } = this;
    const lines: string[] = [];
    let member: Member | undefined;
    let closedBy: string | undefined;
    let taken = 0;
    const flush = () => {
      for (const line of session.takeOutput().toString().split('\n')) if (line) lines.push(line);
    };
    const session: ServerSession = new ServerSession({
      claimId: (id) => !coordinator.members.has(id),
      onEvent(event) {
        if (event.type === 'register') {
          const setup = { address: '127.0.0.1', reachedAt: '127.0.0.1', isInside: false, ...where };
          if (member) coordinator.rename(member, event.clientId, event.listenPort);
          else
            member = coordinator.register(
              { ...setup, voice: session, onSaid: flush },
              event.clientId,
              event.listenPort,
            );
          return;
        }
        const path = parseFileUrl(event.url)?.paths.find((each) => files.has(each));
        const file = path === undefined ? undefined : files.get(path);
        if (event.type === 'ask_info') coordinator.askInfo(member!, event, file);
        else if (event.type === 'ask_verify') coordinator.askVerify(member!, event, file);
        else if (event.type === 'completed') coordinator.completed(member!, event, file);
        else coordinator.changeRange(member!, event, file);
      },
    });
    const sayBytes = (bytes: Buffer) => {
      try {
        session.receive(bytes);
      } catch (error) {
        closedBy = (error as Error).message;
      }
      flush();
    };
    return {
      member: () => member,
      lines,
      closedBy: () => closedBy,
      say: (...messages) => {
        for (const message of messages) sayBytes(Buffer.from(`${JSON.stringify(message)}\n`));
      },
      sayBytes,
      takeOrders: () => {
        const orders = lines.filter((line) => line.startsWith('["transfer"')).slice(taken);
        taken += orders.length;
        return orders.map((line) => JSON.parse(line)[1] as Order);
      },
    };
  }
}
