/**
 * Draws the picture of a swarm: peers and lines, which stand still until the next view, and chunks, which move.
 * @module
 */
import type { MeshLayout, PlacedFlow, PlacedPeer } from './mesh-layout.ts';
import { ringOf } from './mesh-layout.ts';

/** A chunk takes so long from end to end of its line. */
const TRAVEL_MS = 1600;
const MOST_CHUNKS = 3;
/** Where a chunk stands when nothing may move. */
const STILL = 0.62;
const SERVER_RADIUS = 17;
const PEER_RADIUS = 9;
/** Dots of a crowd: as large as there is room, in these bounds. */
const DOT = { least: 1.6, most: 5, room: 0.19 };

/** Colours of the page, as they are now. */
export interface MeshColours {
  readonly text: string;
  readonly card: string;
  readonly track: string;
  readonly accent: string;
  readonly onAccent: string;
  readonly trusted: string;
  readonly new: string;
  readonly suspected: string;
  readonly convicted: string;
}

/** What is drawn on: a context whose unit is a CSS pixel. */
export interface MeshSurface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly colours: MeshColours;
}

type Point = readonly [x: number, y: number];

function at({ width, height }: MeshSurface, x: number, y: number): Point {
  const margin = 10;
  return [width / 2 + x * (width / 2 - margin), height / 2 + y * (height / 2 - margin)];
}

/** Lines bend aside, so that they pass by the server. */
function bendOf(surface: MeshSurface, flow: PlacedFlow): readonly [Point, Point, Point] {
  const from = at(surface, flow.fromX, flow.fromY);
  const to = at(surface, flow.toX, flow.toY);
  const bend = flow.isFromServer ? 0 : 0.18;
  const middle: Point = [
    (from[0] + to[0]) / 2 - (to[1] - from[1]) * bend,
    (from[1] + to[1]) / 2 + (to[0] - from[0]) * bend,
  ];
  return [from, middle, to];
}

function along([from, middle, to]: readonly [Point, Point, Point], part: number): Point {
  const [a, b, c] = [(1 - part) ** 2, 2 * part * (1 - part), part ** 2];
  return [a * from[0] + b * middle[0] + c * to[0], a * from[1] + b * middle[1] + c * to[1]];
}

/** Draws all that stands still. */
export function drawMesh(surface: MeshSurface, layout: MeshLayout): void {
  const { context, width, height } = surface;
  context.clearRect(0, 0, width, height);
  if (layout.isCrowded) drawRings(surface);
  drawLines(surface, layout);
  if (layout.isCrowded) drawDots(surface, layout.peers);
  else for (const peer of layout.peers) drawPeer(surface, peer);
  drawServer(surface);
}

/** Draws the chunks on their way. @param nowMs undefined: nothing moves */
export function drawChunks(surface: MeshSurface, layout: MeshLayout, nowMs: number | undefined): void {
  const { context, colours } = surface;
  const radius = layout.isCrowded ? 1.7 : 3.2;
  for (const isFromServer of [true, false]) {
    context.fillStyle = isFromServer ? colours.accent : layout.isCrowded ? colours.text : colours.trusted;
    context.beginPath();
    for (const flow of layout.flows) {
      if (flow.isFromServer !== isFromServer) continue;
      const line = bendOf(surface, flow);
      const count = Math.min(MOST_CHUNKS, flow.chunks);
      for (let index = 0; index < count; index++) {
        const part = nowMs === undefined ? STILL - index * 0.12 : (nowMs / TRAVEL_MS + flow.phase + index / count) % 1;
        const [x, y] = along(line, part);
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 2 * Math.PI);
      }
    }
    context.fill();
  }
}

function drawRings(surface: MeshSurface): void {
  const { context, colours, width, height } = surface;
  context.strokeStyle = colours.track;
  context.lineWidth = 1;
  for (const progress of [0, 0.25, 0.5, 0.75, 1]) {
    const far = ringOf(progress);
    context.beginPath();
    context.ellipse(width / 2, height / 2, far * (width / 2 - 10), far * (height / 2 - 10), 0, 0, 2 * Math.PI);
    context.stroke();
  }
}

