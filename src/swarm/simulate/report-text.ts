import { isMet, SCENARIOS, type ScenarioReport } from './scenarios.ts';

/** A report for people: the score against the bound, the targets, and all figures. */
export function reportText(report: ScenarioReport): string {
  const lines = [
    `${report.scenario}: ${SCENARIOS[report.scenario]}; seed ${report.seed}`,
    `score: ${percent(report.score)} of what physics allows`,
    '',
    ...report.targets.map((target) => {
      const sign = target.atLeast ? 'at least' : 'at most';
      const verdict = isMet(target) ? 'met' : 'MISSED';
      return `  ${target.name.padEnd(30)} ${figure(target.value).padStart(10)}   ${sign} ${figure(target.limit)}: ${verdict}`;
    }),
    '',
    ...Object.entries(report.result).map(
      ([name, value]) => `  ${words(name).padEnd(30)} ${figure(value).padStart(10)}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}

/** `serverCopies` as "server copies", `boundS` as "bound, s". */
function words(name: string): string {
  return name
    .replace(/S$/, ', s')
    .replace(/P(50|99)/, ' $1 %')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
