#!/usr/bin/env node
// Starts the built program; a fresh clone is built by `npm ci`.
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/dstream-seed.js', import.meta.url);
if (existsSync(main)) {
  const { runDsseed } = await import(main.href);
  const code = await runDsseed(process.argv.slice(2));
  process.stdout.write('', () => process.exit(code));
} else {
  process.stderr.write('error: distream is not built\n  fix: run `npm ci` first\n');
  process.exitCode = 1;
}
