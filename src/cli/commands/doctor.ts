import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../core/error-codes.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { parseDurationMs } from '../../modules/values.ts';
import type { ProfileName } from '../../protocols/sdp/profiles.ts';
import type { Examination } from '../../tracks/doctor/render-examination.ts';
import type { CliIo } from '../io.ts';
import { addExamples, type CommonOptions, type Outcome } from '../program.ts';

interface DoctorFlags extends CommonOptions {
  /** Milliseconds. */
  readonly for: number;
  readonly wait: number;
  readonly profile: ProfileName;
  readonly interface?: string;
}

/** `distream doctor TARGET` */
export function addDoctor(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('doctor')
    .description('listen to an AES67 or RTP stream, and say what is wrong with it and what to do')
    .argument('<target>', 'an SDP file, sap://NAME, or HOST:PORT')
    .addOption(new Option('--for <time>', 'how long to listen').argParser(time).default(10_000, '10s'))
    .addOption(
      new Option('--wait <time>', 'how long announcements are listened to').argParser(time).default(45_000, '45s'),
    )
    .addOption(
      new Option('--profile <profile>', 'whose rules the description has to keep')
        .choices(['aes67', 'dante', 'plain'] satisfies ProfileName[])
        .default('plain'),
    )
    .option('--interface <address>', 'receive multicast at this address of the machine')
    .option('--json', 'print one JSON object for each stream')
    .action(async (target: string, _flags, self: Command) => {
      outcome.code = await doctor(target, self.optsWithGlobals<DoctorFlags>(), io);
    });
  addExamples(command, [
    ['distream doctor stage.sdp', 'the streams of a description'],
    ['distream doctor sap://stems --profile aes67', 'an announced session, by the rules of AES67'],
    ['distream doctor 239.69.0.1:5004 --for 60s', 'a stream that nobody describes'],
  ]);
  command.addHelpText(
    'after',
    '\nExit codes: 0 all is well; 1 something is wrong; 2 wrong command line; 4 a port\ncannot be used; 5 the session was not found.',
  );
}

async function doctor(target: string, flags: DoctorFlags, io: CliIo): Promise<number> {
  const stop = new AbortController();
  const unsubscribe = io.onStop(() => stop.abort());
  try {
    const examinations = await examine(target, flags, io, stop.signal);
    const { renderExamination } = await import('../../tracks/doctor/render-examination.ts');
    for (const each of examinations) io.out(flags.json ? `${JSON.stringify(each)}\n` : renderExamination(each));
    const isWell = examinations.every(({ findings }) => findings.every(({ severity }) => severity === 'note'));
    return isWell ? EXIT.ok : EXIT.failed;
  } finally {
    unsubscribe();
  }
}

async function examine(target: string, flags: DoctorFlags, io: CliIo, signal: AbortSignal): Promise<Examination[]> {
  const { isBareAddress } = await import('../../tracks/record/flow-of-address.ts');
  const options = { clock: io.clock, durationMs: flags.for, localAddress: flags.interface, signal };
  const note = (text: string) => io.err(`${text}\n`);
  if (isBareAddress(target)) {
    const { examineBareAddress } = await import('../../tracks/doctor/examine-target.ts');
    note(`Listening for ${flags.for / 1000} s ...`);
    return [await examineBareAddress(target, options)];
  }
  const texts = target.startsWith('sap://') ? await announced(target, flags, io, signal) : [await description(target)];
  const { examineDescription } = await import('../../tracks/doctor/examine-target.ts');
  note(`Listening for ${flags.for / 1000} s ...`);
  const all = await Promise.all(texts.map((text) => examineDescription(text, flags.profile, options)));
  return all.flat();
}

async function description(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as { code?: unknown }).code === 'ENOENT' ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE';
    throw new DistreamError(code, { path, reason: reasonOf(error) }, { cause: error });
  }
}

async function announced(target: string, flags: DoctorFlags, io: CliIo, signal: AbortSignal): Promise<string[]> {
  const { sessionsOfTarget } = await import('../../tracks/record/find-flows.ts');
  const sessions = await sessionsOfTarget(target, {
    clock: io.clock,
    format: { encoding: 'L24', sampleRate: 48_000, channels: 2 },
    waitMs: flags.wait,
    localAddress: flags.interface,
    signal,
    onNote: (text) => io.err(`${cleanText(text)}\n`),
  });
  return sessions.map(({ sdp }) => sdp);
}

function time(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Expected a time such as 500ms, 10s or 5m.');
  return ms;
}
