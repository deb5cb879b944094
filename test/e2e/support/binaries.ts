import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';

const CONCURRENT_TIMEOUT_MS = 180_000;

function isInstalled(binary: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${binary}`]).status === 0;
}

/**
 * `describe` for tests that need programs of this machine. Where one is missing they are skipped with a printed
 * reason, or fail when DISTREAM_E2E_NO_SKIP is set.
 * @param concurrent whether its tests run at once: for those that mostly wait for audio to pass
 */
export function describeWith(
  binaries: readonly string[],
  name: string,
  body: () => void,
  { concurrent = false }: { readonly concurrent?: boolean } = {},
): void {
  const missing = binaries.filter((binary) => !isInstalled(binary));
  if (missing.length === 0 || process.env.DISTREAM_E2E_NO_SKIP) {
    // Tests at once take longer each.
    describe(name, concurrent ? { concurrent, timeout: CONCURRENT_TIMEOUT_MS } : {}, body);
    return;
  }
  console.log(`skipped: ${name}: ${missing.join(', ')} not installed`);
  describe.skip(name, body);
}
