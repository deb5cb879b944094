/**
 * What one audience of the live feed knows, and what has changed of it: made once for all its clients.
 * @module
 */
import { type Json, patchOf } from './merge-patch.ts';

type JsonMap = { readonly [key: string]: Json };

/** A status as `/api/v1/status` gives it to somebody. */
export interface ShownStatus {
  readonly node: object;
  readonly links: readonly object[];
  readonly streams: readonly { readonly name: string }[];
}

/** A status as the feed gives it: streams by name, so that a patch can tell of one. */
export interface FeedStatus {
  readonly node: JsonMap;
  readonly links: Json;
  readonly streams: ReadonlyMap<string, JsonMap>;
}

/** A change of the status, as JSON text that is put together for each choice of streams. */
export interface FeedPatch {
  /** Of all but the streams: `"node":{...}`; empty when nothing changed. */
  readonly head: string;
  /** By stream; `null` for one that is gone. */
  readonly streams: ReadonlyMap<string, string>;
}

/** Names of streams that a client asked for; undefined: all. */
export type StreamChoice = ReadonlySet<string> | undefined;

/** A status as the feed gives it. */
export function feedStatus({ node, links, streams }: ShownStatus): FeedStatus {
  return {
    node: node as unknown as JsonMap,
    links: links as unknown as Json,
    streams: new Map(streams.map((stream) => [stream.name, stream as unknown as JsonMap])),
  };
}

/** What changed; undefined when nothing did. */
export function feedPatch(before: FeedStatus, after: FeedStatus): FeedPatch | undefined {
  const rest = patchOf({ node: before.node, links: before.links }, { node: after.node, links: after.links });
  const streams = new Map<string, string>();
  for (const [name, stream] of after.streams) {
    const was = before.streams.get(name);
    const patch = was ? patchOf(was, stream) : stream;
    if (patch) streams.set(name, JSON.stringify(patch));
  }
  for (const name of before.streams.keys()) if (!after.streams.has(name)) streams.set(name, 'null');
  if (!rest && streams.size === 0) return undefined;
  return { head: rest ? JSON.stringify(rest).slice(1, -1) : '', streams };
}

/** The patch for those streams as JSON text; undefined when nothing of it is for them. */
export function patchText({ head, streams }: FeedPatch, choice: StreamChoice): string | undefined {
  const chosen = objectText(streams, choice);
  if (chosen === '{}') return head === '' ? undefined : `{${head}}`;
  return `{${head}${head === '' ? '' : ','}"streams":${chosen}}`;
}

/** The whole status for those streams as JSON text. */
export function statusText(head: string, streams: ReadonlyMap<string, string>, choice: StreamChoice): string {
  return `{${head},"streams":${objectText(streams, choice)}}`;
}

/** The parts that `statusText` is put together from. */
export function statusParts({ node, links, streams }: FeedStatus): { head: string; streams: Map<string, string> } {
  return {
    head: JSON.stringify({ node, links }).slice(1, -1),
    streams: new Map(Array.from(streams, ([name, stream]) => [name, JSON.stringify(stream)])),
  };
}

function objectText(streams: ReadonlyMap<string, string>, choice: StreamChoice): string {
  const parts: string[] = [];
  for (const [name, text] of streams) {
    if (choice && !choice.has(name)) continue;
    parts.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${parts.join(',')}}`;
}
