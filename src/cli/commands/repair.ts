import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../core/error-codes.ts';
import { DistreamError } from '../../core/errors.ts';
import { systemRandom } from '../../core/random.ts';
import { cleanText } from '../../core/text.ts';
import type { RepairAddress } from '../../tracks/proof/take-schema.ts';
import type { CliIo } from '../io.ts';
import { addExamples, type CommonOptions, type Outcome } from '../program.ts';
import { addRepairOptions, type RepairFlags, sharedKeyOf } from '../repair-options.ts';

interface Flags extends RepairFlags, CommonOptions {
  readonly from?: { readonly host: string; readonly port: number };
  /** Megabits a second. */
  readonly rate?: number;
  readonly whole?: boolean;
}

/** `distream repair TAKEFOLDER` */
export function addRepair(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('repair')
    .description('fetch what is missing in a take from its sender, and prove the take')
    .argument('<folder>', 'the folder of a take, with take.json')
    .addOption(new Option('--from <host:port>', 'where the sender is now (default: where it was)').argParser(address))
    .addOption(new Option('--rate <mbit>', 'megabits a second at most').argParser(rate))
    .option('--whole', 'fetch also what was sent before the take began and after it ended')
    .option('--json', 'print the account as JSON')
    .action(async (folder: string, _flags, self: Command) => {
      outcome.code = await repair(folder, self.optsWithGlobals<Flags>(), io);
    });
  addRepairOptions(command, 'how long the sender is tried again, without an answer');
  addExamples(command, [
    ['distream repair takes/2026-11-21T20-00-00Z', 'from the sender that the take names'],
    ['distream repair takes/2026-11-21T20-00-00Z --from 192.168.0.20:40000', 'it has another address now'],
  ]);
  command.addHelpText(
    'after',
    '\nExit codes: 0 all is there and proven; 1 something is missing or not proven;\n2 wrong command line.',
  );
}

async function repair(folder: string, flags: Flags, io: CliIo): Promise<number> {
  const { repairTake } = await import('../../tracks/repair/repair-take.ts');
  const { readTake } = await import('../../tracks/repair/take-folder.ts');
  const { renderTake } = await import('../../tracks/proof/render-take.ts');
  const stop = new AbortController();
  const unsubscribe = io.onStop(() => stop.abort());
  try {
    const report = await repairTake({
      folder,
      from: flags.from ? await moved(folder, flags.from, readTake) : undefined,
      sharedKey: sharedKeyOf(flags),
      patienceMs: flags.repairFor,
      maxBytesPerSecond: flags.rate === undefined ? undefined : (flags.rate * 1e6) / 8,
      lostEndsSeconds: flags.whole ? Number.POSITIVE_INFINITY : undefined,
      clock: io.clock,
      random: systemRandom,
      signal: stop.signal,
      onNote: (text) => io.err(`${cleanText(text)}\n`),
    });
    io.out(flags.json ? `${JSON.stringify(report.take)}\n` : renderTake(report.take));
    return report.isProven ? EXIT.ok : EXIT.failed;
  } finally {
    unsubscribe();
  }
}

/** The senders of a take at another address. */
async function moved(
  folder: string,
  { host, port }: { readonly host: string; readonly port: number },
  readTake: (folder: string) => Promise<{ readonly repairFrom?: readonly RepairAddress[] | undefined }>,
): Promise<RepairAddress[]> {
  const [known] = (await readTake(folder)).repairFrom ?? [];
  if (known) return [{ ...known, host, port }];
  throw new DistreamError('USAGE', {
    reason: 'the take does not say which session it is of, so nothing can be fetched',
  });
}

function address(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_.-]{1,253})):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535)
    throw new InvalidArgumentError('Expected an address such as 192.168.0.20:40000.');
  return { host: (match[1] ?? match[2])!, port };
}

function rate(text: string): number {
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value <= 0) throw new InvalidArgumentError('Expected megabits a second, such as 20.');
  return value;
}
