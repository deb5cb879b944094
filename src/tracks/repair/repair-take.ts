import { randomBytes } from 'node:crypto';
import { type Clock, sleep } from '../../core/clock.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { Backoff } from '../../net/link/backoff.ts';
import { parseKey } from '../../protocols/link/keys.ts';
import { publicKeyFrom } from '../../protocols/noise/x25519.ts';
import { takeVerdict } from '../proof/prove-take.ts';
import type { RepairAddress, Take } from '../proof/take-schema.ts';
import { type ClientCredentials, RECORDER_ID_BYTES } from './greetings.ts';
import { RateLimit } from './rate-limit.ts';
import { type Dial, type OfferedFlows, RepairClient } from './repair-client.ts';
import { RepairConnections } from './repair-connections.ts';
import { GreetingRefused } from './secure-stream.ts';
import { LOST_ENDS_SECONDS } from './stretch-take.ts';
import { readTake, writeTake } from './take-folder.ts';
import { type MendProgress, TakeMender, WrongSession } from './take-mender.ts';

const MAX_REPAIRS = 100;
const MAX_FROM = 300;
const MAX_CONNECTIONS = 4;
/** How often a sender is asked that does not know our key. */
const MAX_REFUSED = 3;
/** How long a sender is tried that was followed by another one: it was probably killed. */
const GONE_MS = 5000;

/** What is mended, and from where. */
export interface RepairTakeOptions {
  /** With `take.json` and the files it names. */
  readonly folder: string;
  /** Instead of the senders that the account names. */
  readonly from?: readonly RepairAddress[] | undefined;
  /** 32 bytes, when the sender wants a shared key. */
  readonly sharedKey?: Buffer | undefined;
  /** How long a sender is tried again without anything coming. */
  readonly patienceMs: number;
  readonly maxBytesPerSecond?: number | undefined;
  /** How much at the beginning and the end of the session is taken for lost; default 5 s. */
  readonly lostEndsSeconds?: number | undefined;
  /** Eight bytes that the sender knows this recorder by. */
  readonly recorderId?: Buffer | undefined;
  /** How connections are begun; default TCP. */
  readonly dial?: Dial | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** State changes, a sentence each. */
  readonly onNote: (text: string) => void;
  /** Called for each answer. */
  readonly onProgress?: (progress: MendProgress) => void;
}

/** What has come of it. */
export interface RepairReport {
  readonly take: Take;
  readonly fetchedFrames: number;
  /** Still missing, of all tracks. */
  readonly missingFrames: number;
  /** Every track is proven to be what was sent in its time. */
  readonly isProven: boolean;
}

/**
 * Fetches what a take misses from those who sent it, writes it into the files, proves the result by hashes of the
 * sender, and writes the account anew. What was fetched before a connection was lost is kept.
 * @throws DistreamError FILE_NOT_FOUND, FILE_UNREADABLE, TRACK_UNREADABLE, TRACK_NOT_PCM, RECORDING_FAILED, USAGE
 */
export async function repairTake(options: RepairTakeOptions): Promise<RepairReport> {
  const { folder, clock } = options;
  const before = await readTake(folder);
  const senders = options.from ?? before.repairFrom ?? [];
  if (senders.length === 0) {
    const reason = `${folder}: the account names no sender that serves what is missing; name it with --from`;
    throw new DistreamError('USAGE', { reason });
  }
  const mender = await TakeMender.open(folder, before);
  try {
    for (const sender of mender.inOrder(senders)) {
      if (mender.isDone(sender)) continue;
      const patienceMs = mender.isSuperseded(sender) ? Math.min(GONE_MS, options.patienceMs) : options.patienceMs;
      await mendFrom(mender, sender, { ...options, patienceMs });
    }
  } finally {
    await mender.close();
  }
  const { take, fetchedFrames } = mender;
  const repair = {
    utc: new Date(clock.utcMs()).toISOString(),
    from: senders
      .map(({ host, port }) => `${host}:${port}`)
      .join(', ')
      .slice(0, MAX_FROM),
    frames: fetchedFrames,
    words: fetchedFrames > 0 ? `${fetchedFrames} sample frames were fetched` : 'nothing was fetched',
  };
  const repairs = [...(take.repairs ?? []), repair].slice(-MAX_REPAIRS);
  const verdict = takeVerdict(take.tracks);
  const mended = { ...take, repairs, verdict };
  await writeTake(folder, mended);
  const missingFrames = take.tracks.reduce(
    (sum, { gaps }) => sum + gaps.reduce((all, [, length]) => all + length, 0),
    0,
  );
  const isProven = take.tracks.every(({ verdict: { kind } }) => kind === 'identical' || kind === 'excerpt');
  return { take: mended, fetchedFrames, missingFrames, isProven };
}

