import { z } from 'zod';
import { nodeStatusSchema } from '../../status/schema.ts';
import { reducedStatusSchema, shownStatus } from '../../status/shown-status.ts';
import { operation } from '../operation.ts';
import { type Exchange, json, type Route } from '../route.ts';

/** The whole status for the administrator; for others without addresses, programs, files and hidden mounts. */
function status({ view, isAdmin, localPort }: Exchange) {
  return json(shownStatus({ ...view, publicView: view.publicView, port: localPort }, isAdmin));
}

/** The status of the node. */
export const API_ROUTES: readonly Route[] = [
  operation({
    path: '/api/v1/status',
    method: 'GET',
    role: 'viewer',
    isPlain: true,
    tag: 'status',
    summary: 'All that can be seen of the node',
    description: 'Everyone else than the administrator gets the public form, or the reduced one (`http.publicView`).',
    answers: { 200: { description: 'The status', schema: z.union([nodeStatusSchema, reducedStatusSchema]) } },
    handle: status,
  }),
];
