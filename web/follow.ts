import type { Signal } from '@preact/signals';
import { ApiError, getJson } from './api.ts';
import { type Followed, LiveFollower } from './live-follower.ts';
import { href } from './routing.ts';

/**
 * Follows what the node tells at `path`, live at `path/events`, while the page is seen; until the answer is called.
 * @param refused becomes true when the node does not show it to this reader
 */
export function follow<View>(path: string, refused: Signal<boolean>, followed: Followed<View>): () => void {
  const follower = new LiveFollower<View>({
    ...followed,
    connect: () => new EventSource(href(`${path}/events`)),
    ask: () => getJson<View>(path),
    onView: (view) => {
      refused.value = false;
      followed.onView(view);
    },
    onRefusal: (error) => {
      if (error instanceof ApiError && error.status === 401) refused.value = true;
    },
    wait: (ms, task) => {
      const timer = setTimeout(task, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
  });
  const look = () => (document.visibilityState === 'hidden' ? follower.close() : follower.open());
  document.addEventListener('visibilitychange', look);
  follower.open();
  return () => {
    document.removeEventListener('visibilitychange', look);
    follower.close();
  };
}
