import { signal } from '@preact/signals';
import type { SwarmView } from '../../src/swarm/view/swarm-view.ts';
import { follow } from '../follow.ts';

/** The newest view; undefined until the first. */
export const swarm = signal<SwarmView | undefined>(undefined);
/** The node does not show its swarm to this reader. */
export const swarmRefused = signal(false);

/** Follows the swarm until the answer is called. */
export function followSwarm(): () => void {
  const onView = (view: SwarmView) => {
    swarm.value = view;
  };
  return follow('api/v1/swarm', swarmRefused, { onView });
}
