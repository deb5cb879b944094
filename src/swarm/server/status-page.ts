import { chunkCount } from '../../protocols/pdtp/chunks.ts';
import type { Coordinator } from '../coordinator/coordinator.ts';
import { offloadOf } from '../coordinator/swarm-counters.ts';

/** Rows of each table; the rest is counted. */
const MAX_ROWS = 500;

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #767676}' +
  'td.n,th.n{text-align:right}@media(prefers-color-scheme:dark){body{color:#eee;background:#111}}';

/** The page about a swarm, for everybody: it names files, and of peers only how many there are and what they carry. */
export function statusPage(coordinator: Coordinator, virtualHost: string): string {
  const { counters, members } = coordinator;
  const share = offloadOf(counters);
  const facts: [string, string][] = [
    ['Peers', String([...members.values()].filter(({ isInside }) => !isInside).length)],
    ['Transfers now', String(coordinator.transfersUnderWay)],
    ['Transfers with the right hash', String(counters.good)],
    ['Wrong, failed, too slow', `${counters.wrong}, ${counters.failed}, ${counters.timedOut}`],
    ['Carried by the server', bytesText(counters.bytesFromServer)],
    ['Carried by peers', bytesText(counters.bytesFromPeers)],
    ['Share of peers', share === undefined ? 'nothing was carried yet' : `${(share * 100).toFixed(1)} %`],
  ];
  const files = [...coordinator.files()];
  const rows = files.slice(0, MAX_ROWS).map((file) => {
    const of = [...coordinator.membersOf(file)].map((member) => member.holdings.get(file.path)!);
    const givers = of.filter(({ gives }) => !gives.isEmpty).length;
    const takers = of.filter(({ requested }) => !requested.isEmpty).length;
    const size = file.isStreaming ? 'live' : bytesText(file.size);
    return `<tr><td>${escapeHtml(file.path)}</td><td class="n">${size}</td><td class="n">${chunkCount(file)}</td><td class="n">${givers}</td><td class="n">${takers}</td></tr>`;
  });
  const hidden = files.length - rows.length;
  const name = escapeHtml(virtualHost);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Swarm of ${name}</title><style>${STYLE}</style></head>
<body>
<h1>Swarm of ${name}</h1>
<table>${facts.map(([fact, value]) => `<tr><th scope="row">${fact}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>
<h2>Files in use</h2>
<table><tr><th scope="col">File</th><th scope="col" class="n">Size</th><th scope="col" class="n">Chunks</th><th scope="col" class="n">Givers</th><th scope="col" class="n">Takers</th></tr>
${rows.join('\n')}
</table>${rows.length === 0 ? '<p>None.</p>' : ''}${hidden > 0 ? `<p>And ${hidden} more.</p>` : ''}
</body>
</html>
`;
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
