import { type Clock, sleep } from '../../core/clock.ts';
import { DistreamError } from '../../core/errors.ts';
import { proveTake } from '../../tracks/proof/prove-take.ts';
import type { Take as TakeAccount } from '../../tracks/proof/take-schema.ts';
import { withSplitFlows } from '../../tracks/record/split-flows.ts';
import { readSent } from './read-sent.ts';

/** A sender writes its account when its last packet has left; ours may be written first. */
const PATIENCE_MS = 5000;
const POLL_MS = 250;

/** What a take is proven with. */
export interface ProveOptions {
  /** Files with the accounts of senders; empty: nothing is proven. */
  readonly sent: readonly string[];
  /** Of the take. */
  readonly folder: string;
  readonly clock: Clock;
  readonly onNote: (text: string) => void;
}

/** The account of a take with its proof, as far as what was sent is known. */
export async function proveWithSent(account: TakeAccount, options: ProveOptions): Promise<TakeAccount> {
  const sent: TakeAccount[] = [];
  for (const path of options.sent) {
    const found = await readWhenWritten(path, account, options);
    if (found) sent.push(found);
  }
  if (sent.length === 0) return account;
  return proveTake(await withFlows(account, options), joined(sent));
}

async function withFlows(account: TakeAccount, { folder, onNote }: ProveOptions): Promise<TakeAccount> {
  if (account.tracks.every(({ flow }) => flow === undefined)) return account;
  try {
    return await withSplitFlows(account, folder);
  } catch (error) {
    if (!(error instanceof DistreamError)) throw error;
    onNote(`Channels are not proven: ${error.message}`);
    return account;
  }
}

// An account that ended before the take began is that of a session before; its own is being written.
async function readWhenWritten(
  path: string,
  account: TakeAccount,
  { clock, onNote }: ProveOptions,
): Promise<TakeAccount | undefined> {
  const endMs = clock.nowMs() + PATIENCE_MS;
  for (;;) {
    try {
      const sent = await readSent(path);
      const isOlder = sent.endUtc !== undefined && Date.parse(sent.endUtc) < Date.parse(account.startUtc);
      if (!isOlder) return sent;
      if (clock.nowMs() >= endMs) {
        onNote(`${path}: by the clocks of both it ended before this take began; it may be of another session.`);
        return sent;
      }
    } catch (error) {
      if (!(error instanceof DistreamError)) throw error;
      if (clock.nowMs() >= endMs) {
        onNote(`The take is not proven: ${error.message}`);
        return undefined;
      }
    }
    await sleep(clock, POLL_MS);
  }
}

/** Several senders' accounts as one. */
function joined([first, ...others]: readonly TakeAccount[]): TakeAccount {
  return { ...first!, tracks: [first!, ...others].flatMap(({ tracks }) => tracks) };
}
