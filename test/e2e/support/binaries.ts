import { spawnSync } from 'node:child_process';
import { describe, it } from 'vitest';

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

/** Whether this user may mount a small disk where nobody else sees it. */
export function canMount(): boolean {
  return spawnSync('unshare', ['-mr', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
}

/** `it` for a test that this machine may not allow; skipped then, or run all the same when DISTREAM_E2E_NO_SKIP is set. */
export function itWhere(isPossible: boolean, name: string, body: () => Promise<void>, timeoutMs?: number): void {
  it.skipIf(!isPossible && !process.env.DISTREAM_E2E_NO_SKIP)(name, body, timeoutMs);
}
