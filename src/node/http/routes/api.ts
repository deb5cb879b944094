import { publicStatus } from '../../status/public-status.ts';
import { type Answer, type Exchange, json, READ, type Route } from '../route.ts';

/** The whole status for the administrator; for others without addresses, programs, files and hidden mounts. */
function status({ view, isAdmin }: Exchange): Answer {
  const whole = view.status();
  if (isAdmin) return json(whole);
  const shown = view.directory().listeners.filter((mount) => !mount.info().hidden);
  return json(publicStatus(whole, new Set(shown.map(({ mount }) => mount))));
}

/** The routes of the node's own API. */
export const API_ROUTES: readonly Route[] = [{ path: '/api/v1/status', methods: READ, role: 'viewer', handle: status }];