/** What a sender offers, or why it cannot be asked. */
export type Announced = { readonly offered: OfferedFlows } | { readonly reason: string };

/** Tells a sender that a recorder is there who will ask after the take, and asks what it sends. Never rejects for its sake. */
export async function announceRecorder(
  options: Pick<RepairTakeOptions, 'clock' | 'sharedKey' | 'dial'> & {
    readonly recorderId: Buffer;
    readonly sender: RepairAddress;
  },
): Promise<Announced> {
  try {
    const client = await RepairClient.open({
      ...options.sender,
      credentials: credentialsFor(options.sender, options.sharedKey),
      recorderId: options.recorderId,
      clock: options.clock,
      dial: options.dial,
    });
    try {
      return { offered: await client.flows() };
    } finally {
      client.close();
    }
  } catch (error) {
    return { reason: reasonIn(error, options) };
  }
}

/** A name for a recorder, new for each take. */
export function newRecorderId(): Buffer {
  return randomBytes(RECORDER_ID_BYTES);
}

/** Asks one sender, again and again until all is there or it has been silent for too long. */
async function mendFrom(mender: TakeMender, sender: RepairAddress, options: RepairTakeOptions): Promise<void> {
  const { clock, signal, patienceMs, onNote, random } = options;
  const credentials = credentialsFor(sender, options.sharedKey);
  const recorderId = options.recorderId ?? newRecorderId();
  const rate = new RateLimit(clock, options.maxBytesPerSecond ?? Number.POSITIVE_INFINITY);
  const backoff = new Backoff(clock, random);
  const name = `${sender.host}:${sender.port}`;
  let deadlineMs = clock.nowMs() + patienceMs;
  let told = '';
  let refused = 0;
  while (!signal.aborted) {
    let client: RepairConnections | undefined;
    const onAbort = () => client?.close();
    signal.addEventListener('abort', onAbort);
    try {
      client = await RepairConnections.open(
        { ...sender, credentials, recorderId, clock, dial: options.dial },
        MAX_CONNECTIONS,
      );
      refused = 0;
      await mender.mend(client, {
        session: sender.session,
        rate,
        signal,
        lostEndsSeconds: options.lostEndsSeconds ?? LOST_ENDS_SECONDS,
        onProgress: (progress) => {
          deadlineMs = clock.nowMs() + patienceMs;
          backoff.reset();
          options.onProgress?.(progress);
        },
      });
      await client.done();
      return;
    } catch (error) {
      if (error instanceof DistreamError) throw error;
      const reason = reasonIn(error, options);
      if (error instanceof GreetingRefused) refused += 1;
      const isHopeless = error instanceof WrongSession || refused >= MAX_REFUSED;
      if (isHopeless || clock.nowMs() >= deadlineMs || signal.aborted) {
        onNote(`Not everything could be repaired: ${name}: ${reason}.`);
        return;
      }
      if (reason !== told) onNote(`Repair waits for ${name}: ${reason}.`);
      told = reason;
      await sleep(clock, backoff.next(), signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
      client?.close();
    }
  }
}

/** What went wrong, in words; where the keys do not fit, what that can mean. */
function reasonIn(error: unknown, { sharedKey }: Pick<RepairTakeOptions, 'sharedKey'>): string {
  if (!(error instanceof GreetingRefused)) return reasonOf(error);
  const other = 'the sender was started again, so that what it sent before is gone, or another program has its port';
  return sharedKey
    ? `it does not accept the shared key: both sides need the same one (--key); or ${other}`
    : `it does not accept the key of its description: ${other}`;
}

function credentialsFor({ key }: RepairAddress, sharedKey: Buffer | undefined): ClientCredentials {
  if (sharedKey) return { kind: 'shared-key', sharedKey };
  if (key === undefined)
    throw new DistreamError('USAGE', { reason: 'the sender wants a shared key: give it with --key' });
  const parsed = parseKey(key, 'public');
  if (parsed.kind === 'invalid')
    throw new DistreamError('USAGE', { reason: `the key of the sender: ${parsed.reason}` });
  return { kind: 'identity', remoteIdentity: publicKeyFrom(parsed.raw) };
}
