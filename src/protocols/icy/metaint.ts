const MAX_METAINT_BYTES = 1024 * 1024;

/** Audio bytes between metadata blocks as an `icy-metaint` header says; 0 when it is missing or absurd. */
export function parseMetaint(header: string | undefined): number {
  if (!header || !/^\d{1,7}$/.test(header)) return 0;
  const metaint = Number(header);
  return metaint <= MAX_METAINT_BYTES ? metaint : 0;
}