function drawLines(surface: MeshSurface, { flows, isCrowded }: MeshLayout): void {
  const { context, colours } = surface;
  context.globalAlpha = isCrowded ? 0.35 : 0.6;
  context.lineWidth = isCrowded ? 0.7 : 1.5;
  for (const isFromServer of [true, false]) {
    context.strokeStyle = isFromServer ? colours.accent : colours.trusted;
    context.beginPath();
    for (const flow of flows) {
      if (flow.isFromServer !== isFromServer) continue;
      const [from, middle, to] = bendOf(surface, flow);
      context.moveTo(...from);
      context.quadraticCurveTo(...middle, ...to);
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Dots of one kind are one path: thousands take no longer than a few. */
function drawDots(surface: MeshSurface, peers: readonly PlacedPeer[]): void {
  const { context } = surface;
  const room = Math.sqrt((surface.width * surface.height) / peers.length);
  const radius = Math.min(DOT.most, Math.max(DOT.least, room * DOT.room));
  for (const trust of ['trusted', 'new', 'suspected', 'convicted'] as const) {
    context.beginPath();
    for (const { peer, x, y } of peers) {
      if (peer.trust !== trust) continue;
      const place = at(surface, x, y);
      if (peer.reach === 'firewalled' && (trust === 'trusted' || trust === 'new')) square(context, place, radius * 0.9);
      else shape(context, place, trust, trust === 'trusted' || trust === 'new' ? radius : radius + 1.5);
    }
    paint(surface, trust);
  }
}

function square(context: CanvasRenderingContext2D, [x, y]: Point, half: number): void {
  context.rect(x - half, y - half, half * 2, half * 2);
}

function drawPeer(surface: MeshSurface, { id, peer, x, y }: PlacedPeer): void {
  const { context, colours } = surface;
  const place = at(surface, x, y);
  context.beginPath();
  context.arc(...place, PEER_RADIUS + 8, 0, 2 * Math.PI);
  context.fillStyle = colours.card;
  context.fill();
  context.lineWidth = 4;
  context.strokeStyle = colours.track;
  context.beginPath();
  context.arc(...place, PEER_RADIUS + 6, 0, 2 * Math.PI);
  context.stroke();
  if (peer.progress !== undefined && peer.progress > 0) {
    context.strokeStyle = colours.accent;
    context.beginPath();
    context.arc(...place, PEER_RADIUS + 6, -Math.PI / 2, (peer.progress * 2 - 0.5) * Math.PI);
    context.stroke();
  }
  // A wall stands between a firewalled peer and the others.
  if (peer.reach === 'firewalled') {
    const toServer = Math.atan2(-y, -x);
    context.strokeStyle = colours.text;
    context.lineWidth = 3;
    context.beginPath();
    context.arc(...place, PEER_RADIUS + 13, toServer - 1, toServer + 1);
    context.stroke();
  }
  context.beginPath();
  shape(context, place, peer.trust, PEER_RADIUS);
  paint(surface, peer.trust);
  context.fillStyle = colours.text;
  context.font = '600 13px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  const below = y > 0 ? -1 : 1;
  context.fillText(id, place[0], place[1] + below * -(PEER_RADIUS + 22));
}

/** Each trust has a shape of its own, so that nobody needs to tell the colours apart. */
function shape(context: CanvasRenderingContext2D, [x, y]: Point, trust: string, radius: number): void {
  if (trust === 'suspected') {
    context.moveTo(x, y - radius);
    context.lineTo(x + radius, y + radius * 0.8);
    context.lineTo(x - radius, y + radius * 0.8);
    context.closePath();
  } else if (trust === 'convicted') {
    context.moveTo(x - radius, y - radius);
    context.lineTo(x + radius, y + radius);
    context.moveTo(x + radius, y - radius);
    context.lineTo(x - radius, y + radius);
  } else {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
}

function paint({ context, colours }: MeshSurface, trust: 'trusted' | 'new' | 'suspected' | 'convicted'): void {
  context.lineWidth = trust === 'convicted' ? 3 : 1.5;
  context.strokeStyle = colours[trust];
  context.fillStyle = trust === 'new' ? colours.card : colours[trust];
  if (trust !== 'convicted') context.fill();
  context.stroke();
}

function drawServer(surface: MeshSurface): void {
  const { context, colours } = surface;
  const [x, y] = at(surface, 0, 0);
  context.fillStyle = colours.accent;
  context.beginPath();
  context.roundRect(x - SERVER_RADIUS, y - SERVER_RADIUS, SERVER_RADIUS * 2, SERVER_RADIUS * 2, 6);
  context.fill();
  context.strokeStyle = colours.onAccent;
  context.lineWidth = 2;
  context.beginPath();
  for (const line of [-6, 0, 6]) {
    context.moveTo(x - 9, y + line);
    context.lineTo(x + 9, y + line);
  }
  context.stroke();
}
