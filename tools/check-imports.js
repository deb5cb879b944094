// Checks the floors (.dependency-cruiser.cjs) and that something was checked: with a wrong setup the tool finds no
// modules, and no violations either.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MIN_MODULES = 150;
const root = fileURLToPath(new URL('../', import.meta.url));
const cruiser = fileURLToPath(new URL('../node_modules/dependency-cruiser/bin/dependency-cruise.mjs', import.meta.url));
const args = [cruiser, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'];
const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });

const result = run.stdout ? JSON.parse(run.stdout) : undefined;
const count = result?.modules.filter(({ source }) => source.startsWith('src/')).length ?? 0;
const problems = (result?.summary.violations ?? []).map(({ rule, from, to }) => `${rule.name}: ${from} imports ${to}`);
if (count < MIN_MODULES) problems.push(`only ${count} modules of src were looked at; ${run.stderr}`);
for (const problem of problems) console.error(problem);
console.log(`imports: ${count} modules, ${problems.length} problems`);
process.exitCode = problems.length ? 1 : 0;
