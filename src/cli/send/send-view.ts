import type { Take } from '../../tracks/proof/take-schema.ts';
import type { SendProgress } from '../../tracks/send/send-session.ts';

/** A session in one line: `0:12 of 3:20, 32 flows, 384000 packets, 0.2 ms late at most for 99 of 100`. */
export function progressText({ elapsedSeconds, totalSeconds, lateness, flows }: SendProgress): string {
  if (elapsedSeconds < 0) return `starts in ${Math.ceil(-elapsedSeconds)} s`;
  const sum = (value: (flow: SendProgress['flows'][number]) => number) =>
    flows.reduce((total, flow) => total + value(flow), 0);
  const seconds = Math.min(elapsedSeconds, totalSeconds ?? elapsedSeconds);
  const parts = [
    totalSeconds === undefined ? minutes(seconds) : `${minutes(seconds)} of ${minutes(totalSeconds)}`,
    `${flows.length} ${flows.length === 1 ? 'flow' : 'flows'}`,
    `${sum(({ sent }) => sent)} packets`,
    `late ${lateness.p99Ms.toFixed(2)} ms (99 of 100), ${lateness.maxMs.toFixed(1)} ms (the worst)`,
  ];
  const underruns = sum((flow) => flow.underruns);
  if (underruns > 0) parts.push(`${underruns} packets were read too late`);
  const lost = sum((flow) => flow.lost);
  if (lost > 0) parts.push(`${lost} not taken by the network`);
  const resent = sum(({ resends }) => resends.resent);
  if (resent > 0) parts.push(`${resent} sent again`);
  const receivers = flows.flatMap((flow) => flow.receivers);
  if (receivers.length > 0) {
    const worst = Math.max(...receivers.map(({ fractionLost }) => fractionLost));
    parts.push(`${receivers.length} reports, ${(worst * 100).toFixed(1)} % lost at worst`);
  }
  return parts.join(', ');
}

/** What was sent, a line for each flow. */
export function reportText(progress: SendProgress, account: Take): string {
  const lines = account.tracks.map(({ name, encoding, sampleRate, channels, sent }, index) => {
    const { address, port, sent: packets, lost, refused } = progress.flows[index]!;
    const parts = [`${packets} packets to ${address}:${port}, ${encoding}/${sampleRate}/${channels}`];
    if (sent) parts.push(`${(sent.frames / sampleRate).toFixed(3)} s, SHA-256 ${sent.sha256.slice(0, 16)}`);
    if (lost > 0) parts.push(`${lost} not taken by the network`);
    if (refused > 0) parts.push('nobody listened at the port (at least for a time)');
    return `${name}: ${parts.join('; ')}\n`;
  });
  return `${lines.join('')}${progressText(progress)}\n`;
}

function minutes(seconds: number): string {
  const whole = Math.floor(seconds);
  const clock = `${Math.floor((whole % 3600) / 60)}:${String(whole % 60).padStart(2, '0')}`;
  return whole < 3600 ? clock : `${Math.floor(whole / 3600)}:${clock.padStart(5, '0')}`;
}
