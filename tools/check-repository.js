// What a reader may rely on in every file of this repository, and no other tool checks.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAX_LINES = 500;
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TEXT =
  /\.(ts|js|cjs|mjs|json|md|ya?ml|conf|sh|css|html|service|svg|txt)$|(^|\/)(Dockerfile|\.gitignore|\.npmrc|LICENSE|run)$/;
const CODE = /\.(ts|js|cjs|mjs)$/;
const SELF = 'tools/check-repository.js';

// Files that may use the machine's own time or chance, with the reason.
const OWN_TIME = new Map([
  ['src/core/clock.ts', 'it is the clock'],
  ['src/core/random.ts', 'it is the chance'],
]);

const problems = [];
const report = (file, line, text) => problems.push(`${file}${line ? `:${line}` : ''}: ${text}`);

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: ROOT })
  .toString('utf8')
  .split('\0')
  .filter((file) => TEXT.test(file) && existsSync(join(ROOT, file)) && statSync(join(ROOT, file)).isFile());

// Where this copy lies and who made it must not be found in it.
const privateWords = [...new Set([ROOT.replace(/\/$/, ''), homedir(), registryHost()])].filter(
  (word) => word && word.length > 4 && word !== 'registry.npmjs.org',
);

for (const file of files) {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const lines = text.split('\n');
  checkWords(file, lines);
  if (/^(src|test|bench|tools)\//.test(file) && CODE.test(file)) {
    if (lines.length > MAX_LINES + 1) report(file, 0, `has ${lines.length - 1} lines; at most ${MAX_LINES}`);
    if (file !== SELF) forbid(file, lines, /\b(TODO|FIXME|XXX)\b|\b(it|test|describe)\.only\(/, 'is unfinished');
  }
  if (/^src\/.*\.ts$/.test(file) && !file.endsWith('.test.ts')) checkSource(file, lines);
  if (file.endsWith('.md')) checkLinks(file, text);
  if (file === 'package-lock.json') forbid(file, lines, /"resolved":/, 'names a registry');
}

console.log(`repository: ${files.length} files, ${problems.length} problems`);
for (const problem of problems) console.error(problem);
if (files.length < 100) console.error('too few files were looked at');
process.exitCode = problems.length || files.length < 100 ? 1 : 0;

function registryHost() {
  const registry = process.env.npm_config_registry;
  return registry && URL.canParse(registry) ? new URL(registry).hostname : undefined;
}

function forbid(file, lines, pattern, reason) {
  lines.forEach((line, index) => {
    if (pattern.test(line)) report(file, index + 1, `${reason}: ${line.trim().slice(0, 80)}`);
  });
}

function checkWords(file, lines) {
  for (const word of privateWords) {
    lines.forEach((line, index) => {
      if (line.includes(word)) report(file, index + 1, 'names a path or host of this machine');
    });
  }
  if (file !== SELF) {
    forbid(file, lines, /(^|[\s"'`(=])\/(home|Users)\/[a-z]/, 'names a path of somebody');
    if (!file.endsWith('.test.ts')) forbid(file, lines, /\u2014/, 'has an em dash');
  }
}

function checkSource(file, lines) {
  if (!OWN_TIME.has(file)) {
    const pattern =
      /\bDate\.now\(|\bperformance\.now\(|(^|[^.\w])(setTimeout|setInterval)\(|\bMath\.random\(|new Date\(\)/;
    forbid(file, lines, pattern, 'takes time or chance from the machine, not from what it is handed');
  }
  forbid(file, lines, /(^|[^#.\w])fetch\(|from '(node:)?zlib'/, 'opens what strangers send with fetch or zlib');
  forbid(file, lines, /from '(vitest|fast-check)'/, 'imports a tool of the tests');
  forbid(file, lines, /@ts-ignore|@ts-nocheck/, 'hides from the type checker');
}

function checkLinks(file, text) {
  const prose = text.replace(/```[\s\S]*?```/g, (block) => block.replace(/[^\n]/g, '')).replace(/`[^`\n]*`/g, '');
  for (const match of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    const target = match[1];
    if (/^[a-z]+:/i.test(target)) continue;
    const line = prose.slice(0, match.index).split('\n').length;
    const [path, anchor] = target.split('#');
    const goal = path ? normalize(join(dirname(file), decodeURIComponent(path))) : file;
    if (!existsSync(join(ROOT, goal))) report(file, line, `the link ${target} leads nowhere`);
    else if (anchor && goal.endsWith('.md') && !anchorsOf(goal).has(anchor)) {
      report(file, line, `the link ${target} leads to no heading`);
    }
  }
}

function anchorsOf(file) {
  const text = readFileSync(join(ROOT, file), 'utf8').replace(/```[\s\S]*?```/g, '');
  const slug = (heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
  return new Set([...text.matchAll(/^#{1,6}\s+(.*)$/gm)].map((match) => slug(match[1])));
}
