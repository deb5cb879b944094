#!/usr/bin/env node
// Starts the built program; a fresh clone is built by `npm ci`.
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/dstream-client.js', import.meta.url);
if (existsSync(main)) {
  const { runDsclient } = await import(main.href);
  const code = await runDsclient(process.argv.slice(2));
  process.stdout.write('', () => process.exit(code));
} else {
  process.stderr.write('error: distream is not built\n  fix: run `npm ci` first\n');
  process.exitCode = 1;
}
