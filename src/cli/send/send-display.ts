import { cleanText } from '../../core/text.ts';
import { renderPlan } from '../../tracks/plan/render-plan.ts';
import type { PacketPlan } from '../../tracks/plan/schema.ts';
import type { Take } from '../../tracks/proof/take-schema.ts';
import type { SendProgress, SendSession } from '../../tracks/send/send-session.ts';
import type { CliIo } from '../io.ts';
import { progressText, reportText, sendScreen } from './send-view.ts';

/** Lines of progress without a terminal are that far apart; a screen is drawn as often as a meter needs it. */
const LINE_EVERY_MS = 10_000;
const SCREEN_EVERY_MS = 200;
const JSON_EVERY_MS = 1000;

/** What sending shows: a screen on a terminal, lines elsewhere, JSON lines for machines. */
export class SendDisplay {
  readonly #io: CliIo;
  readonly #json: boolean;
  readonly #colour: boolean;
  #shownLines = 0;

  constructor(io: CliIo, { json, colour }: { json: boolean; colour: boolean }) {
    this.#io = io;
    this.#json = json;
    this.#colour = colour;
  }

  /** How often it wants to be told of progress. */
  get everyMs(): number {
    if (this.#json) return JSON_EVERY_MS;
    return this.#io.errIsTerminal ? SCREEN_EVERY_MS : LINE_EVERY_MS;
  }

  /** The plan; `isAll` when nothing follows it. Refusals are told by the error that follows. */
  plan(plan: PacketPlan, isAll: boolean): void {
    if (this.#json) this.#line({ type: 'plan', plan });
    else if (isAll) this.#io.out(renderPlan(plan));
    else this.#io.err(renderPlan({ ...plan, refusals: [] }));
  }

  /** A state change, in words. */
  note(text: string): void {
    if (this.#json) return this.#line({ type: 'note', text: cleanText(text, 1000) });
    this.#clear();
    this.#io.err(`${cleanText(text, 1000)}\n`);
  }

  started({ startUtcMs, descriptionFiles }: SendSession, { flows }: SendProgress): void {
    const startUtc = new Date(startUtcMs).toISOString();
    const places = flows.map(({ address, port }) => ({ address, port }));
    if (this.#json) return this.#line({ type: 'started', startUtc, flows: places, descriptions: descriptionFiles });
    const { address, port } = places[0]!;
    const what = places.length === 1 ? '1 flow to' : `${places.length} flows from`;
    this.note(`Sending ${what} ${address}:${port}${places.length === 1 ? '' : ' on'}; Ctrl-C ends.`);
  }

  progress(progress: SendProgress): void {
    if (this.#json) return this.#line({ type: 'progress', ...progress });
    if (!this.#io.errIsTerminal) return this.#io.err(`${progressText(progress)}\n`);
    const screen = sendScreen(progress, { colour: this.#colour, ...this.#io.size() });
    this.#clear();
    this.#io.err(screen);
    this.#shownLines = screen.split('\n').length - 1;
  }

  /** The account. */
  report(progress: SendProgress, account: Take): void {
    this.#clear();
    if (this.#json) return this.#line({ type: 'report', progress, account });
    this.#io.err(reportText(progress, account));
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
