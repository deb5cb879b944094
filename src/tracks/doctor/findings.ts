/**
 * What is wrong with a stream, and what to do, in plain words. Pure.
 * @module
 */
import type { AudioFlow } from '../../protocols/sdp/flows.ts';
import type { SdpProblem } from '../../protocols/sdp/session.ts';
import type { StreamFacts } from './stream-examiner.ts';

/** One thing that is wrong. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'note';
  readonly what: string;
  readonly remedy: string;
}

/** AES67 7.5: packets leave within 17 packet times or 17 ms of their time, whichever is less. */
const LATE_PACKETS = 17;
const LATE_MS = 17;
const MAX_PAYLOAD_BYTES = 1440;
const RATE_TOLERANCE = 0.005;
/** A crystal is within 100 ppm; a stream that follows PTP and a machine that does not differ by two of these. */
const MAX_DRIFT_PPM = 200;

/** What the measurement says; `flow` is undefined for a stream that nobody describes. */
export function streamFindings(facts: StreamFacts, flow: AudioFlow | undefined): Finding[] {
  if (facts.counters.packets === 0) return [silence(facts, flow)];
  return [
    ...sizeFindings(facts, flow),
    ...rateFindings(facts, flow),
    ...lossFindings(facts),
    ...timeFindings(facts, flow),
    ...sourceFindings(facts),
  ];
}

/** What the lint of a description says, as findings. */
export function descriptionFindings(problems: readonly SdpProblem[]): Finding[] {
  return problems.map(({ line, severity, text }) => ({
    severity,
    what: `SDP${line > 0 ? ` line ${line}` : ''}: ${text}`,
    remedy: severity === 'note' ? '' : 'Change it at the sender, and announce the description with a higher version.',
  }));
}

function silence({ counters, seconds }: StreamFacts, flow: AudioFlow | undefined): Finding {
  const error = (what: string, remedy: string): Finding => ({ severity: 'error', what, remedy });
  if (counters.foreignPayloadTypes > 0) {
    return error(
      `${counters.foreignPayloadTypes} packets came, all with another payload type than the description names`,
      'Take the newest description from the sender; the rtpmap has to fit what is sent.',
    );
  }
  if (counters.malformed > 0) {
    return error(`${counters.malformed} datagrams came, none of them RTP`, 'Check what program sends to this port.');
  }
  const group =
    'Check that the sender sends, that the switch forwards the group (IGMP snooping needs a querier), the firewall, and the network card (--interface).';
  const host = 'Check that the sender sends to this machine, and the firewall.';
  return error(`nothing came within ${seconds.toFixed(0)} s`, flow?.addressKind === 'multicast' ? group : host);
}

function sizeFindings({ packetFrames, counters }: StreamFacts, flow: AudioFlow | undefined): Finding[] {
  const findings: Finding[] = [];
  const said = flow?.framesPerPacket;
  const common = packetFrames[0]![0];
  if (said !== undefined && common !== said) {
    findings.push({
      severity: 'error',
      what: `packets have ${common} sample frames, the description says ${said} (ptime)`,
      remedy: 'Set ptime or framecount to what is sent, or the rtpmap if the channels or the width are wrong.',
    });
  } else if (packetFrames.length > 1) {
    const others = packetFrames.slice(1).reduce((sum, [, packets]) => sum + packets, 0);
    findings.push({
      severity: others > 2 ? 'warning' : 'note',
      what: `${others} packets have another length than the others`,
      remedy: 'Receivers expect packets of one length; only the last one of a stream may be shorter.',
    });
  }
  if (counters.unevenPayloads > 0) {
    findings.push({
      severity: 'error',
      what: `${counters.unevenPayloads} packets hold a piece of a sample frame`,
      remedy: 'The channels or the encoding of the description do not fit what is sent.',
    });
  }
  const bytes = common * (flow?.frameBytes ?? 0);
  if (bytes > MAX_PAYLOAD_BYTES) {
    findings.push({
      severity: 'warning',
      what: `packets hold ${bytes} bytes of audio, more than ${MAX_PAYLOAD_BYTES}`,
      remedy: 'They may be cut up on the way: choose a shorter packet time or fewer channels.',
    });
  }
  return findings;
}

