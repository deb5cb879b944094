import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT } from '../../core/error-codes.ts';
import { DistreamError } from '../../core/errors.ts';
import { systemRandom } from '../../core/random.ts';
import { cleanText } from '../../core/text.ts';
import type { CliIo } from '../io.ts';
import { addExamples, type CommonOptions, type Outcome } from '../program.ts';
import { addSendOptions, type SendFlags } from '../send/send-flags.ts';
import { progressText, reportText } from '../send/send-view.ts';
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
    ['distream send --start 2026-11-21T20:00 --ntp time.example.org ./stems', 'at a time, by that clock'],
  ]);
  command.addHelpText(
    'after',
    `
What was sent is written to send.json (--account): hashes that \`distream record\` and
\`distream verify\` compare with a recording. Ctrl-C ends all flows at one position.
Exit codes: 0 all sent; 1 a file or the sending failed; 2 wrong command line, or a
session that cannot be sent as asked; 4 an address or port cannot be used;
5 the destination cannot be reached; 130 Ctrl-C.`,
  );
}

async function send(paths: readonly string[], flags: SendFlags & CommonOptions, io: CliIo): Promise<number> {
  const { openTracks, closeTracks } = await import('../../tracks/send/find-tracks.ts');
  const stop = new AbortController();
  const unsubscribe = io.onStop(() => (stop.signal.aborted ? io.exit(EXIT_INTERRUPTED) : stop.abort()));
  const tracks = await openTracks(paths).catch((error: unknown) => {
    unsubscribe();
    throw error;
  });
  try {
    for (const { file } of tracks) {
      for (const warning of file.head.warnings) note(io, `${file.path}: ${warning}`);
    }
    return await sendTracks(paths, tracks, { flags, io, signal: stop.signal });
  } finally {
    unsubscribe();
    await closeTracks(tracks);
  }
}

async function sendTracks(
  paths: readonly string[],
  tracks: readonly import('../../tracks/send/find-tracks.ts').SourceTrack[],
  { flags, io, signal }: { flags: SendFlags & CommonOptions; io: CliIo; signal: AbortSignal },
): Promise<number> {
  const { planSession, requireSendable } = await import('../../tracks/plan/plan-session.ts');
  const { renderPlan } = await import('../../tracks/plan/render-plan.ts');
  const { resolveHost } = await import('../../tracks/resolve-host.ts');
  const { ownGroup } = await import('../../tracks/send/destinations.ts');
  const address = flags.to === undefined ? ownGroup() : await resolveHost(flags.to);
  const plan = planSession({
    tracks: tracks.map(({ name, file: { head } }) => ({ ...head, name })),
    layout: flags.layout,
    ptimeUs: flags.ptime,
    mixed: flags.mixed === true,
    float: flags.float === true,
    convert: flags.convert === true,
    ipVersion: address.includes(':') ? 6 : 4,
    latency: { isRealtime: flags.realtime === true },
  });
  if (flags.json) io.out(`${JSON.stringify({ type: 'plan', plan })}\n`);
  else if (flags.plan) io.out(renderPlan(plan));
  else io.err(renderPlan({ ...plan, refusals: [] }));
  requireSendable(plan);
  if (flags.plan) return EXIT.ok;

  const { openSendSession } = await import('../../tracks/send/open-session.ts');
  const { writeAccount } = await import('../../tracks/send/send-account.ts');
  const session = await openSendSession({
    name: flags.name ?? sessionName(paths),
    tracks,
    plan,
    address,
    port: flags.port,
    ttl: flags.ttl,
    localAddress: flags.interface,
    profile: flags.profile,
    sdpFolder: flags.sdp,
    isAnnounced: flags.sap,
    isLoop: flags.loop === true,
    startUtcMs: flags.start,
    ntpServer: flags.ntp,
    clock: io.clock,
    random: systemRandom,
    signal,
    onNote: (text) => note(io, text),
  });
  if (!session) return EXIT_INTERRUPTED;
  if (flags.realtime) note(io, (await session.askForRealtime()).text);
  const first = session.progress().flows[0]!;
  if (flags.json)
    io.out(
      `${JSON.stringify({ type: 'started', startUtc: new Date(session.startUtcMs).toISOString(), flows: session.progress().flows.map(({ address: to, port }) => ({ address: to, port })), descriptions: session.descriptionFiles })}\n`,
    );
  else note(io, `Sending ${plan.flows.length} flows from ${first.address}:${first.port} on; Ctrl-C ends.`);
  const account = await session.run(signal, (progress) => {
    if (flags.json) io.out(`${JSON.stringify({ type: 'progress', ...progress })}\n`);
    else io.err(io.errIsTerminal ? `\r\x1b[K${progressText(progress)}` : `${progressText(progress)}\n`);
  });
  if (io.errIsTerminal && !flags.json) io.err('\r\x1b[K');
  if (flags.account !== false) await writeAccount(flags.account, account);
  const end = session.progress();
  if (flags.json) io.out(`${JSON.stringify({ type: 'report', progress: end, account })}\n`);
  else io.err(reportText(end, account));
  if (signal.aborted) return EXIT_INTERRUPTED;
  return end.flows.some(({ lost }) => lost > 0) ? EXIT.failed : EXIT.ok;
}

function note(io: CliIo, text: string): void {
  io.err(`${cleanText(text)}\n`);
}

/** The folder's name when one was given, else the first file's. */
function sessionName(paths: readonly string[]): string {
  const [first] = paths;
  if (first === undefined) throw new DistreamError('USAGE', { reason: 'there is nothing to send' });
  return cleanText(basename(resolve(first)).replace(/\.(wave?|bwf|rf64|bw64)$/i, ''), 64) || 'distream';
}
