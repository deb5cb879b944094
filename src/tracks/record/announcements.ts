import type { Clock, Timer } from '../../core/clock.ts';
import type { SapSession } from '../../protocols/sap/directory.ts';
import { SapListener } from '../sap-listener.ts';

/** What listening needs. */
export interface AnnouncementsOptions {
  readonly clock: Clock;
  readonly localAddress: string | undefined;
}

type Take = (sessions: readonly SapSession[]) => void;

/** Announcements of one sender come together: they are handed on together, in their order. */
const TOGETHER_MS = 50;

/**
 * What is announced and changed from `open` to `close`, in portions. What comes before somebody takes it waits.
 */
export class Announcements {
  readonly #clock: Clock;
  readonly #changed = new Map<string, SapSession>();
  #listener: Pick<SapListener, 'close'> | undefined;
  #take: Take | undefined;
  #timer: Timer | undefined;

  /** Made by `open`; without sockets in tests. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws DistreamError MULTICAST_UNAVAILABLE, PORT_IN_USE */
  static async open({ clock, localAddress }: AnnouncementsOptions): Promise<Announcements> {
    const announcements = new Announcements(clock);
    announcements.#listener = await SapListener.open({
      clock,
      localAddress,
      onEvent: ({ kind, session }) => {
        if (kind === 'announced' || kind === 'changed') announcements.note(session);
      },
    });
    return announcements;
  }

  /** A session is announced for the first time, or otherwise than before. */
  note(session: SapSession): void {
    this.#changed.set(session.key, session);
    this.#timer ??= this.#clock.after(TOGETHER_MS, () => this.#flush());
  }

  /** From now on `take` is given what comes, and what has come and nobody has taken. */
  handTo(take: Take): void {
    this.#take = take;
    this.#flush();
  }

  /** Nobody takes what comes; it waits. */
  hold(): void {
    this.#take = undefined;
  }

  close(): void {
    this.#timer?.cancel();
    this.#listener?.close();
    this.#take = undefined;
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!this.#take || this.#changed.size === 0) return;
    const sessions = [...this.#changed.values()];
    this.#changed.clear();
    this.#take(sessions);
  }
}
