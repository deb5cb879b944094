/**
 * Where peers stand in the picture of a swarm.
 * @module
 */
import type { SwarmPeerView, SwarmView } from '../../src/swarm/view/swarm-view.ts';

/** More peers than these are dots on rings by progress; up to these each has a place on one ring. */
export const MAX_SINGLE = 48;
/** Peers of which each line is drawn; of more, only a part. */
const MAX_LINES = 400;

/** Rings of many peers, in parts of the picture's half: nothing is outside, everything is inside. */
const OUTSIDE = 0.94;
const INSIDE = 0.26;
/** Peers with the same progress are spread over so much to both sides. */
const SPREAD = 0.055;

/** A peer and its place; -1 to 1 in both directions from the server. */
export interface PlacedPeer {
  readonly id: string;
  readonly peer: SwarmPeerView;
  readonly x: number;
  readonly y: number;
}

/** Chunks on their way between two places. */
export interface PlacedFlow {
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
  readonly isFromServer: boolean;
  readonly chunks: number;
  /** 0 to 1, its own: chunks on different lines are not in step. */
  readonly phase: number;
}

/** The picture of a view. */
export interface MeshLayout {
  /** Peers are dots on rings. */
  readonly isCrowded: boolean;
  readonly peers: readonly PlacedPeer[];
  readonly flows: readonly PlacedFlow[];
}

/** From 0 to 1, the same for the same text. */
function chanceOf(text: string): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  hash ^= hash >>> 15;
  return (Math.imul(hash, 2_246_822_519) >>> 0) / 2 ** 32;
}

/** How far from the server a dot is: who has more is nearer. */
export function ringOf(progress: number): number {
  return OUTSIDE - (OUTSIDE - INSIDE) * progress;
}

/** Peers of one network stand beside each other where networks are known; else they stand by their numbers. */
function inOrder(view: SwarmView): [string, SwarmPeerView][] {
  const peers = Object.entries(view.peers);
  return peers.sort(([oneId, one], [otherId, other]) => {
    const [oneNet, otherNet] = [one.network ?? '', other.network ?? ''];
    return oneNet === otherNet ? Number(oneId) - Number(otherId) : oneNet < otherNet ? -1 : 1;
  });
}

/** Places everything that a view names. */
export function layoutOf(view: SwarmView): MeshLayout {
  const entries = inOrder(view);
  const isCrowded = entries.length > MAX_SINGLE;
  const places = new Map<string, PlacedPeer>();
  entries.forEach(([id, peer], index) => {
    const angle = (index / Math.max(1, entries.length)) * 2 * Math.PI - Math.PI / 2;
    const spread = (chanceOf(id) * 2 - 1) * SPREAD;
    const far = isCrowded ? ringOf(peer.progress ?? 0.5) + spread : 0.8;
    places.set(id, { id, peer, x: Math.cos(angle) * far, y: Math.sin(angle) * far });
  });
  return { isCrowded, peers: [...places.values()], flows: flowsOf(view.flows, places) };
}

function flowsOf(flows: SwarmView['flows'], places: ReadonlyMap<string, PlacedPeer>): PlacedFlow[] {
  const placed: PlacedFlow[] = [];
  for (const [key, chunks] of Object.entries(flows)) {
    if (placed.length >= MAX_LINES) break;
    const [giver = '', taker = ''] = key.split('>');
    const from = giver === 's' ? CENTRE : places.get(giver);
    const to = taker === 's' ? CENTRE : places.get(taker);
    if (!from || !to) continue;
    const ends = { fromX: from.x, fromY: from.y, toX: to.x, toY: to.y };
    placed.push({ ...ends, isFromServer: from === CENTRE, chunks, phase: chanceOf(key) });
  }
  return placed;
}

const CENTRE = { x: 0, y: 0 };
