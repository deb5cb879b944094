import { chunkCount } from '../../protocols/pdtp/chunks.ts';
import type { FileSight, FlowSight, PeerReach, PeerSight, PeerTrust, SwarmSight } from '../view/sight.ts';
import type { Coordinator } from './coordinator.ts';
import type { Holding, Member } from './member.ts';
import type { SharedFile } from './shared-file.ts';

/** What a coordinator of PDTP knows of its swarm. PDTP tells nothing of uplinks. */
export function pdtpSight(coordinator: Coordinator): SwarmSight {
  return {
    dialect: 'pdtp',
    counters: coordinator.counters,
    uplinks: undefined,
    *peers() {
      for (const member of coordinator.members.values()) if (!member.isInside) yield peerSight(member);
    },
    *files() {
      for (const file of coordinator.files()) yield fileSight(coordinator, file);
    },
    *flows(): Generator<FlowSight> {
      for (const { giver, taker } of coordinator.transfers) yield { giver: keyOf(giver), taker: keyOf(taker) };
    },
  };
}

/** The publisher's own seed is the server. */
function keyOf(member: Member): Member | undefined {
  return member.isInside ? undefined : member;
}

function peerSight(member: Member): PeerSight {
  const { address, bytesGiven, bytesTaken } = member;
  let has = 0;
  let wants = 0;
  let isFile = false;
  for (const holding of member.holdings.values()) {
    if (holding.file.isStreaming) continue;
    isFile = true;
    wants += holding.requested.count * holding.file.chunkSize;
    has += holding.gives.count * holding.file.chunkSize;
  }
  // Who gives nothing does not say what it has.
  if (member.listenPort === 0) has = bytesTaken;
  return {
    key: member,
    address,
    trust: trustOf(member),
    reach: reachOf(member),
    bytesGiven,
    bytesTaken,
    progress: isFile && has + wants > 0 ? has / (has + wants) : undefined,
  };
}

function trustOf({ isBarred, accusers, bytesGiven }: Member): PeerTrust {
  if (isBarred) return 'convicted';
  if (accusers.size > 0) return 'suspected';
  return bytesGiven > 0 ? 'trusted' : 'new';
}

/** PDTP has no test for it: a peer from which another got something can be reached. */
function reachOf({ bytesGiven }: Member): PeerReach {
  return bytesGiven > 0 ? 'reachable' : 'unknown';
}

function fileSight(coordinator: Coordinator, file: SharedFile): FileSight {
  const chunks = chunkCount(file);
  let givers = 0;
  let takers = 0;
  let missing = 0;
  for (const member of coordinator.membersOf(file)) {
    const { gives, requested } = member.holdings.get(file.path) as Holding;
    if (!gives.isEmpty) givers++;
    if (requested.isEmpty) continue;
    takers++;
    missing += requested.count;
  }
  const hasEnd = !file.isStreaming && takers > 0 && chunks > 0;
  return {
    path: file.path,
    size: file.size,
    chunks,
    isLive: file.isStreaming,
    givers,
    takers,
    progress: hasEnd ? Math.max(0, 1 - missing / (takers * chunks)) : undefined,
    tally: coordinator.tallyOf(file),
  };
}
