import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT } from '../../core/error-codes.ts';
import { DistreamError } from '../../core/errors.ts';
import { systemRandom } from '../../core/random.ts';
import { cleanText } from '../../core/text.ts';
import type { PacketPlan } from '../../tracks/plan/schema.ts';
import type { SendNetwork } from '../../tracks/send/destinations.ts';
import type { SourceTrack } from '../../tracks/send/find-tracks.ts';
import type { SendSession } from '../../tracks/send/send-session.ts';
import type { SendWatch } from '../../tracks/send/send-watch.ts';
import type { CliIo } from '../io.ts';
import type { TracksPage } from '../page/tracks-page.ts';
import { addExamples, type CommonOptions, type Outcome, wantsColour } from '../program.ts';
import { SendDisplay } from '../send/send-display.ts';
import { addSendOptions, type SendFlags } from '../send/send-flags.ts';
import type { ServedRepair } from '../send/serve-repair.ts';
import { EXIT_INTERRUPTED } from '../stop.ts';

/** `distream send PATH...` */
export function addSend(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('send')
    .description('send WAV files as sample-locked RTP flows (AES67), in real time')
    .argument('<paths...>', 'WAV, BWF or RF64 files, or folders of them; each file is a track')
    .action(async (paths: string[], _flags, self: Command) => {
      outcome.code = await send(paths, self.optsWithGlobals<SendFlags & CommonOptions>(), io);
    });
  addSendOptions(command);
  addExamples(command, [
    ['distream send ./stems', 'to a multicast group of this machine, announced by SAP'],
    ['distream send --plan ./stems', 'only show what would go over the network'],
    ['distream send --to 192.168.0.20 --sdp ./sdp kick.wav snare.wav', 'to one host, with SDP files'],
    ['distream send --layout 8 --profile aes67 --realtime ./stems', 'eight channels a flow, real-time scheduling'],
    [
      'distream send --to 239.69.1.1 --interface 10.0.1.5 --to 239.69.1.1 --interface 10.0.2.5 ./stems',
      'two networks at once',
    ],
    ['distream send --page 8080 ./stems', 'with meters and losses at http://127.0.0.1:8080/tracks'],
    ['distream send --start 2026-11-21T20:00 --ntp time.example.org ./stems', 'at a time, by that clock'],
  ]);
  command.addHelpText(
    'after',
    `
What was sent is written to send.json (--account): hashes that \`distream record --sent\`
compares with a recording. Ctrl-C ends all flows at one position.
Exit codes: 0 all sent; 1 a file or the sending failed; 2 wrong command line, or a
session that cannot be sent as asked; 4 an address or port cannot be used;
5 the destination cannot be reached; 130 Ctrl-C.`,
  );
}

async function send(paths: readonly string[], flags: SendFlags & CommonOptions, io: CliIo): Promise<number> {
  const { openTracks, closeTracks } = await import('../../tracks/send/find-tracks.ts');
  const stop = new AbortController();
  const unsubscribe = io.onStop(() => (stop.signal.aborted ? io.exit(EXIT_INTERRUPTED) : stop.abort()));
  const colour = wantsColour(flags, io) && io.errIsTerminal;
  const display = new SendDisplay(io, { json: flags.json === true, colour });
  let tracks: readonly SourceTrack[] = [];
  try {
    tracks = await openTracks(paths);
    for (const { file } of tracks) {
      for (const warning of file.head.warnings) display.note(`${file.path}: ${warning}`);
    }
    return await sendTracks(paths, tracks, { flags, io, display, signal: stop.signal });
  } finally {
    unsubscribe();
    await closeTracks(tracks);
  }
}

interface SendContext {
  readonly flags: SendFlags & CommonOptions;
  readonly io: CliIo;
  readonly display: SendDisplay;
  readonly signal: AbortSignal;
}

async function sendTracks(
  paths: readonly string[],
  tracks: readonly SourceTrack[],
  context: SendContext,
): Promise<number> {
  const { flags, io, display } = context;
  const networks = await networksOf(flags);
  const plan = await planOf(tracks, networks, flags);
  display.plan(plan, flags.plan === true);
  const { requireSendable } = await import('../../tracks/plan/plan-session.ts');
  requireSendable(plan);
  if (flags.plan) {
    await checkPlan(sessionName(paths), { plan, networks }, context);
    return EXIT.ok;
  }

  const { ServedRepair } = await import('../send/serve-repair.ts');
  const onNote = (text: string) => display.note(text);
  const page = flags.page && (await openPage(flags.page, io, onNote));
  let repair: ServedRepair | undefined;
  try {
    repair = await ServedRepair.open(flags, { clock: io.clock, random: systemRandom, onNote });
    return await sendAndServe(paths, tracks, { ...context, plan, networks, repair, page });
  } finally {
    repair?.close();
    await page?.close();
  }
}

// A plan needs no network: without a way to it, the profile is checked when the session begins.
async function checkPlan(
  name: string,
  planned: { readonly plan: PacketPlan; readonly networks: readonly SendNetwork[] },
  { flags, display }: SendContext,
): Promise<void> {
  const { port, ttl, redundancy, profile, ntp, ptp } = flags;
  if (profile === 'plain') return;
  const { checkPlannedProfile } = await import('../../tracks/send/open-session.ts');
  const options = { name: flags.name ?? name, port, ttl, redundancy, profile, ntpServer: ntp, ptpClock: ptp };
  try {
    await checkPlannedProfile({ ...options, ...planned, onNote: (text) => display.note(text) });
  } catch (error) {
    if (!(error instanceof DistreamError) || error.code === 'PLAN_REFUSED') throw error;
  }
}

