import { cleanText } from '../core/text.ts';
import type { LinkView } from '../node/status/link-schema.ts';

type PathView = LinkView['paths'][number];

/** Links as rows of a table: peer, who dials, state, and what there is to say. */
export function linkRows(links: readonly LinkView[]): string[][] {
  return links.map((link) => [cleanText(link.peer, 40), link.role, link.state, notesOf(link).join('; ')]);
}

function notesOf({ state, since, lastError, paths, sends, receives }: LinkView): string[] {
  const notes = paths.map(pathNote);
  if (state === 'down') notes.unshift(`since ${since.slice(11, 19)} UTC`);
  for (const send of sends) notes.push(sendNote(send));
  if (receives.length > 0) notes.push(`receives ${receives.map((name) => cleanText(name, 64)).join(', ')}`);
  if (lastError !== undefined && state !== 'up') notes.push(cleanText(lastError, 100));
  return notes;
}

function pathNote({ carrier, state, rttMs, lossRatio, deliveryBytesPerSecond }: PathView): string {
  if (state !== 'alive' || rttMs === undefined) return `${carrier} ${state}`;
  const facts = [`${carrier} ${Math.round(rttMs)} ms`, `${(lossRatio * 100).toFixed(1)} % lost`];
  // A side that only receives has sent too little to know.
  if (deliveryBytesPerSecond > 0) facts.push(`${Math.round((deliveryBytesPerSecond * 8) / 1000)} kbit/s`);
  return facts.join(', ');
}

function sendNote({ name, wanted, lagSeconds, refillSeconds }: LinkView['sends'][number]): string {
  if (!wanted) return `offers ${cleanText(name, 64)}`;
  const refill = refillSeconds === undefined || refillSeconds < 1 ? '' : `, all there in ${refillSeconds.toFixed(0)} s`;
  return `sends ${cleanText(name, 64)}, ${lagSeconds.toFixed(1)} s behind${refill}`;
}
