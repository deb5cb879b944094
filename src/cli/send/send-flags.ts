import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseUtcMs } from '../../core/utc-time.ts';
import { parseReferenceClock } from '../../protocols/sdp/clock-signalling.ts';
import type { ProfileName } from '../../protocols/sdp/profiles.ts';
import { REDUNDANCY_MODES, type RedundancyMode } from '../../tracks/plan/redundancy-measure.ts';
import type { FlowLayout } from '../../tracks/plan/request.ts';
import type { PtpClock } from '../../tracks/send/session-options.ts';
import { addPageOption, type PageAddress } from '../page/page-address.ts';
import { wholeNumber } from '../whole-number.ts';
import { addServeRepairOptions, type ServeRepairFlags } from './serve-repair.ts';

/** The options of `distream send`, parsed. */
export interface SendFlags extends ServeRepairFlags {
  readonly to?: readonly string[];
  readonly port: number;
  readonly ttl: number;
  readonly interface?: readonly string[];
  readonly name?: string;
  /** Microseconds. */
  readonly ptime: number;
  readonly layout: FlowLayout;
  readonly redundancy: RedundancyMode;
  readonly profile: ProfileName;
  readonly mixed?: boolean;
  readonly float?: boolean;
  readonly convert?: boolean;
  readonly loop?: boolean;
  /** UTC in milliseconds since 1970. */
  readonly start?: number;
  readonly ntp?: string;
  readonly ptp?: PtpClock;
  readonly realtime?: boolean;
  readonly sdp?: string;
  readonly sap: boolean;
  readonly account: string | false;
  readonly plan?: boolean;
  readonly page?: PageAddress;
}

/** Adds them to a command. */
export function addSendOptions(command: Command): Command {
  command
    .addOption(
      new Option(
        '--to <host>',
        'where to: a host, or the first multicast group (default: a group of this machine); twice: two networks, each gets everything',
      ).argParser(oneHost),
    )
    .addOption(
      new Option('--port <port>', 'of the first flow; a host gets each flow at a port of its own')
        .argParser(evenPort)
        .default(5004),
    )
    .addOption(new Option('--ttl <hops>', 'how many routers multicast may pass').argParser(hops).default(32))
    .addOption(
      new Option('--interface <address>', 'send from this address of the machine; twice for two networks').argParser(
        one,
      ),
    )
    .option('--name <name>', 'how the session is announced (default: the name of the folder or file)')
    .addOption(
      new Option('--ptime <time>', 'packet time, such as 1ms or 125us').argParser(packetTime).default(1000, '1ms'),
    )
    .addOption(
      new Option(
        '--layout <layout>',
        'track: a flow for each track; mono: one for each channel; 2 to 8: that many channels a flow',
      )
        .argParser(flowLayout)
        .default('track'),
    )
    .addOption(
      new Option(
        '--redundancy <kind>',
        'on a second port: every packet twice, parity (xor), or what loss asks for (auto)',
      )
        .choices(REDUNDANCY_MODES)
        .default('none'),
    )
    .addOption(
      new Option('--profile <profile>', 'whose rules to keep')
        .choices(['plain', 'aes67', 'dante'] satisfies ProfileName[])
        .default('plain'),
    )
    .option('--mixed', 'allow tracks of different sample rates')
    .option('--float', 'allow 32-bit float, rounded to 24 bit')
    .option('--convert', 'allow 32-bit integers, cut to 24 bit')
    .option('--loop', 'all tracks begin again together when the longest has ended')
    .addOption(
      new Option('--start <time>', 'when, e.g. 2026-11-21T20:00; UTC unless it ends with +01:00').argParser(startTime),
    )
    .option('--ntp <host>', 'measure the clock of this NTP server, and say in the SDP that timestamps follow it')
    .addOption(
      new Option(
        '--ptp <clock>',
        "say in the SDP that this machine's clock follows that PTP grandmaster (phc2sys does that), e.g. 00-1D-C1-FF-FE-12-34-56:0",
      )
        .argParser(ptpClock)
        .conflicts('ntp'),
    )
    .option('--realtime', 'ask the kernel for real-time scheduling (Linux), and say what was got')
    .option('--sdp <folder>', 'write SDP files there, one for each flow and session.sdp for all')
    .option('--no-sap', 'do not announce the flows by SAP')
    .option('--account <file>', 'where to write what was sent, with its hashes', 'send.json')
    .option('--no-account', 'do not write it')
    .option('--plan', 'print the packet plan and end')
    .option('--json', 'plan, progress and report as JSON lines on standard output');
  addPageOption(command);
  return addServeRepairOptions(command);
}

/** Collects one or two values of an option that is given again. */
function one(text: string, before: readonly string[] | undefined): readonly string[] {
  if (before && before.length > 1) throw new InvalidArgumentError('Expected two at most: one for each network.');
  return [...(before ?? []), text];
}

function oneHost(text: string, before: readonly string[] | undefined): readonly string[] {
  if (/^[^:]+:\d+$|\]:\d+$/.test(text)) {
    throw new InvalidArgumentError('Expected a host alone; its port is given with --port.');
  }
  return one(text, before);
}

function evenPort(text: string): number {
  const port = wholeNumber(text, 1, 65_534);
  if (port === undefined || port % 2 !== 0) {
    throw new InvalidArgumentError('Expected an even port from 2 to 65534; RTCP takes the odd one above.');
  }
  return port;
}

function hops(text: string): number {
  const ttl = wholeNumber(text, 0, 255);
  if (ttl === undefined) throw new InvalidArgumentError('Expected a number from 0 to 255.');
  return ttl;
}

function packetTime(text: string): number {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(ms|us)?$/.exec(text);
  if (!match) throw new InvalidArgumentError('Expected a time such as 1ms or 125us.');
  const value = Number(match[1]);
  const us = match[2] === 'us' ? value : value * 1000;
  // Descriptions write a third of a millisecond so; 16 sample frames at 48 kHz.
  return us === 330 ? 333 : us;
}

function flowLayout(text: string): FlowLayout {
  if (text === 'track' || text === 'mono') return text;
  const channels = wholeNumber(text, 1, 8);
  if (channels === undefined) throw new InvalidArgumentError('Expected track, mono, or a number from 1 to 8.');
  return channels;
}

function startTime(text: string): number {
  const utcMs = parseUtcMs(text);
  if (utcMs === undefined) throw new InvalidArgumentError('Expected a time such as 2026-11-21T20:00.');
  return utcMs;
}

function ptpClock(text: string): PtpClock {
  const clock = parseReferenceClock(`ptp=IEEE1588-2008:${text}`);
  if (clock?.kind !== 'ptp') {
    throw new InvalidArgumentError('Expected its identity and domain, such as 00-1D-C1-FF-FE-12-34-56:0.');
  }
  return clock;
}
