import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Clock, sleep } from '../../core/clock.ts';
import { randomHex } from '../../core/random.ts';
import { formatKey } from '../../protocols/link/keys.ts';
import { generateKeyPair } from '../../protocols/noise/x25519.ts';
import { RepairServer } from '../../tracks/repair/repair-server.ts';
import type { SessionRepair } from '../../tracks/repair/serve-session.ts';
import { portNumber } from '../port-number.ts';
import { addRepairOptions, type RepairFlags, sharedKeyOf } from '../repair-options.ts';

/** The options of `distream send` about repair, parsed. */
export interface ServeRepairFlags extends RepairFlags {
  /** The port; undefined: any free one; false: nothing is served. */
  readonly repair?: number | false;
  /** Megabits a second. */
  readonly repairRate?: number;
}

/** Adds them to a command. */
export function addServeRepairOptions(command: Command): Command {
  command
    .addOption(
      new Option(
        '--repair <port>',
        'TCP port at which recorders fetch what they lost (default: any free port)',
      ).argParser(portNumber),
    )
    .option('--no-repair', 'recorders cannot fetch what they lost')
    .addOption(
      new Option('--repair-rate <mbit>', 'megabits a second for all that is fetched (default: no limit)').argParser(
        rate,
      ),
    );
  return addRepairOptions(command, 'at the end, how long recorders that have come are waited for');
}

const POLL_MS = 100;
const SESSION_ID_BYTES = 12;

/** Serves a session's tracks to recorders that lost something, from before its start until they need nothing more. */
export class ServedRepair {
  /** For `openSendSession`. */
  readonly repair: SessionRepair;
  readonly #server: RepairServer;
  readonly #clock: Clock;
  readonly #patienceMs: number;

  private constructor(server: RepairServer, repair: SessionRepair, clock: Clock, patienceMs: number) {
    this.#server = server;
    this.repair = repair;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /**
   * Undefined with `--no-repair`.
   * @throws DistreamError PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_UNAVAILABLE, FILE_NOT_FOUND, FILE_UNREADABLE, USAGE
   */
  static async open(
    flags: ServeRepairFlags,
    tools: { readonly clock: Clock; readonly random: () => number; readonly onNote: (text: string) => void },
  ): Promise<ServedRepair | undefined> {
    if (flags.repair === false) return undefined;
    const { clock, random, onNote } = tools;
    const sharedKey = sharedKeyOf(flags);
    const identity = generateKeyPair();
    const server = await RepairServer.open({
      port: flags.repair ?? 0,
      credentials: sharedKey ? { kind: 'shared-key', sharedKey } : { kind: 'identity', identity },
      clock,
      maxBytesPerSecond: flags.repairRate === undefined ? undefined : (flags.repairRate * 1e6) / 8,
      onProblem: onNote,
    });
    const session = `${randomHex(random, SESSION_ID_BYTES)}@distream`;
    const key = sharedKey ? {} : { key: formatKey('public', identity.publicKey.raw) };
    const repair = { offer: { port: server.port, session, ...key }, serve: server.desk.serve.bind(server.desk) };
    return new ServedRepair(server, repair, clock, flags.repairFor);
  }

  /** Resolves when no recorder needs anything any more, or none has asked for as long as is waited. */
  async untilDone(onWait: (recorders: number) => void): Promise<void> {
    const startMs = this.#clock.nowMs();
    const { desk } = this.#server;
    if (desk.recorders > 0) onWait(desk.recorders);
    const quietMs = () => Math.min(desk.quietMs, this.#clock.nowMs() - startMs);
    while (desk.recorders > 0 && quietMs() < this.#patienceMs) await sleep(this.#clock, POLL_MS);
  }

  close(): void {
    this.#server.close();
  }
}

function rate(text: string): number {
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value <= 0) throw new InvalidArgumentError('Expected megabits a second, such as 20.');
  return value;
}
