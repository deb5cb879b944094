import type { LinkPathStatus, LinkStatus } from '../../modules/link.ts';
import type { LineState } from './line-state.ts';
import type { LinkStreams } from './link-streams.ts';
import type { SessionDriver } from './session-driver.ts';

/** What a status is told of. */
export interface LinkStatusParts {
  readonly role: LinkStatus['role'];
  readonly line: LineState;
  readonly streams: LinkStreams;
  /** Sessions with the peer. */
  readonly drivers: readonly SessionDriver[];
  readonly lastError: string | undefined;
}

/** The status of the line to one peer. */
export function linkStatusOf({ role, line, streams, drivers, lastError }: LinkStatusParts): LinkStatus {
  const { peer, state, sinceUtcMs, connects } = line;
  const published = streams.published;
  return {
    peer,
    role,
    state,
    sinceUtcMs,
    connects,
    paths: drivers.flatMap(pathsOf),
    sends: drivers.flatMap((driver) => driver.status().sends.filter(({ name }) => published.has(name))),
    receives: drivers.flatMap((driver) => streams.takenFrom(driver)),
    lastError: state === 'up' ? undefined : lastError,
  };
}

function pathsOf(driver: SessionDriver): LinkPathStatus[] {
  const known = new Map([...driver.paths].map((path) => [path.id, path.transport]));
  return driver.status().paths.flatMap((path) => {
    const transport = known.get(path.id);
    if (!transport) return [];
    const { carrier, local, remote } = transport;
    return [{ ...path, carrier, local, remote }];
  });
}
