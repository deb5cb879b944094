import { readFile, stat } from 'node:fs/promises';
import { type Clock, sleep } from '../../core/clock.ts';
import { DistreamError, ProtocolViolation, reasonOf } from '../../core/errors.ts';
import type { SapSession } from '../../protocols/sap/directory.ts';
import { addressBytes } from '../../protocols/sdp/ip-address.ts';
import { MAX_SDP_BYTES } from '../../protocols/sdp/parse.ts';
import { SapListener } from '../sap-listener.ts';
import { type BareFormat, flowOfAddress, isBareAddress } from './flow-of-address.ts';
import type { FlowSpec } from './flow-spec.ts';
import { flowsOfSdp } from './flows-of-sdp.ts';

/** How sessions are found. */
export interface FindOptions {
  readonly clock: Clock;
  readonly format: BareFormat;
  /** How long announcements are listened to. */
  readonly waitMs: number;
  readonly localAddress: string | undefined;
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
}

const SAP_PREFIX = 'sap://';
/** Announcements of one session come together; after the newest one that fits, this much more is waited. */
const SETTLE_MS = 250;
/** Senders announce themselves every 30 s or so, and spread that by a third: within this time each is heard. */
export const ALL_ANNOUNCED_MS = 45_000;
const POLL_MS = 50;

/**
 * The flows that targets mean: SDP files, `sap://NAME`, `HOST:PORT`.
 * @throws DistreamError USAGE, FILE_UNREADABLE, NO_PCM_DESCRIBED, UNREACHABLE
 */
export async function flowsOfTargets(targets: readonly string[], options: FindOptions): Promise<FlowSpec[]> {
  const flows: FlowSpec[] = [];
  for (const target of targets) {
    if (isAnnounced(target)) {
      flows.push(...flowsOfSessions(await sessionsOfTarget(target, options), options.onNote));
    } else if (isBareAddress(target)) flows.push(flowOfAddress(target, options.format));
    else flows.push(...(await flowsOfFile(target, options.onNote)));
  }
  return withoutRepeats(flows);
}

/** Whether a target is meant as `sap://NAME`. */
export function isAnnounced(target: string): boolean {
  return target.startsWith(SAP_PREFIX);
}

/** Whether a target is meant as a file with a description. */
export function isDescription(target: string): boolean {
  return !isAnnounced(target) && !isBareAddress(target);
}

/**
 * The flows that a file describes.
 * @throws DistreamError FILE_UNREADABLE, NO_PCM_DESCRIBED
 */
export async function flowsOfFile(path: string, onNote: (text: string) => void): Promise<readonly FlowSpec[]> {
  const text = await readSdp(path);
  try {
    const { flows, problems } = flowsOfSdp(text);
    for (const problem of problems) onNote(`${path}: ${problem}`);
    if (flows.length > 0) return flows;
    throw noPcm(path, problems[0] ?? 'it describes no audio');
  } catch (error) {
    if (error instanceof ProtocolViolation) throw noPcm(path, error.message);
    throw error;
  }
}

async function readSdp(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > MAX_SDP_BYTES) throw noPcm(path, 'it is larger than a session description');
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof DistreamError) throw error;
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? noSuch(path) : reasonOf(error);
    throw new DistreamError('FILE_UNREADABLE', { path, reason }, { cause: error });
  }
}

function noSuch(path: string): string {
  return `there is no such file (an announced session is written sap://${path})`;
}

/**
 * The announced sessions that `sap://NAME` means; resolves as soon as they are there.
 * @param target with its prefix
 * @throws DistreamError UNREACHABLE when none is announced in time, MULTICAST_UNAVAILABLE, PORT_IN_USE
 */
export async function sessionsOfTarget(target: string, options: FindOptions): Promise<SapSession[]> {
  const name = decodeName(target.slice(SAP_PREFIX.length));
  options.onNote(`Waiting for "${name}" to be announced, for ${options.waitMs / 1000} s at most ...`);
  const sessions = await listen(options, (all) => sessionsNamed(all, name));
  const found = sessionsNamed(sessions, name);
  if (found.length > 0) return found;
  const names = [...new Set(sessions.map((session) => groupName(session.name)))].slice(0, 10).join(', ');
  const heard = names === '' ? 'nothing is announced' : `what is announced: ${names}`;
  const reason = `no session of that name was announced within ${options.waitMs / 1000} s; ${heard}`;
  throw new DistreamError('UNREACHABLE', { url: `${SAP_PREFIX}${name}`, reason });
}

function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** All that is announced while we listen. */
export function listenForSessions(options: FindOptions): Promise<SapSession[]> {
  return listen(options, () => []);
}

/**
 * The flows of announced sessions, in the order of their addresses, whichever was heard first: senders number flows
 * upwards. What cannot be received is told and left out.
 */
export function flowsOfSessions(sessions: readonly SapSession[], onNote: (text: string) => void): FlowSpec[] {
  const flows = sessions.flatMap((session) => {
    const { flows: described, problems } = flowsOfSdp(session.sdp, { isAnnounced: !isOwnHost(session.from) });
    for (const problem of problems) onNote(`${session.name}: ${problem}`);
    return described;
  });
  return withoutRepeats(flows).sort(byPlace);
}

function byPlace({ paths: [one] }: FlowSpec, { paths: [other] }: FlowSpec): number {
  const bytesOf = (path: FlowSpec['paths'][number] | undefined) => addressBytes(path?.address ?? '') ?? Buffer.alloc(0);
  return Buffer.compare(bytesOf(one), bytesOf(other)) || (one?.port ?? 0) - (other?.port ?? 0);
}

// A machine announces to itself what goes to itself alone.
function isOwnHost(from: string): boolean {
  return from.startsWith('127.');
}

// Listens for as long as is asked, or until what is wanted has come and no more of it follows.
async function listen(
  { clock, waitMs, localAddress, signal }: FindOptions,
  wanted: (all: readonly SapSession[]) => readonly SapSession[],
): Promise<SapSession[]> {
  let changedMs = clock.nowMs();
  const onEvent = () => {
    changedMs = clock.nowMs();
  };
  const listener = await SapListener.open({ clock, localAddress, onEvent });
  try {
    const endMs = clock.nowMs() + waitMs;
    while (!signal.aborted && clock.nowMs() < endMs) {
      await sleep(clock, POLL_MS, signal);
      if (wanted(listener.sessions()).length > 0 && clock.nowMs() - changedMs >= SETTLE_MS) break;
    }
    return listener.sessions();
  } finally {
    listener.close();
  }
}

/** Sessions of that name, and those that are a flow of it (`NAME: FLOW`); capitals do not matter. */
function sessionsNamed(sessions: readonly SapSession[], name: string): SapSession[] {
  const wanted = name.toLowerCase();
  return sessions.filter(
    (session) => session.name.toLowerCase() === wanted || groupName(session.name).toLowerCase() === wanted,
  );
}

/** The part of a name that the flows of one sender have in common: what is before the first `: `. */
export function groupName(name: string): string {
  const end = name.indexOf(': ');
  return end > 0 ? name.slice(0, end) : name;
}

/** A flow that two descriptions offer is one flow. */
function withoutRepeats(flows: readonly FlowSpec[]): FlowSpec[] {
  const places = new Set<string>();
  return flows.filter(({ paths: [first] }) => {
    const place = `${first?.address} ${first?.port}`;
    if (places.has(place)) return false;
    places.add(place);
    return true;
  });
}

function noPcm(path: string, reason: string): DistreamError {
  return new DistreamError('NO_PCM_DESCRIBED', { path, reason });
}
