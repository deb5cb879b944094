import { writeFile } from 'node:fs/promises';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { FlowStatistics } from '../pace/statistics.ts';
import type { PacketPlan, PlannedFlow } from '../plan/schema.ts';
import { Histogram } from '../proof/histogram.ts';
import type { PcmAccount } from '../proof/pcm-hasher.ts';
import type { Take, TakeClock } from '../proof/take-schema.ts';
import { flowTitle } from './describe-session.ts';

/** What was sent. */
export interface SendFacts {
  /** The name that all flows have in common (CNAME). */
  readonly id: string;
  readonly name: string;
  readonly plan: PacketPlan;
  readonly startUtcMs: number;
  readonly endUtcMs: number;
  readonly clock: TakeClock;
  /** One for each flow. */
  readonly accounts: readonly PcmAccount[];
  readonly statistics: readonly FlowStatistics[];
  readonly resent: readonly number[];
  readonly latenessBins: readonly number[];
  /** False: not all that was read has left. */
  readonly isComplete: boolean;
  /** By the number of the track: why it could not be read to its end. */
  readonly problems: ReadonlyMap<number, string>;
}

/** The sender's account, in the shape of `take.json`: a track of it is a flow, which is what a receiver can compare. */
export function sendAccount(facts: SendFacts): Take {
  const { plan, accounts, statistics, resent, isComplete } = facts;
  const histogram = new Histogram();
  histogram.addBins(facts.latenessBins);
  const { bins, ...summary } = histogram.account();
  const lateness = { ...summary, bins: bins.map(([endUs, count]): [number, number] => [endUs, count]) };
  const words = isComplete
    ? 'not compared with a recording yet'
    : 'the sending was cut short, so nothing can be proved';
  return {
    version: 1,
    session: { id: facts.id, name: facts.name },
    startUtc: new Date(facts.startUtcMs).toISOString(),
    endUtc: new Date(facts.endUtcMs).toISOString(),
    clocks: { sender: facts.clock },
    tracks: plan.flows.map((flow, index) => ({
      name: flowTitle(flow, plan),
      encoding: flow.encoding,
      sampleRate: flow.sampleRate,
      channels: flow.channels,
      ...(isComplete ? { sent: mutableAccount(accounts[index]!) } : {}),
      offsetFrames: null,
      gaps: [],
      gapsAreExact: true,
      packets: { sent: statistics[index]!.sent, repaired: resent[index]! },
      lateness,
      verdict: { kind: 'unproven' as const, words: problemOf(flow, facts.problems) ?? words },
    })),
    verdict: { isIdentical: false, words },
  };
}

/** Why a flow has silence in the place of sound; what was sent is proved all the same. */
function problemOf({ sources }: PlannedFlow, problems: ReadonlyMap<number, string>): string | undefined {
  const track = sources.find((source) => problems.has(source.track))?.track;
  return track === undefined ? undefined : `${problems.get(track)!.slice(0, 800)}; silence was sent in its place`;
}

/**
 * Writes an account.
 * @throws DistreamError RECORDING_FAILED
 */
export async function writeAccount(path: string, account: Take): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(account, null, 2)}\n`);
  } catch (error) {
    throw new DistreamError('RECORDING_FAILED', { path, reason: reasonOf(error) }, { cause: error });
  }
}

function mutableAccount({
  startFrame,
  frames,
  sha256,
  blocks,
}: PcmAccount): NonNullable<Take['tracks'][number]['sent']> {
  return { startFrame, frames, sha256, blocks: { ...blocks, digests: [...blocks.digests] } };
}
