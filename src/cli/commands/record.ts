import type { Command } from 'commander';
import { EXIT } from '../../core/error-codes.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { systemRandom } from '../../core/random.ts';
import { cleanText } from '../../core/text.ts';
import type { RecordProgress } from '../../tracks/record/record-progress.ts';
import type { RecordWatch } from '../../tracks/record/record-watch.ts';
import type { Take } from '../../tracks/record/take.ts';
import type { CliIo } from '../io.ts';
import { Stops } from '../page/stops.ts';
import type { TracksPage } from '../page/tracks-page.ts';
import { addExamples, type CommonOptions, type Outcome, wantsColour } from '../program.ts';
import type { ChosenFlows } from '../record/choose-flows.ts';
import type { RecordDisplay } from '../record/record-display.ts';
import { addRecordOptions, type RecordFlags } from '../record/record-flags.ts';
import type { RepairDescriptions } from '../record/repair-descriptions.ts';
import { EXIT_INTERRUPTED } from '../stop.ts';

type Flags = RecordFlags & CommonOptions;

/** `distream record [TARGET...]` */
export function addRecord(program: Command, outcome: Outcome, io: CliIo): void {
  defineRecord(program.command('record'), 'distream record', outcome, io);
}

/** The command under any name: `audionode` is another one. */
export function defineRecord(command: Command, name: string, outcome: Outcome, io: CliIo): Command {
  command
    .description('record RTP flows (AES67) to sample-locked Broadcast Wave files')
    .argument('[targets...]', 'SDP files, sap://NAME, or HOST:PORT; without any: what is announced')
    .action(async (targets: string[], _flags, self: Command) => {
      outcome.code = await record(targets, self.optsWithGlobals<Flags>(), io);
    });
  addRecordOptions(command);
  addExamples(command, [
    [name, 'show what is announced, and ask'],
    [`${name} --all --for 60s`, 'one minute of all that is announced'],
    [`${name} sap://stems --dir takes`, 'the session "stems"'],
    [`${name} sdp/session.sdp --sent send.json`, 'from a description, proven with what was sent'],
    [`${name} 239.69.0.1:5004 --format L24/48000/2`, 'a flow that nobody describes'],
    [`${name} sap://stems --page 8080`, 'with meters, losses and takes at http://127.0.0.1:8080/tracks'],
  ]);
  command.addHelpText(
    'after',
    `
A take ends with Ctrl-C, after --for, or when all senders have said that they stop. Each
take is a folder with a file for each flow and take.json, which says what is in them.
With --page the command stays until Ctrl-C, so that the page shows what became of it.
Exit codes: 0 recorded (and identical, with --sent); 1 something is missing or a file
failed; 2 wrong command line; 4 a port cannot be used; 5 nothing was found or came.`,
  );
  return command;
}

async function record(targets: readonly string[], flags: Flags, io: CliIo): Promise<number> {
  const stop = new Stops(io);
  let more: ChosenFlows['more'];
  try {
    const { chooseFlows } = await import('../record/choose-flows.ts');
    const chosen = await chooseFlows(targets, { flags, io, signal: stop.signal });
    more = chosen?.more;
    if (stop.signal.aborted) return EXIT_INTERRUPTED;
    if (chosen === undefined) return EXIT.ok;
    return await recordWithPage(chosen, { flags, io, stop });
  } finally {
    more?.close();
    stop.close();
  }
}

interface RecordContext {
  readonly flags: Flags;
  readonly io: CliIo;
  readonly stop: Stops;
}

async function recordWithPage(chosen: ChosenFlows, context: RecordContext): Promise<number> {
  const { flags, io, stop } = context;
  const { RecordDisplay } = await import('../record/record-display.ts');
  const display = new RecordDisplay(io, { json: flags.json === true, colour: wantsColour(flags, io) });
  const page = flags.page && (await openPage(flags.page, flags.dir, io, display));
  try {
    const code = await recordFlows(chosen, { flags, io, signal: stop.signal, display, page });
    if (page) {
      display.note(`The page stays at ${page.url}; Ctrl-C ends it.`);
      await stop.next();
    }
    return code;
  } finally {
    await page?.close();
  }
}

async function openPage(
  address: NonNullable<Flags['page']>,
  takes: string,
  io: CliIo,
  display: RecordDisplay,
): Promise<TracksPage> {
  const { TracksPage } = await import('../page/tracks-page.ts');
  return TracksPage.open({ address, takes, io, onNote: (text) => display.note(text) });
}

interface ShownContext {
  readonly flags: Flags;
  readonly io: CliIo;
  readonly signal: AbortSignal;
  readonly display: RecordDisplay;
  readonly page: TracksPage | undefined;
}