function rateFindings(facts: StreamFacts, flow: AudioFlow | undefined): Finding[] {
  const { counters, packetsPerSecond, seconds, lateness, caughtUpMs } = facts;
  const frames = flow?.framesPerPacket;
  if (!flow || frames === undefined) return [];
  const expected = flow.sampleRate / frames;
  const heardSeconds = Math.max(seconds, 1e-3);
  const lost = Math.max(0, counters.lost);
  const sent = packetsPerSecond + lost / heardSeconds;
  // By the sound, so that packets of several lengths, which are told of by themselves, make no difference here.
  const frameRate = (counters.frames + lost * facts.packetFrames[0]![0]) / heardSeconds;
  // What was late at the end of listening is not there yet; what was late at its beginning came on top.
  const unsureSeconds = 2 / expected + lateness.maxUs / 1e6 + caughtUpMs / 1e3;
  const tolerance = flow.sampleRate * Math.max(RATE_TOLERANCE, unsureSeconds / heardSeconds);
  if (Math.abs(frameRate - flow.sampleRate) <= tolerance) return [];
  return [
    {
      severity: 'error',
      what: `${sent.toFixed(1)} packets a second are sent, the description means ${expected.toFixed(1)}`,
      remedy:
        sent < expected
          ? 'The sender does not keep up, or was not sending all the time: look at its load and its clock.'
          : 'The sender runs too fast or sends to this port twice: look for a second sender.',
    },
  ];
}

function lossFindings({ counters }: StreamFacts): Finding[] {
  const findings: Finding[] = [];
  const { lost, packets, duplicated, reordered } = counters;
  if (lost > 0) {
    findings.push({
      severity: 'error',
      what: `${lost} of ${packets + lost} packets were lost (${((100 * lost) / (packets + lost)).toFixed(2)} %)`,
      remedy:
        'Look for Wi-Fi, overloaded switch ports and wrong QoS on the way; record with repair, or send redundancy.',
    });
  }
  if (duplicated > 0) {
    findings.push({
      severity: 'warning',
      what: `${duplicated} packets came twice`,
      remedy: 'Two ways lead here, or a switch loops; unless it is meant (ST 2022-7), look at the network.',
    });
  }
  if (reordered > 0) {
    findings.push({
      severity: 'warning',
      what: `${reordered} packets were overtaken by others`,
      remedy: 'Hardware receivers drop such packets: look for links that share load packet by packet.',
    });
  }
  return findings;
}

function timeFindings({ lateness, driftPpm, leadMs }: StreamFacts, flow: AudioFlow | undefined): Finding[] {
  const findings: Finding[] = [];
  const ptimeMs = flow?.framesPerPacket === undefined ? 1 : (1000 * flow.framesPerPacket) / flow.sampleRate;
  const limitMs = Math.min(LATE_PACKETS * ptimeMs, LATE_MS);
  if (lateness.p999Us / 1000 > limitMs) {
    findings.push({
      severity: 'warning',
      what: `one packet in 1000 comes ${(lateness.p999Us / 1000).toFixed(1)} ms late or more, AES67 allows ${limitMs.toFixed(1)} ms`,
      remedy:
        'Give receivers a longer buffer, or the sender real-time scheduling; this machine counts in what it measures.',
    });
  }
  if (driftPpm !== undefined && Math.abs(driftPpm) > MAX_DRIFT_PPM) {
    findings.push({
      severity: 'warning',
      what: `timestamps run ${driftPpm.toFixed(0)} ppm ${driftPpm > 0 ? 'faster' : 'slower'} than this machine's clock`,
      remedy: 'Check that the sender follows its clock and sends at the rate that it names.',
    });
  }
  if (leadMs !== undefined && leadMs < -LATE_MS) {
    findings.push({
      severity: 'warning',
      what: `packets arrive ${(-leadMs).toFixed(1)} ms after the instant that their timestamps name, by this machine's clock`,
      remedy:
        'Hardware receivers stay silent when that is more than their latency: raise it there, or lower the delay of the sender. Check both clocks first.',
    });
  }
  return findings;
}

function sourceFindings({ runs, strangers, counters }: StreamFacts): Finding[] {
  const findings: Finding[] = [];
  if (runs.length > 1) {
    findings.push({
      severity: 'error',
      what: `the stream began anew ${runs.length - 1} times (SSRC or timestamps jumped)`,
      remedy: 'Look at the log of the sender: it was restarted, or its clock was set.',
    });
  }
  if (strangers.length > 0) {
    const list = strangers.slice(0, 4).map(({ from, ssrc }) => `${from} (SSRC ${ssrc.toString(16)})`);
    findings.push({
      severity: 'error',
      what: `another sender uses the same address and port: ${list.join(', ')}`,
      remedy: 'Give each stream a multicast address of its own.',
    });
  }
  if (counters.malformed + counters.foreignPayloadTypes > 0) {
    findings.push({
      severity: 'warning',
      what: `${counters.malformed + counters.foreignPayloadTypes} datagrams were no RTP of this stream`,
      remedy: 'Something else sends to this port.',
    });
  }
  return findings;
}
