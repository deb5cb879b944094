import { monotonicNs, sleep } from '../../core/clock.ts';
import { DistreamError } from '../../core/errors.ts';
import { NTP_EPOCH_SECONDS, TAI_AHEAD_SECONDS } from '../epochs.ts';
import type { NtpClient } from '../ntp-client.ts';
import type { SteadyUtc } from '../steady-utc.ts';
import type { SendOptions } from './session-options.ts';
import { StreamClock } from './stream-clock.ts';

/** From now to the first packet: for opening sockets and reading ahead. */
const LEAD_MS = 500;
const LEAD_MS_PER_FLOW = 5;
/** So long before a start time that was set, sockets are opened and clocks read. */
const PREPARE_MS = 4_000;
const LONGEST_NAP_MS = 30_000;
const MAX_START_AHEAD_MS = 7 * 86_400_000;

/**
 * Waits until shortly before a start time that was set; naps, because the wall clock may be set meanwhile.
 * @throws DistreamError USAGE when it has passed or is more than a week away
 */
export async function waitForStart(
  options: Pick<SendOptions, 'startUtcMs' | 'clock' | 'signal' | 'onNote'>,
): Promise<void> {
  const { startUtcMs, clock, signal, onNote } = options;
  if (startUtcMs === undefined) return;
  const remainingMs = () => startUtcMs - clock.utcMs();
  if (remainingMs() < 0) throw new DistreamError('USAGE', { reason: 'the start time has passed' });
  if (remainingMs() > MAX_START_AHEAD_MS) {
    throw new DistreamError('USAGE', { reason: 'the start time is more than a week away' });
  }
  if (remainingMs() > PREPARE_MS) onNote(`Waiting until ${new Date(startUtcMs).toISOString()}.`);
  while (remainingMs() > PREPARE_MS && !signal.aborted) {
    await sleep(clock, Math.min(LONGEST_NAP_MS, remainingMs() - PREPARE_MS), signal);
  }
}

/** The clock of a session that starts at the time that was set, or as soon as everything can be ready. */
export function startClock(
  { plan, startUtcMs, random, ptpClock }: Pick<SendOptions, 'plan' | 'startUtcMs' | 'random' | 'ptpClock'>,
  { utc, ntp, nowNs = monotonicNs }: { utc: SteadyUtc; ntp: NtpClient | undefined; nowNs?: () => bigint },
): StreamClock {
  // A machine that follows PTP has the right time by somebody's word.
  const serverOffsetMs = ptpClock ? 0 : ntp?.estimate()?.offsetMs;
  const epochSeconds = ptpClock ? TAI_AHEAD_SECONDS : NTP_EPOCH_SECONDS;
  const leadMs = LEAD_MS + LEAD_MS_PER_FLOW * plan.flows.length;
  const startNs =
    startUtcMs === undefined ? nowNs() + BigInt(leadMs) * 1_000_000n : utc.nsAt(startUtcMs - (serverOffsetMs ?? 0));
  const randomTimestamp = Math.floor(random() * 2 ** 32);
  return new StreamClock({ startNs, utc, serverOffsetMs, epochSeconds, randomTimestamp });
}
