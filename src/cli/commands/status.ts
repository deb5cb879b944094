import type { Command } from 'commander';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { NodeStatus } from '../../node/status/schema.ts';
import type { CliIo } from '../io.ts';
import type { Login } from '../node-client.ts';
import { paint } from '../paint.ts';
import { addExamples, type CommonOptions, type Outcome, wantsColour } from '../program.ts';
import { readStatus, statusUrl } from '../read-status.ts';
import { addSignInOptions, localNode, type SignInOptions, signInTo } from '../sign-in.ts';
import { statusView } from '../status-view.ts';

const DEFAULT_URL = 'http://127.0.0.1:8000';
const POLL_MS = 1000;
const HISTORY = 120;

interface StatusOptions extends CommonOptions, SignInOptions {
  readonly once?: boolean;
}

/** `distream status [URL]` */
export function addStatus(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('status')
    .description('show what a running node does, anew each second')
    .argument('[url]', `address of the node (default: ${DEFAULT_URL}, with the port of the configuration that is here)`)
    .option('--once', 'print once and end; also when the output is no terminal')
    .option('--json', 'print the status once, as JSON')
    .action(async (address: string | undefined, _options, self: Command) => {
      const options = self.optsWithGlobals<StatusOptions>();
      const { url, login, first } = await firstStatus(address, options, io);
      const colour = wantsColour(options, io) && io.outIsTerminal;
      if (options.json) io.out(`${JSON.stringify(first, null, 2)}\n`);
      else if (options.once || !io.outIsTerminal) io.out(view(first, url, colour, io, new Map()));
      else await watch(first, { url, login }, colour, io);
      outcome.code = 0;
    });
  addSignInOptions(command);
  addExamples(command, [
    ['distream status', `shows the node at ${DEFAULT_URL}`],
    ['distream status https://radio.example.org', 'shows a node elsewhere'],
    ['distream status --json', 'prints JSON for scripts'],
  ]);
}

interface Target {
  readonly url: URL;
  readonly login: Login | undefined;
}

/** Finds the node and how to sign in, and asks it once: with a login that was only guessed, then without. */
async function firstStatus(
  address: string | undefined,
  options: StatusOptions,
  io: CliIo,
): Promise<Target & { readonly first: NodeStatus }> {
  const local = await localNode(options, io);
  const url = statusUrl(address ?? (local?.port ? `http://127.0.0.1:${local.port}` : DEFAULT_URL));
  const signIn = signInTo(url, options, local, io);
  if (!signIn && io.env.DISTREAM_ADMIN_PASSWORD) {
    io.err(`not signed in: the password goes to ${url.host} by https only; --insecure sends it all the same\n`);
  }
  try {
    return { url, login: signIn?.login, first: await readStatus(url, signIn?.login) };
  } catch (error) {
    if (!signIn?.isGuess || !(error instanceof DistreamError && error.code === 'REFUSED')) throw error;
    io.err('not signed in: the node has another password than the configuration that is here\n');
    return { url, login: undefined, first: await readStatus(url) };
  }
}

type History = Map<string, number[]>;

function view(status: NodeStatus, url: URL, colour: boolean, io: CliIo, history: History): string {
  return statusView(status, url.origin, { colour, columns: io.size().columns, history });
}

/** Redraws each second until Ctrl-C, on the terminal's second screen, so that the first comes back as it was. */
async function watch(first: NodeStatus, { url, login }: Target, colour: boolean, io: CliIo): Promise<void> {
  const history: History = new Map();
  let stopped = () => {};
  const end = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  const unsubscribe = io.onStop(() => stopped());
  const draw = (text: string) => io.out(`\u001b[H${fitted(text, io)}\u001b[J`);
  const show = (status: NodeStatus) => {
    remember(history, status);
    draw(`${view(status, url, colour, io, history)}\n${paint.grey('Ctrl-C ends', colour)}\n`);
  };
  io.out('\u001b[?1049h\u001b[?25l');
  show(first);
  let asking = false;
  const timer = io.clock.every(POLL_MS, () => {
    if (asking) return;
    asking = true;
    readStatus(url, login)
      .then(show, (error: unknown) => draw(`${paint.red('no answer', colour)}: ${reasonOf(error)}\n`))
      .finally(() => {
        asking = false;
      });
  });
  await end;
  timer.cancel();
  unsubscribe();
  io.out('\u001b[?25h\u001b[?1049l');
}

function remember(history: History, status: NodeStatus): void {
  for (const { name, buffer } of status.streams) {
    const values = history.get(name) ?? [];
    values.push(buffer.reserveSeconds);
    if (values.length > HISTORY) values.shift();
    history.set(name, values);
  }
}

/** No more lines than the screen has, each cleared to its end. */
function fitted(text: string, io: CliIo): string {
  const { rows } = io.size();
  return text
    .split('\n')
    .slice(0, Math.max(1, rows - 1))
    .join('\u001b[K\n');
}
