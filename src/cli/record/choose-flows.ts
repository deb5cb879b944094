import { sleep } from '../../core/clock.ts';
import { DistreamError } from '../../core/errors.ts';
import { table } from '../../core/table.ts';
import { cleanText } from '../../core/text.ts';
import type { SapSession } from '../../protocols/sap/directory.ts';
import { Announcements } from '../../tracks/record/announcements.ts';
import {
  ALL_ANNOUNCED_MS,
  type FindOptions,
  flowsOfSessions,
  flowsOfTargets,
  groupName,
  isDescription,
  listenForSessions,
} from '../../tracks/record/find-flows.ts';
import type { FlowSpec } from '../../tracks/record/flow-spec.ts';
import type { CliIo } from '../io.ts';
import type { CommonOptions } from '../program.ts';
import type { RecordFlags } from './record-flags.ts';

/** How long announcements are listened to for a list of them. */
const LISTED_MS = 5000;

/** What choosing needs. */
export interface ChooseOptions {
  readonly flags: RecordFlags & CommonOptions;
  readonly io: CliIo;
  readonly signal: AbortSignal;
}

/** What to record, and where more of it will be announced. */
export interface ChosenFlows {
  readonly flows: readonly FlowSpec[];
  /** With `--all`: what is announced from here on is recorded, too. The caller closes it. */
  readonly more?: Announcements;
  /** Files that describe some of them. */
  readonly files?: readonly string[];
}

/** A sender's sessions that belong together by their names. */
interface SessionGroup {
  readonly name: string;
  readonly from: string;
  readonly sessions: readonly SapSession[];
  readonly flows: readonly FlowSpec[];
}

/**
 * The flows to record: of the targets; without any what is announced first (`--all`), or those that the person at the
 * terminal chooses. Undefined when what is announced was only shown.
 * @throws DistreamError UNREACHABLE when nothing is announced, and what `flowsOfTargets` throws
 */
export async function chooseFlows(
  targets: readonly string[],
  { flags, io, signal }: ChooseOptions,
): Promise<ChosenFlows | undefined> {
  const onNote = (text: string) => io.err(`${cleanText(text)}\n`);
  const format = { ...flags.format, payloadType: flags.payloadType };
  const waitMs = flags.wait ?? (targets.length > 0 || flags.all ? ALL_ANNOUNCED_MS : LISTED_MS);
  const options = { clock: io.clock, format, waitMs, localAddress: flags.interface, signal, onNote };
  if (targets.length > 0) {
    return { flows: await flowsOfTargets(targets, options), files: targets.filter(isDescription) };
  }
  if (flags.all) return firstAnnounced(options);
  if (!flags.json) onNote(`Listening for announcements for ${waitMs / 1000} s ...`);
  const sessions = await listenForSessions(options);
  const groups = groupsOf(sessions, onNote);
  if (signal.aborted) return undefined;
  if (groups.length === 0) throw nothingAnnounced(waitMs);
  if (flags.json) {
    io.out(`${JSON.stringify({ type: 'announced', sessions: groups.map(groupJson) })}\n`);
    return undefined;
  }
  io.out(groupTable(groups));
  const flows = await ask(groups, io);
  return flows && { flows };
}

function nothingAnnounced(waitMs: number): DistreamError {
  const later = waitMs < ALL_ANNOUNCED_MS ? '; senders announce themselves every 30 s or so (--wait 45s)' : '';
  const reason = `nothing that can be recorded was announced within ${waitMs / 1000} s${later}`;
  return new DistreamError('UNREACHABLE', { url: 'sap://', reason });
}

/** What is announced first, as soon as it is: who waits for the others loses of it. */
async function firstAnnounced(options: FindOptions): Promise<ChosenFlows | undefined> {
  const { clock, waitMs, localAddress, signal, onNote } = options;
  onNote(`Waiting for announcements, for ${waitMs / 1000} s at most; each session is recorded from then on ...`);
  const more = await Announcements.open({ clock, localAddress });
  const found = new AbortController();
  const stop = () => found.abort();
  signal.addEventListener('abort', stop);
  let flows: readonly FlowSpec[] = [];
  more.handTo((sessions) => {
    flows = flowsOfSessions(sessions, onNote);
    if (flows.length === 0) return;
    more.hold();
    found.abort();
  });
  if (!signal.aborted) await sleep(clock, waitMs, found.signal);
  signal.removeEventListener('abort', stop);
  if (flows.length > 0 && !signal.aborted) return { flows, more };
  more.close();
  if (signal.aborted) return undefined;
  throw nothingAnnounced(waitMs);
}

function groupsOf(sessions: readonly SapSession[], onNote: (text: string) => void): SessionGroup[] {
  const byName = new Map<string, SapSession[]>();
  for (const session of sessions) {
    const key = `${groupName(session.name)} ${session.from}`;
    byName.set(key, [...(byName.get(key) ?? []), session]);
  }
  return [...byName.values()].flatMap((members) => {
    const flows = flowsOfSessions(members, onNote);
    const { name, from } = members[0]!;
    return flows.length > 0 ? [{ name: groupName(name), from, sessions: members, flows }] : [];
  });
}

function groupJson({ name, from, flows }: SessionGroup): unknown {
  return { name, from, flows: flows.map(({ title, paths: [path] }) => ({ title, ...path })) };
}

function groupTable(groups: readonly SessionGroup[]): string {
  const rows = groups.map(({ name, from, flows }, index) => {
    const { encoding, sampleRate, channels, paths } = flows[0]!;
    return [
      String(index + 1),
      `sap://${cleanText(name, 60)}`,
      `${flows.length} ${flows.length === 1 ? 'flow' : 'flows'}`,
      `${encoding}/${sampleRate}/${channels}`,
      `from ${from}`,
      `${paths[0]!.address}:${paths[0]!.port}`,
    ];
  });
  return table(rows);
}

async function ask(groups: readonly SessionGroup[], io: CliIo): Promise<readonly FlowSpec[] | undefined> {
  const answer = await io.ask?.('Record which (number, "all", or nothing)? ');
  if (answer === undefined) {
    io.err('Name one to record it, or record them with --all.\n');
    return undefined;
  }
  const text = answer.trim().toLowerCase();
  if (text === '') return undefined;
  if (text === 'all') return groups.flatMap(({ flows }) => flows);
  const chosen = text.split(/[\s,]+/).map((part) => groups[Number(part) - 1]);
  if (chosen.some((group) => group === undefined)) {
    throw new DistreamError('USAGE', { reason: `"${cleanText(answer, 40)}" is none of the numbers above` });
  }
  return chosen.flatMap((group) => group!.flows);
}