interface ServedContext extends SendContext {
  readonly plan: PacketPlan;
  readonly networks: readonly SendNetwork[];
  readonly repair: ServedRepair | undefined;
  readonly page: TracksPage | undefined;
}

async function openPage(
  address: NonNullable<SendFlags['page']>,
  io: CliIo,
  onNote: (text: string) => void,
): Promise<TracksPage> {
  const { TracksPage } = await import('../page/tracks-page.ts');
  return TracksPage.open({ address, io, onNote });
}

async function sendAndServe(
  paths: readonly string[],
  tracks: readonly SourceTrack[],
  { plan, networks, repair, page, ...context }: ServedContext,
): Promise<number> {
  const { flags, io, display, signal } = context;
  let watched: SendWatch | undefined;
  const onNote = (text: string) => {
    if (watched) watched.words = text;
    display.note(text);
  };
  const { openSendSession } = await import('../../tracks/send/open-session.ts');
  const session = await openSendSession({
    name: flags.name ?? sessionName(paths),
    tracks,
    plan,
    networks,
    port: flags.port,
    ttl: flags.ttl,
    redundancy: flags.redundancy,
    profile: flags.profile,
    sdpFolder: flags.sdp,
    isAnnounced: flags.sap,
    isLoop: flags.loop === true,
    repair: repair?.repair,
    startUtcMs: flags.start,
    ntpServer: flags.ntp,
    ptpClock: flags.ptp,
    clock: io.clock,
    random: systemRandom,
    signal,
    onNote,
  });
  if (!session) return EXIT_INTERRUPTED;
  watched = page && session.watched();
  if (watched) page!.show(watched);
  if (flags.realtime) display.note((await session.askForRealtime()).text);
  display.started(session, session.progress());
  const code = await runSession(session, tracks, context).finally(() => watched?.close());
  await repair?.untilDone((recorders) =>
    display.note(
      `Waiting for ${recorders} recorder${recorders === 1 ? '' : 's'} to fetch what was lost; Ctrl-C ends at once.`,
    ),
  );
  return code;
}

async function runSession(
  session: SendSession,
  tracks: readonly SourceTrack[],
  { flags, display, signal }: SendContext,
): Promise<number> {
  const { writeAccount } = await import('../../tracks/send/send-account.ts');
  const { everyMs } = display;
  const account = await session.run(signal, { everyMs, onProgress: (progress) => display.progress(progress) });
  const end = session.progress();
  display.report(end, account);
  if (flags.account !== false) await writeAccount(flags.account, account);
  let isGood = end.flows.every(({ lost }) => lost === 0) && end.tracks.every(({ problem }) => problem === undefined);
  for (const { file } of tracks) {
    if (!(await file.hasChanged())) continue;
    display.note(`${file.path} was changed while it was sent: what was sent may be a mixture of both.`);
    isGood = false;
  }
  if (signal.aborted) return EXIT_INTERRUPTED;
  return isGood ? EXIT.ok : EXIT.failed;
}

async function networksOf(flags: SendFlags): Promise<SendNetwork[]> {
  const { resolveHost } = await import('../../tracks/resolve-host.ts');
  const { ownGroup } = await import('../../tracks/send/destinations.ts');
  const hosts = flags.to ?? [ownGroup()];
  const interfaces = flags.interface ?? [];
  if (interfaces.length > hosts.length) {
    throw new DistreamError('USAGE', { reason: 'there are more --interface than networks: name each one with --to' });
  }
  const networks = await Promise.all(
    hosts.map(async (host, index) => ({ address: await resolveHost(host), localAddress: interfaces[index] })),
  );
  const [first, second] = networks;
  if (second && first!.address === second.address && first!.localAddress === second.localAddress) {
    throw new DistreamError('USAGE', { reason: 'both networks are the same: every packet would go there twice' });
  }
  return networks;
}

async function planOf(
  tracks: readonly SourceTrack[],
  networks: readonly SendNetwork[],
  flags: SendFlags,
): Promise<PacketPlan> {
  const { planSession } = await import('../../tracks/plan/plan-session.ts');
  return planSession({
    tracks: tracks.map(({ name, file: { head } }) => ({ ...head, name })),
    layout: flags.layout,
    ptimeUs: flags.ptime,
    mixed: flags.mixed === true,
    float: flags.float === true,
    convert: flags.convert === true,
    ipVersion: networks.some(({ address }) => address.includes(':')) ? 6 : 4,
    networks: networks.length,
    mtuBytes: await smallestMtu(networks),
    redundancy: flags.redundancy,
    latency: { isRealtime: flags.realtime === true },
  });
}

/** The largest packet that all networks take; undefined where that is not known. */
async function smallestMtu(networks: readonly SendNetwork[]): Promise<number | undefined> {
  const { localAddressTowards } = await import('../../tracks/send/destinations.ts');
  const { interfaceMtu } = await import('../../tracks/send/interface-mtu.ts');
  const sizes = await Promise.all(
    networks.map(async ({ address, localAddress }) => {
      try {
        return await interfaceMtu(await localAddressTowards(address, localAddress));
      } catch (error) {
        // A plan needs no network; the session that follows says what is wrong with it.
        if (error instanceof DistreamError) return undefined;
        throw error;
      }
    }),
  );
  const known = sizes.filter((size) => size !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

/** The folder's name when one was given, else the first file's. */
function sessionName(paths: readonly string[]): string {
  const [first] = paths;
  if (first === undefined) throw new DistreamError('USAGE', { reason: 'there is nothing to send' });
  return cleanText(basename(resolve(first)).replace(/\.(wave?|bwf|rf64|bw64)$/i, ''), 64) || 'distream';
}
