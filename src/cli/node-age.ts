/** When the lines of Node.js that distream runs on stop getting security fixes. */
const END_OF_LIFE: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
};

/**
 * A warning when this line of Node.js gets no security fixes any more; undefined when it does, or is newer than the table.
 * @param version such as `v20.20.2`
 */
export function nodeAgeWarning(version: string, utcMs: number): string | undefined {
  const major = Number(/^v?(\d+)\./.exec(version)?.[1]);
  const end = END_OF_LIFE[major];
  if (!end || utcMs < Date.parse(`${end}T23:59:59Z`)) return undefined;
  return `Node.js ${version} gets no security fixes since ${end}; install Node.js 24`;
}
