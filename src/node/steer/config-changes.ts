/**
 * What another configuration would change of a node that runs.
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import type { ModuleUse, NodeConfig, StreamConfig } from '../../config/node-config.ts';

/** Streams by what becomes of them, and what only a restart of the node changes. */
export interface ConfigChanges {
  readonly started: readonly string[];
  readonly stopped: readonly string[];
  /** They changed: they end and begin anew. */
  readonly restarted: readonly string[];
  /** Nobody notices anything. */
  readonly kept: readonly string[];
  /** Parts of the node that take effect at once: `admin`, `http.publicView`. */
  readonly applied: readonly string[];
  /** Parts of the node that take effect when it is started anew. */
  readonly needsRestart: readonly string[];
}

/** Compares two configurations. */
export function configChanges(before: NodeConfig, after: NodeConfig): ConfigChanges {
  const old = new Map(before.streams.map((stream) => [stream.name, stream]));
  const names = new Set(after.streams.map(({ name }) => name));
  const changes = {
    started: [] as string[],
    stopped: before.streams.map(({ name }) => name).filter((name) => !names.has(name)),
    restarted: [] as string[],
    kept: [] as string[],
    applied: [] as string[],
    needsRestart: [] as string[],
  };
  for (const stream of after.streams) {
    const was = old.get(stream.name);
    if (!was) changes.started.push(stream.name);
    else (isSameStream(was, stream) ? changes.kept : changes.restarted).push(stream.name);
  }
  if (!isDeepStrictEqual(before.admin, after.admin)) changes.applied.push('admin');
  if (before.http?.publicView !== after.http?.publicView) changes.applied.push('http.publicView');
  const { publicView: _before, ...httpBefore } = before.http ?? {};
  const { publicView: _after, ...httpAfter } = after.http ?? {};
  const nodeParts: [name: string, before: unknown, after: unknown][] = [
    ['http', httpBefore, httpAfter],
    ['egress', before.egressAllow, after.egressAllow],
    ['link', before.linkKey, after.linkKey],
    ['tracks', before.takesFolder, after.takesFolder],
    ['log', before.log, after.log],
  ];
  for (const [name, was, is] of nodeParts) if (!isDeepStrictEqual(was, is)) changes.needsRestart.push(name);
  return changes;
}

function isSameStream(before: StreamConfig, after: StreamConfig): boolean {
  return isDeepStrictEqual(comparable(before), comparable(after));
}

/** A module is compared by which it is: it holds a schema. */
function comparable({ input, fallback, outputs, ...rest }: StreamConfig): unknown {
  const use = ({ module, options }: ModuleUse<{ readonly type: string }>) => [module.type, options];
  return { ...rest, input: use(input), fallback: fallback.map(use), outputs: outputs.map(use) };
}

/** The changes in words, one a line. */
export function changesInWords(changes: ConfigChanges): string[] {
  const { started, stopped, restarted, applied, needsRestart } = changes;
  return [
    ...started.map((name) => `stream ${name} is started`),
    ...stopped.map((name) => `stream ${name} is stopped; its listeners are disconnected`),
    ...restarted.map((name) => `stream ${name} is started anew; its listeners are disconnected`),
    ...applied.map((name) => `${name} takes effect at once`),
    ...needsRestart.map((name) => `${name} takes effect when the node is started anew`),
  ];
}
