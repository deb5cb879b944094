import { cleanText } from '../../core/text.ts';
import { renderTake } from '../../tracks/proof/render-take.ts';
import type { Take } from '../../tracks/proof/take-schema.ts';
import type { FlowSpec } from '../../tracks/record/flow-spec.ts';
import type { RecordProgress } from '../../tracks/record/record-progress.ts';
import type { CliIo } from '../io.ts';
import { recordLine, recordScreen } from './record-view.ts';

/** Lines of progress without a terminal are that far apart. */
const LINE_EVERY_MS = 10_000;

/** What a recording shows: a screen on a terminal, lines elsewhere, JSON lines for machines. */
export class RecordDisplay {
  readonly #io: CliIo;
  readonly #json: boolean;
  readonly #colour: boolean;
  readonly #startMs: number;
  #shownLines = 0;
  #nextLineMs = 0;

  constructor(io: CliIo, { json, colour }: { json: boolean; colour: boolean }) {
    this.#io = io;
    this.#json = json;
    this.#colour = colour;
    this.#startMs = io.clock.nowMs();
  }

  /** Since the display was made. */
  get seconds(): number {
    return (this.#io.clock.nowMs() - this.#startMs) / 1000;
  }

  /** What is listened to. */
  started(flows: readonly FlowSpec[]): void {
    if (this.#json) {
      const shown = flows.map(({ title, encoding, sampleRate, channels, paths }) => ({
        ...{ title, encoding, sampleRate, channels },
        paths: paths.map(({ address, port }) => ({ address, port })),
      }));
      this.#line({ type: 'listening', flows: shown });
      return;
    }
    const first = flows[0]!;
    const { address = 'any address', port } = first.paths[0]!;
    const more = flows.length > 1 ? ` and ${flows.length - 1} more` : '';
    this.note(`Listening for "${first.title}" at ${address} port ${port}${more}; Ctrl-C ends.`);
  }

  /** A state change, in words. */
  note(text: string): void {
    if (this.#json) return this.#line({ type: 'note', text: cleanText(text) });
    this.#clear();
    this.#io.err(`${cleanText(text)}\n`);
  }

  progress(progress: RecordProgress): void {
    if (this.#json) return this.#line({ type: 'progress', ...progress });
    if (this.#io.errIsTerminal) return this.#draw(progress);
    const nowMs = this.#io.clock.nowMs();
    if (nowMs < this.#nextLineMs) return;
    this.#nextLineMs = nowMs + LINE_EVERY_MS;
    this.#io.err(`${recordLine(progress)}\n`);
  }

  /** No progress follows. */
  end(): void {
    this.#clear();
  }

  /** The account, and where it is. */
  report(take: Take, progress: RecordProgress): void {
    if (this.#json) return this.#line({ type: 'report', path: progress.path, take });
    this.#io.err(`${recordLine(progress)}\n`);
    this.#io.out(`${progress.path}\n${renderTake(take)}`);
  }

  #draw(progress: RecordProgress): void {
    const { columns, rows } = this.#io.size();
    const screen = recordScreen(progress, { colour: this.#colour, columns, rows });
    this.#clear();
    this.#io.err(screen);
    this.#shownLines = screen.split('\n').length - 1;
  }

  // Goes back to where the screen began and clears from there.
  #clear(): void {
    if (this.#shownLines > 0) this.#io.err(`\r\u001b[${this.#shownLines}A\u001b[J`);
    this.#shownLines = 0;
  }

  #line(value: unknown): void {
    this.#io.out(`${JSON.stringify(value)}\n`);
  }
}
