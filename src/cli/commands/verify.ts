import { type Command, InvalidArgumentError } from 'commander';
import { EXIT } from '../../core/error-codes.ts';
import { parseUtcMs } from '../../core/utc-time.ts';
import type { CliIo } from '../io.ts';
import { addExamples, type CommonOptions, type Outcome } from '../program.ts';
import { addSignInOptions, type LocalNode, localNode, type SignInOptions, signInTo } from '../sign-in.ts';
import { isAddress, ledgerOfFile, ledgerOfNode, ledgerUrl, type SourcedLedger } from '../verify/ledger-source.ts';
import { verify, verifyJson, verifyText } from '../verify/verify-report.ts';

interface VerifyOptions extends CommonOptions, SignInOptions {
  readonly from?: number;
  readonly to?: number;
}

/** `distream verify A B` */
export function addVerify(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('verify')
    .description('prove that two ends have the same audio, or say where not')
    .argument('<first>', 'a stream (http://host:port/NAME), a recording, or a ledger file (.json)')
    .argument('<second>', 'what it is compared with')
    .option(
      '--from <time>',
      'from this time of the first one on, e.g. 2026-11-21T09:00; UTC unless it ends with +01:00',
      time,
    )
    .option('--to <time>', 'up to this time of the first one', time)
    .option('--json', 'print one JSON object')
    .action(async (first: string, second: string, _options, self: Command) => {
      const options = self.optsWithGlobals<VerifyOptions>();
      const local = [first, second].some(isAddress) ? await localNode(options, io) : undefined;
      const [one, other] = await Promise.all([first, second].map((source) => ledgerOf(source, options, local, io)));
      const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = options;
      const report = verify(one!, other!, { fromUtcMs: from, toUtcMs: to });
      io.out(options.json ? `${JSON.stringify(verifyJson(report), null, 2)}\n` : verifyText(report));
      outcome.code = report.result === 'identical' ? EXIT.ok : EXIT.failed;
    });
  command.addHelpText(
    'after',
    `
A time span is kept to blocks of 64 KiB, some seconds of audio.
Exit codes: 0 bit-identical; 1 different, or nothing could be compared; 5 a node
cannot be reached or there is no ledger; 6 the node refused the password.`,
  );
  addSignInOptions(command);
  addExamples(command, [
    ['distream verify http://studio.example.org:8000/morning http://localhost:8000/morning', 'two ends of a link'],
    ['distream verify 09.mp3 https://studio.example.org/morning', 'a recording and the stream'],
    ['distream verify --from 2026-11-21T09:00 --to 2026-11-21T10:00 a.json b.json', 'an hour of two ledgers'],
  ]);
}

async function ledgerOf(
  source: string,
  options: VerifyOptions,
  local: LocalNode | undefined,
  io: CliIo,
): Promise<SourcedLedger> {
  if (!isAddress(source)) return ledgerOfFile(source);
  const url = ledgerUrl(source);
  return ledgerOfNode(url, signInTo(url, options, local, io)?.login);
}

function time(text: string): number {
  const utcMs = parseUtcMs(text);
  if (utcMs === undefined) throw new InvalidArgumentError('Expected a time such as 2026-11-21T09:00.');
  return utcMs;
}
