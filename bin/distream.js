#!/usr/bin/env node
// Starts the built program; a fresh clone is built by `npm ci`.
import { existsSync } from 'node:fs';

const start = new URL('../dist/cli/start.js', import.meta.url);
if (existsSync(start)) {
  const { startDistream } = await import(start.href);
  const code = await startDistream(process.argv.slice(2));
  process.stdout.write('', () => process.exit(code));
} else {
  process.stderr.write('error: distream is not built\n  fix: run `npm ci` first\n');
  process.exitCode = 1;
}
