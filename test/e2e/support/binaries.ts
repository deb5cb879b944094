import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';

function isInstalled(binary: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${binary}`]).status === 0;
}

/**
 * `describe` for tests that need programs of this machine. Where one is missing they are skipped with a printed
 * reason, or fail when DISTREAM_E2E_NO_SKIP is set.
 */
export function describeWith(binaries: readonly string[], name: string, body: () => void): void {
  const missing = binaries.filter((binary) => !isInstalled(binary));
  if (missing.length === 0 || process.env.DISTREAM_E2E_NO_SKIP) {
    describe(name, body);
    return;
  }
  console.log(`skipped: ${name}: ${missing.join(', ')} not installed`);
  describe.skip(name, body);
}
