import type { ConductedStream } from '../live/conducted-stream.ts';
import type { Standing } from '../trust/trust-ledger.ts';
import type { FileSight, FlowSight, PeerReach, PeerSight, PeerTrust, SwarmSight } from '../view/sight.ts';
import type { ConductedFile } from './conducted-file.ts';
import type { Conductor } from './conductor.ts';
import type { NativeMember } from './native-member.ts';

const TRUST: Readonly<Record<Standing, PeerTrust>> = {
  new: 'new',
  trusted: 'trusted',
  suspect: 'suspected',
  convicted: 'convicted',
};
/** What the judge of one file found counts for all that are seen. */
const WEIGHT: readonly PeerTrust[] = ['new', 'trusted', 'suspected', 'convicted'];

/** What is seen of a conductor. */
export type SeenConductor = Pick<Conductor, 'counters' | 'members' | 'files' | 'serverUpBytesPerSecond'> & {
  readonly live: Pick<Conductor['live'], 'streams'>;
};

/** What a conductor of the native dialect knows of its swarm. */
export function nativeSight(conductor: SeenConductor): SwarmSight {
  const files = [...conductor.files];
  const streams = [...conductor.live.streams];
  const byId = new Map([...files, ...streams].map((each) => [each.id, each]));
  return {
    dialect: 'pdtps',
    counters: conductor.counters,
    uplinks: { server: conductor.serverUpBytesPerSecond, peers: uplinkOf(conductor.members) },
    *peers() {
      for (const member of conductor.members) yield peerSight(member, byId);
    },
    *files() {
      for (const file of files) yield fileSight(file);
      for (const stream of streams) yield streamSight(stream);
    },
    *flows() {
      for (const file of files) yield* flowsOf(file);
      for (const stream of streams) yield* stream.pairs();
    },
  };
}

function uplinkOf(members: Iterable<NativeMember>): number {
  let sum = 0;
  for (const { upBytesPerSecond } of members) sum += upBytesPerSecond;
  return sum;
}

function peerSight(member: NativeMember, byId: ReadonlyMap<number, ConductedFile | ConductedStream>): PeerSight {
  const { where, bytesGiven, bytesTaken, trustId } = member;
  let trust = 0;
  let has = 0;
  let wants = 0;
  for (const id of member.files) {
    const file = byId.get(id);
    if (!file?.has(member)) continue;
    trust = Math.max(trust, WEIGHT.indexOf(TRUST[file.judge.ledger.standing(trustId)]));
    // A stream has no end.
    if (!('rowOf' in file)) continue;
    const row = file.rowOf(member)!;
    has += heldBy(file, row);
    wants += file.swarm.end - file.swarm.first;
  }
  return {
    key: member,
    address: where.address,
    trust: WEIGHT[trust]!,
    reach: reachOf(member),
    bytesGiven,
    bytesTaken,
    progress: wants > 0 ? has / wants : undefined,
  };
}

function reachOf({ isReachable, isProbed, where, caps }: NativeMember): PeerReach {
  if (isReachable) return 'reachable';
  // Who gives nothing is not asked.
  return isProbed || (caps.gives && where.listenPort === 0) ? 'firewalled' : 'unknown';
}

/** Chunks that the peer has, without those on their way. */
function heldBy({ swarm }: ConductedFile, row: number): number {
  return Math.max(0, swarm.peers.held[row]! - swarm.peers.inCount[row]!);
}

function fileSight(file: ConductedFile): FileSight {
  const { swarm, tally, prepared } = file;
  const chunks = swarm.end - swarm.first;
  // The server has all of it.
  let givers = 1;
  let takers = 0;
  let has = 0;
  for (const member of file.members) {
    const held = heldBy(file, file.rowOf(member)!);
    if (held > 0 && member.upBytesPerSecond > 0) givers++;
    if (held >= chunks) continue;
    takers++;
    has += held;
  }
  return {
    path: prepared.file.path,
    size: prepared.file.size,
    chunks,
    isLive: false,
    givers,
    takers,
    progress: takers > 0 ? has / (takers * chunks) : undefined,
    tally,
  };
}

function streamSight(stream: ConductedStream): FileSight {
  const { chunkBytes, end, head } = stream.stream;
  let givers = 1;
  const uplinks: number[] = [];
  for (const member of stream.members) {
    if (stream.isGiving(member)) givers++;
    uplinks.push(stream.uplinkOf(member));
  }
  return {
    path: head.path,
    size: chunkBytes * end,
    chunks: end,
    isLive: true,
    givers,
    takers: stream.size,
    progress: undefined,
    tally: stream.tally,
    uplinks,
  };
}

function* flowsOf(file: ConductedFile): Generator<FlowSight> {
  for (const member of file.members) {
    for (const { giver } of file.swarm.takenBy(file.rowOf(member)!))
      yield { giver: file.memberOf(giver), taker: member };
  }
}
