import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../core/error-codes.ts';
import { DistreamError } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { parseSwarmUrl, shownSwarmUrl } from '../../protocols/swarm/swarm-url.ts';
import { EVERY_PATH, makeTicket } from '../../protocols/swarm/ticket.ts';
import type { CliIo } from '../io.ts';
import { addExamples, type CommonOptions, type Outcome } from '../program.ts';
import { keptTicketKey } from '../swarm/ticket-key.ts';
import { wholeNumber } from '../whole-number.ts';

interface TicketOptions extends CommonOptions {
  readonly hours: number;
  readonly all?: boolean;
}

const DAY_HOURS = 24;
const HOUR_SECONDS = 3600;

/** `distream ticket KEYFILE URL` */
export function addTicket(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('ticket')
    .description('make a ticket for a file or stream that only guests may join')
    .argument('<keyfile>', 'the file that the server has as --tickets; made when there is none')
    .argument('<url>', 'pdtps://host[:port]/path#key=KEY')
    .addOption(new Option('--hours <hours>', 'how long it is valid').argParser(wholeHours).default(DAY_HOURS))
    .option('--all', 'for everything on that server, not only for this path')
    .action(async (keyFile: string, url: string, _options, self: Command) => {
      const options = self.optsWithGlobals<TicketOptions>();
      io.out(`${withTicket(url, await keptTicketKey(keyFile), options, io.clock.utcMs())}\n`);
      outcome.code = EXIT.ok;
    });
  addExamples(command, [
    ["distream ticket tickets.key 'pdtps://example.org/song.mp3#key=KEY'", 'prints the address with a ticket of a day'],
  ]);
}

function withTicket(url: string, key: string, { hours, all }: TicketOptions, nowUtcMs: number): string {
  const parsed = parseSwarmUrl(url);
  if (!parsed)
    throw new DistreamError('USAGE', {
      reason: `"${cleanText(shownSwarmUrl(url), 200)}" is no address such as pdtps://host/path#key=KEY`,
    });
  const expiresUtcSeconds = Math.floor(nowUtcMs / 1000) + hours * HOUR_SECONDS;
  const ticket = makeTicket({ path: all ? EVERY_PATH : parsed.path, expiresUtcSeconds }, key).toString('base64url');
  const bare = url.replace(/[#&]ticket=.*$/, '');
  return `${bare}${bare.includes('#') ? '&' : '#'}ticket=${ticket}`;
}

function wholeHours(text: string): number {
  const value = wholeNumber(text, 1, 999_999);
  if (value === undefined) throw new InvalidArgumentError('Expected whole hours.');
  return value;
}
