import { proveTake } from '../../tracks/proof/prove-take.ts';
import type { Take as TakeAccount } from '../../tracks/proof/take-schema.ts';
import type { Take } from '../../tracks/record/take.ts';

/** What follows a take: the proof with what was sent, written into its account. */
export async function endTake(take: Take, account: TakeAccount, sent: readonly TakeAccount[]): Promise<TakeAccount> {
  if (sent.length === 0) return account;
  const proven = proveTake(account, joined(sent));
  await take.writeAccount(proven);
  return proven;
}

/** Several senders' accounts as one. */
function joined([first, ...others]: readonly TakeAccount[]): TakeAccount {
  return { ...first!, tracks: [first!, ...others].flatMap(({ tracks }) => tracks) };
}
