import type { Take } from './take-schema.ts';

/** The account of a take as a page. */
export function renderTakePage(take: Take): string {
  return `<!doctype html><title>${take.tracks.length}</title>`;
}
