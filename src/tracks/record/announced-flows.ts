import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { SapSession } from '../../protocols/sap/directory.ts';
import { flowsOfSessions } from './find-flows.ts';
import { type FlowSpec, placeOfFlow } from './flow-spec.ts';

/** Where what is announced is taken up. */
export interface AnnouncedFlowsOptions {
  /** Rejects with DistreamError when a flow cannot be received. */
  readonly add: (spec: FlowSpec) => Promise<void>;
  /** Those that are recorded from the beginning. */
  readonly known: readonly FlowSpec[];
  readonly onNote: (text: string) => void;
}

/** Each has sockets and files; a stranger can announce any number. */
export const MAX_ANNOUNCED_FLOWS = 512;
/** Said of sessions that cannot be read, which a stranger can announce for ever. */
const MAX_COMPLAINTS = 100;

/** Takes up the flows of sessions that are announced while a take runs, each once, one after the other. */
export class AnnouncedFlows {
  readonly #options: AnnouncedFlowsOptions;
  readonly #places: Set<string>;
  #adding: Promise<void> = Promise.resolve();
  #isFull = false;
  #complaints = 0;

  constructor(options: AnnouncedFlowsOptions) {
    this.#options = options;
    this.#places = new Set(options.known.map(placeOfFlow));
  }

  /** Sessions that are announced, or announced otherwise than before. Resolves when their flows are received. */
  take(sessions: readonly SapSession[]): Promise<void> {
    const { onNote } = this.#options;
    const onComplaint = (text: string) => {
      if (this.#complaints++ < MAX_COMPLAINTS) onNote(text);
    };
    for (const spec of flowsOfSessions(sessions, onComplaint)) {
      const place = placeOfFlow(spec);
      if (this.#places.has(place)) continue;
      if (this.#places.size >= MAX_ANNOUNCED_FLOWS) {
        if (!this.#isFull) onNote(`More than ${MAX_ANNOUNCED_FLOWS} flows are announced; the others are not recorded.`);
        this.#isFull = true;
        break;
      }
      this.#places.add(place);
      this.#adding = this.#adding.then(() => this.#add(spec));
    }
    return this.#adding;
  }

  async #add(spec: FlowSpec): Promise<void> {
    const { add, onNote } = this.#options;
    try {
      await add(spec);
      const { address, port } = spec.paths[0]!;
      onNote(`"${spec.title}" is announced now: it is recorded from ${address ?? 'any address'} port ${port}, too.`);
    } catch (error) {
      if (!(error instanceof DistreamError)) throw error;
      onNote(`"${spec.title}" is announced and not recorded: ${reasonOf(error)}.`);
    }
  }
}
