import type { SwarmView } from '../view/swarm-view.ts';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #767676}' +
  'td.n,th.n{text-align:right}@media(prefers-color-scheme:dark){body{color:#eee;background:#111}}';

/** The page about a swarm for browsers without scripts: it names files, and of peers only how many there are. */
export function statusPage(view: SwarmView): string {
  const name = escapeHtml(view.name);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Swarm of ${name}</title><style>${STYLE}</style></head>
<body>
<h1>Swarm of ${name}</h1>
${swarmTables(view)}
</body>
</html>
`;
}

/** What that page shows, as HTML; everything from outside is escaped. */
export function swarmTables({ totals, counts, score, rates, files }: SwarmView): string {
  const facts: [string, string][] = [
    ['Peers', String(counts.peers)],
    ['Trusted, new, suspected, convicted', list(counts.trusted, counts.new, counts.suspected, counts.convicted)],
    ['Reachable, firewalled, not known', list(counts.reachable, counts.firewalled, counts.unknown)],
    ['Transfers now', String(counts.transfers)],
    ['Transfers with the right hash', String(totals.right)],
    ['Wrong, failed, too slow', list(totals.wrong, totals.failed, totals.tooSlow)],
    ['Carried by the server', bytesText(totals.bytesFromServer)],
    ['Carried by peers', bytesText(totals.bytesFromPeers)],
    ['Share of peers', score.share === undefined ? 'nothing was carried yet' : percent(score.share)],
    ...(score.shareBound === undefined ? [] : [['The most that it can be', percent(score.shareBound)] as const]),
    ...(score.score === undefined ? [] : [['Score', percent(score.score)] as const]),
    ...(score.timeScore === undefined ? [] : [['Time against the bound', percent(score.timeScore)] as const]),
    ...(score.serverCopies === undefined ? [] : [['Copies from the server', score.serverCopies.toFixed(2)] as const]),
    ...(rates ? [['Now from the server, from peers', ratesText(rates)] as const] : []),
  ].map(([fact, value]) => [fact!, value!]);
  const rows = Object.values(files).map(({ path, size, chunks, live, givers, takers }) => {
    const length = live ? 'live' : bytesText(size);
    return `<tr><td>${escapeHtml(path)}</td><td class="n">${length}</td><td class="n">${chunks}</td><td class="n">${givers}</td><td class="n">${takers}</td></tr>`;
  });
  const hidden = counts.files - rows.length;
  return `<table>${facts.map(([fact, value]) => `<tr><th scope="row">${fact}</th><td>${value}</td></tr>`).join('')}</table>
<h2>Files in use</h2>
<table><tr><th scope="col">File</th><th scope="col" class="n">Size</th><th scope="col" class="n">Chunks</th><th scope="col" class="n">Givers</th><th scope="col" class="n">Takers</th></tr>
${rows.join('\n')}
</table>${rows.length === 0 ? '<p>None.</p>' : ''}${hidden > 0 ? `<p>And ${hidden} more.</p>` : ''}`;
}

function list(...numbers: readonly number[]): string {
  return numbers.join(', ');
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

function ratesText({ fromServer, fromPeers }: NonNullable<SwarmView['rates']>): string {
  return `${bytesText(fromServer)}/s, ${bytesText(fromPeers)}/s`;
}

/** Style is the only thing that the page may use. */
export const STATUS_PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/** Text inside of HTML and of attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