async function recordFlows(chosen: ChosenFlows, { flags, io, signal, display, page }: ShownContext): Promise<number> {
  const { flows, more } = chosen;
  const { RecordSession } = await import('../../tracks/record/record-session.ts');
  const { AnnouncedFlows } = await import('../../tracks/record/announced-flows.ts');
  const { nodeTakeFileSystem } = await import('../../tracks/record/file-system.ts');
  let watched: RecordWatch | undefined;
  const onNote = (text: string) => {
    if (watched) watched.words = text;
    display.note(text);
  };
  const session = await RecordSession.open({
    flows,
    folder: flags.dir,
    fs: nodeTakeFileSystem,
    bufferMs: flags.buffer,
    keepsFlows: flags.split !== true,
    maxMs: flags.for,
    endsWithBye: flags.keepGoing !== true,
    asksAgain: flags.resend,
    conceals: flags.conceal === true,
    localAddress: flags.interface,
    ntp: await openNtp(flags.ntp, io),
    clock: io.clock,
    random: systemRandom,
    onNote,
  });
  watched = page && session.watched;
  if (watched) page!.show(watched);
  display.started(flows);
  const announced = new AnnouncedFlows({ add: (spec) => session.add(spec), known: flows, onNote });
  more?.handTo((sessions) => void announced.take(sessions));
  const descriptions = await openDescriptions(chosen, { flags, io });
  const repair = await openRepair(session.take, descriptions, { flags, io, onNote });
  const onProgress = (progress: RecordProgress) => {
    if (flags.repair) repair.tick();
    display.progress(progress);
  };
  const account = await session.run(signal, onProgress).finally(() => {
    more?.close();
    descriptions.close();
  });
  display.end();
  if (!account) {
    throw new DistreamError('TIMED_OUT', {
      url: session.take.flows.length === 1 ? flows[0]!.title : `${session.take.flows.length} flows`,
      seconds: Math.round(display.seconds),
    });
  }
  if (watched) watched.stage = 'repairing';
  const { proveWithSent } = await import('../record/prove-with-sent.ts');
  const repaired = flags.repair ? await repair.end(account) : undefined;
  const proven = await proveWithSent(repaired?.take ?? repair.withSenders(account), {
    sent: flags.sent ?? [],
    folder: session.take.path!,
    clock: io.clock,
    onNote,
  });
  const { writeTake } = await import('../../tracks/repair/take-folder.ts');
  await writeTake(session.take.path!, proven).catch((error: unknown) => onNote(reasonOf(error)));
  if (watched) watched.stage = 'ended';
  display.report(proven, session.progress());
  // A track that is identical began later, where it is silent.
  const isComplete = proven.tracks.every(({ gaps, verdict }) => gaps.length === 0 || verdict.kind === 'identical');
  const isWhole = !session.take.hasFailed && isComplete;
  const isProven = flags.sent === undefined ? (repaired?.isProven ?? true) : proven.verdict.isIdentical;
  return isWhole && isProven ? EXIT.ok : EXIT.failed;
}

async function openDescriptions({ flows, files = [], more }: ChosenFlows, { flags, io }: { flags: Flags; io: CliIo }) {
  const { RepairDescriptions } = await import('../record/repair-descriptions.ts');
  return RepairDescriptions.open({
    flows,
    files,
    takesMore: more !== undefined,
    clock: io.clock,
    localAddress: flags.interface,
  });
}

async function openRepair(
  take: Take,
  { offers, refresh }: RepairDescriptions,
  { flags, io, onNote }: { flags: Flags; io: CliIo; onNote: (text: string) => void },
) {
  const { RepairAtEnd } = await import('../record/repair-at-end.ts');
  const { sharedKeyOf } = await import('../repair-options.ts');
  return new RepairAtEnd({
    take,
    offers,
    refresh,
    sharedKey: sharedKeyOf(flags),
    patienceMs: flags.repairFor,
    clock: io.clock,
    random: systemRandom,
    // Ctrl-C ends the take, not its repair; a second one ends the program.
    signal: new AbortController().signal,
    onNote,
  });
}

async function openNtp(server: string | undefined, { clock }: CliIo) {
  if (server === undefined) return undefined;
  const { NtpClient } = await import('../../tracks/ntp-client.ts');
  const { SteadyUtc } = await import('../../tracks/steady-utc.ts');
  const utc = SteadyUtc.read(clock);
  return { server: cleanText(server, 200), client: await NtpClient.open({ server, clock, utc, random: systemRandom }) };
}
