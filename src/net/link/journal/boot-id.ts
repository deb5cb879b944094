import { readFileSync } from 'node:fs';

/** A text that is another after each start of the machine (random(4)); undefined where the system has none. */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() || undefined;
  } catch {
    return undefined;
  }
}
