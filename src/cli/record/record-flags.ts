import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from '../../modules/values.ts';
import type { BareFormat } from '../../tracks/record/flow-of-address.ts';
import { addPageOption, type PageAddress } from '../page/page-address.ts';
import { addRepairOptions, type RepairFlags } from '../repair-options.ts';
import { wholeNumber } from '../whole-number.ts';

/** The options of `distream record`, parsed. Times in milliseconds. */
export interface RecordFlags extends RepairFlags {
  readonly dir: string;
  readonly all?: boolean;
  readonly for?: number;
  readonly buffer: number;
  /** Undefined: as long as it takes to hear a session that is named; 5 s where none is. */
  readonly wait?: number;
  readonly format: Omit<BareFormat, 'payloadType'>;
  readonly payloadType?: number;
  readonly interface?: string;
  readonly split?: boolean;
  readonly keepGoing?: boolean;
  readonly resend: boolean;
  readonly conceal?: boolean;
  readonly repair: boolean;
  readonly sent?: readonly string[];
  readonly ntp?: string;
  readonly page?: PageAddress;
}

/** Adds them to a command. */
export function addRecordOptions(command: Command): Command {
  command
    .option('--dir <folder>', 'where takes are kept, each in a folder of its own', 'takes')
    .option('--all', 'record all that is announced, each session from when it is found')
    .addOption(new Option('--for <time>', 'how long the take is, such as 60s (default: until it ends)').argParser(time))
    .addOption(
      new Option('--buffer <time>', 'how long a packet is waited for').argParser(bufferTime).default(1000, '1s'),
    )
    .addOption(
      new Option(
        '--wait <time>',
        'how long announcements are waited for (default: 45s for a session that is named or the first of --all, else 5s)',
      ).argParser(time),
    )
    .addOption(
      new Option('--format <format>', 'what comes to a bare HOST:PORT: L16 or L24, rate, channels')
        .argParser(bareFormat)
        .default({ encoding: 'L24', sampleRate: 48_000, channels: 2 }, 'L24/48000/2'),
    )
    .addOption(
      new Option('--payload-type <number>', 'of a bare HOST:PORT (default: any from 96 to 127)').argParser(payloadType),
    )
    .option('--interface <address>', 'receive multicast at this address of the machine (default: where the sender is)')
    .option('--split', 'a file for each channel, not for each flow')
    .option('--keep-going', 'go on when all senders have stopped, for those that start again')
    .option('--conceal', 'fill the first 20 ms of a loss with sound like that before, not with silence')
    .option('--no-resend', 'do not ask for lost packets again')
    .option('--no-repair', 'do not fetch what is missing from the sender after the take')
    .addOption(
      new Option(
        '--sent <file>',
        'account of a sender (send.json) to prove the take with; once for each sender',
      ).argParser(collected),
    )
    .option('--ntp <host>', "measure this machine's clock against that NTP server")
    .option('--json', 'progress and report as JSON lines on standard output');
  addPageOption(command);
  return addRepairOptions(command, 'how long the sender is tried again for what is missing, without an answer');
}

// One file each: what follows is a target again.
function collected(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function time(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Expected a time such as 500ms, 60s or 2h.');
  return ms;
}

function bufferTime(text: string): number {
  const ms = time(text);
  if (ms < 10 || ms > 30_000) throw new InvalidArgumentError('Expected 10ms to 30s.');
  return ms;
}

function bareFormat(text: string): Omit<BareFormat, 'payloadType'> {
  const match = /^(L16|L24)\/(\d{4,6})(?:\/(\d{1,3}))?$/i.exec(text);
  const channels = Number(match?.[3] ?? 1);
  const sampleRate = Number(match?.[2]);
  if (!match || channels < 1 || channels > 480 || sampleRate < 8000 || sampleRate > 768_000) {
    throw new InvalidArgumentError('Expected a format such as L24/48000/2.');
  }
  return { encoding: match[1]!.toUpperCase() === 'L16' ? 'L16' : 'L24', sampleRate, channels };
}

function payloadType(text: string): number {
  const value = wholeNumber(text, 0, 127);
  if (value === undefined) throw new InvalidArgumentError('Expected a number from 0 to 127.');
  return value;
}
