import { cleanText } from '../../core/text.ts';
import type { AudioFlow } from '../../protocols/sdp/flows.ts';
import type { HistogramAccount } from '../proof/histogram.ts';
import type { Finding } from './findings.ts';
import type { StreamFacts } from './stream-examiner.ts';

/** What was found out about a stream. */
export interface Examination {
  readonly title: string;
  readonly place: string;
  readonly flow: AudioFlow | undefined;
  readonly facts: StreamFacts;
  readonly findings: readonly Finding[];
}

/** For people: what was measured, then what is wrong and what to do. */
export function renderExamination({ title, place, flow, facts, findings }: Examination): string {
  const lines = [`${cleanText(title, 100)} at ${place}`, ...measured(facts, flow).map((line) => `  ${line}`)];
  for (const { severity, what, remedy } of findings) {
    lines.push(`  ${severity}: ${cleanText(what, 500)}`);
    if (remedy !== '') lines.push(`    do: ${remedy}`);
  }
  if (findings.every(({ severity }) => severity === 'note')) lines.push('  All is well.');
  return `${lines.join('\n')}\n`;
}

function measured(facts: StreamFacts, flow: AudioFlow | undefined): string[] {
  const { counters, seconds, packetFrames, driftPpm, leadMs, runs } = facts;
  if (counters.packets === 0) return [];
  const expected = flow?.framesPerPacket === undefined ? undefined : flow.sampleRate / flow.framesPerPacket;
  const sender = runs.at(-1);
  const { lost, duplicated, reordered, jitterMs, maximumJitterMs } = counters;
  return [
    `${counters.packets} packets in ${seconds.toFixed(1)} s: ${facts.packetsPerSecond.toFixed(1)} a second${expected === undefined ? '' : `, ${expected.toFixed(1)} by its description`}`,
    `from ${sender?.from ?? 'nobody'}, SSRC ${sender?.ssrc.toString(16) ?? ''}; ${packetFrames[0]?.[0]} sample frames a packet`,
    `lost ${lost}, duplicated ${duplicated}, reordered ${reordered}; jitter ${jitterMs.toFixed(3)} ms (RFC 3550), at most ${maximumJitterMs.toFixed(3)} ms`,
    `spacing ${quantiles(facts.spacing)}; lateness ${quantiles(facts.lateness)}`,
    'times are those at which this program got a packet, not those of the network card',
    ...(driftPpm === undefined ? [] : [`timestamps run ${driftPpm.toFixed(0)} ppm against this machine's clock`]),
    ...(leadMs === undefined ? [] : [`timestamps lead by ${leadMs.toFixed(1)} ms (by this machine's wall clock)`]),
    ...(flow?.addressKind === 'multicast'
      ? [
          `multicast${flow.ttl === undefined ? '' : `, time to live ${flow.ttl} by its description`}; DSCP cannot be read here`,
        ]
      : []),
  ];
}

function quantiles({ p50Us, p99Us, maxUs }: HistogramAccount): string {
  const [p50, p99, max] = [p50Us, p99Us, maxUs].map((us) => (us / 1000).toFixed(3));
  return `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
}
