import type { LinkAccess } from '../../src/modules/link.ts';

/** A network without links. */
export const noLinks: LinkAccess = {
  open: () => Promise.reject(new Error('no links here')),
  status: () => [],
  refusals: () => ({}),
};
