import type { FileMembers } from './file-members.ts';
import { meetingAddress } from './meeting.ts';
import type { Member } from './member.ts';
import type { SharedFile } from './shared-file.ts';
import type { GiverView, TakerView, WantView } from './transfer-choice.ts';
import { freeToGive, freeToTake } from './transfer-slots.ts';
import type { TransfersUnderWay } from './transfers-under-way.ts';
import type { TrustGraph } from './trust-graph.ts';

/** What a coordinator knows of its swarm. */
export interface SwarmKnowledge {
  /** By id. */
  readonly members: ReadonlyMap<string, Member>;
  readonly fileMembers: FileMembers;
  readonly underWay: TransfersUnderWay;
  readonly trust: TrustGraph;
}

/** What a policy sees: who could take something now, and from whom. */
export function takerViews(known: SwarmKnowledge, nowMs: number): TakerView[] {
  const givers = new Map<SharedFile, GiverView[]>();
  const takers: TakerView[] = [];
  const seen = new Set<Member>();
  for (const members of known.fileMembers.all()) {
    for (const member of members) {
      if (seen.has(member)) continue;
      seen.add(member);
      const freeSlots = freeToTake(member);
      if (freeSlots <= 0) continue;
      const wants = wantsOf(known, member, givers);
      if (wants.length === 0) continue;
      takers.push({
        id: member.id,
        freeSlots,
        underWay: member.taking.size,
        wants,
        mayTakeFrom: ({ id }) => mayMeet(known.members.get(id), member, nowMs),
        trust: ({ id }) => known.trust.trust(member.id, id),
      });
    }
  }
  return takers;
}

function wantsOf(known: SwarmKnowledge, member: Member, givers: Map<SharedFile, GiverView[]>): WantView[] {
  const wants: WantView[] = [];
  for (const { file, open } of member.holdings.values()) {
    if (open.isEmpty) continue;
    const views = givers.get(file) ?? giversOf(known.fileMembers, file);
    givers.set(file, views);
    if (views.length === 0) continue;
    const onTheWay = (chunk: number) => known.underWay.onTheWay(file, chunk);
    wants.push({ file, chunks: open, givers: views, onTheWay });
  }
  return wants;
}

function giversOf(fileMembers: FileMembers, file: SharedFile): GiverView[] {
  const views: GiverView[] = [];
  for (const member of fileMembers.of(file)) {
    const { gives } = member.holdings.get(file.path)!;
    const freeSlots = gives.isEmpty || member.isBarred ? 0 : freeToGive(member);
    if (freeSlots > 0) views.push({ id: member.id, freeSlots, isServer: member.isInside, chunks: gives });
  }
  return views;
}

function mayMeet(giver: Member | undefined, taker: Member, nowMs: number): boolean {
  if (!giver || giver === taker || (taker.resting.get(giver.id)?.untilMs ?? 0) > nowMs) return false;
  return meetingAddress(giver, taker) !== undefined;
}
