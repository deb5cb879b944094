/** A length of time for people: `9.3 s`, `47 s`, `3 min`. */
export function spell(ms: number): string {
  if (ms >= 180_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 9950 ? `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s` : `${Math.round(ms / 1000)} s`;
}
