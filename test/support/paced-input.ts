import type { InputContext } from '../../src/modules/input.ts';
import { FakeClock } from './fake-clock.ts';
import { PacedSessions, turnUntil } from './paced-sessions.ts';
import { recordingInput } from './recording-session.ts';

/** Starts an input that paces itself on a fake clock; `until` and `end` turn it while the system's answers come. */
export function startPacedInput<Options>(
  module: { run(context: InputContext<Options>): Promise<void> },
  options: Options,
  context: Partial<InputContext<Options>> = {},
) {
  const clock = new FakeClock();
  const sessions = new PacedSessions(clock);
  const abort = new AbortController();
  const input = recordingInput(options, { clock, sessions, signal: abort.signal, ...context });
  let ended: unknown;
  const finished = module.run(input.context).then(
    () => {
      ended = 'resolved';
    },
    (error) => {
      ended = error;
    },
  );
  const until = (condition: () => boolean) => turnUntil(clock, condition);
  /** What the run ended with: `resolved` or the error. */
  const end = async () => {
    await until(() => ended !== undefined);
    return ended;
  };
  return { clock, sessions, abort, finished, until, end, report: input.report };
}
