import type { Take } from './take.ts';

/** Fewer packets of strangers are what a sender leaves behind that is started again. */
const MANY_STRANGERS = 100;

/** Tells once for each flow that somebody else sends to its port, or that what comes is no RTP of its format. */
export class Troubles {
  readonly #told = new Set<string>();
  readonly #onNote: (text: string) => void;

  constructor(onNote: (text: string) => void) {
    this.#onNote = onNote;
  }

  /** To be called now and then. */
  look(flows: Take['flows']): void {
    for (const [index, { spec, line }] of flows.entries()) {
      const { strangers, malformed, foreignPayloadTypes } = line.counters;
      if (strangers >= MANY_STRANGERS) {
        const names = line.strangers().map(({ from }) => from);
        const who = [...new Set(names)].slice(0, 3).join(', ') || 'somebody';
        this.#tell(`${index} strangers`, `"${spec.title}": ${who} sends to its port, too; that is not recorded.`);
      }
      if (malformed > 0) {
        this.#tell(`${index} malformed`, `"${spec.title}": some of what comes to its port is no RTP; it is left out.`);
      }
      if (foreignPayloadTypes > 0) {
        const types = spec.payloadTypes.length > 1 ? 'a dynamic one' : String(spec.payloadTypes[0]);
        this.#tell(
          `${index} types`,
          `"${spec.title}": packets of another payload type than ${types} come to its port; they are left out.`,
        );
      }
    }
  }

  #tell(key: string, text: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#onNote(text);
  }
}
