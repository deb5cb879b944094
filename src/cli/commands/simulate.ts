import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../core/error-codes.ts';
import { reportText } from '../../swarm/simulate/report-text.ts';
import { isMet, runScenario, SCENARIOS, type ScenarioName } from '../../swarm/simulate/scenarios.ts';
import type { CliIo } from '../io.ts';
import { addExamples, type CommonOptions, type Outcome } from '../program.ts';
import { wholeNumber } from '../whole-number.ts';

const MAX_PEERS = 200_000;

interface SimulateOptions extends CommonOptions {
  readonly scenario: ScenarioName;
  readonly peers?: number;
  readonly seed: number;
  readonly delay?: number;
  readonly check?: boolean;
}

/** `distream simulate` */
export function addSimulate(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('simulate')
    .description("run the swarm's scheduler on modelled lines and print its score against the bound")
    .addOption(
      new Option('--scenario <name>', 'what is simulated')
        .choices(Object.keys(SCENARIOS))
        .default('spare' satisfies ScenarioName),
    )
    .option('--peers <n>', "number of peers (default: the scenario's own)", (text) => whole(text, 2, MAX_PEERS))
    .option('--seed <n>', 'chance; the same seed gives the same run', (text) => whole(text, 0, 2 ** 31), 1)
    .option('--delay <ms>', 'one way through the network, for files and live', (text) => whole(text, 0, 1000))
    .option('--check', 'exit 1 when a target is missed')
    .option('--json', 'print one JSON object')
    .action((_options, self: Command) => {
      const { scenario, peers, seed, delay, check, json } = self.optsWithGlobals<SimulateOptions>();
      const report = runScenario({
        name: scenario,
        seed,
        ...(peers === undefined ? {} : { peers }),
        ...(delay === undefined ? {} : { oneWayMs: delay }),
      });
      io.out(json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
      outcome.code = check && !report.targets.every(isMet) ? EXIT.failed : EXIT.ok;
    });
  const width = Math.max(...Object.keys(SCENARIOS).map((name) => name.length));
  const list = Object.entries(SCENARIOS).map(([name, meaning]) => `  ${name.padEnd(width)}   ${meaning}`);
  command.addHelpText('after', `\nScenarios:\n${list.join('\n')}`);
  addExamples(command, [
    ['distream simulate', 'a stream to 2,000 peers with 10 % spare uplink'],
    ['distream simulate --scenario file20 --delay 25', 'a file to 20 peers over lines of 25 ms'],
    ['distream simulate --peers 100000', 'takes about a minute'],
  ]);
}

function whole(text: string, least: number, most: number): number {
  const value = wholeNumber(text, least, most);
  if (value !== undefined) return value;
  throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
}
