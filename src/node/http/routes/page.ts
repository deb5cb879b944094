/**
 * The page at `/`. Its script shows the status as it changes; without it, the mounts are a table made here.
 * @module
 */
import { type Html, html } from '../html.ts';
import { isHere, listedPath, listenUrl } from '../mounts.ts';
import type { PageAsset } from '../page-assets.ts';
import { type Answer, type Exchange, page, READ, type Route, redirect, text } from '../route.ts';

/** Scripts, styles and sound from this node only, and nothing inline: a title can never run. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function mountRows(exchange: Exchange): Html[] {
  return exchange.view
    .directory()
    .listeners.map((mount) => ({ mount, info: mount.info() }))
    .filter(({ info }) => !info.hidden)
    .map(({ mount, info }) => {
      const path = encodeURI(listedPath(mount.mount));
      const url = listenUrl(exchange, mount);
      const href = isHere(exchange, mount) ? path : url;
      return html`<tr><th scope="row">${info.station.name ?? info.streamName}</th><td>${info.live ? 'on air' : 'silent'}</td><td>${info.title ?? ''}</td><td>${info.listeners}</td><td><a href="${href}">${url}</a> <a href="${`${path}.m3u`}">M3U</a> <a href="${`${path}.pls`}">PLS</a> <a href="${`${path}.xspf`}">XSPF</a></td></tr>
`;
    });
}

/** Where the demo, when this node is one, tells of its line. */
const DEMO_PATH = '/api/v1/demo';

function renderPage(exchange: Exchange, isDemo: boolean): Answer {
  const demoSource = isDemo ? html` data-source="${DEMO_PATH}"` : html``;
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>distream</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<link rel="stylesheet" href="/card.css">
<link rel="stylesheet" href="/mounts.css">
<link rel="stylesheet" href="/demo.css">
<script src="/page.js" type="module"></script>
</head>
<body>
<header class="top"><h1>distream</h1><p id="connection" role="status"></p></header>
<main>
<section id="demo" aria-label="The demo line"${demoSource} hidden></section>
<section id="streams" aria-label="Streams"></section>
<section id="mounts" aria-label="Mounts">
<table>
<caption>Streams of this node</caption>
<thead><tr><th scope="col">Stream</th><th scope="col">State</th><th scope="col">Title</th><th scope="col">Listeners</th><th scope="col">Address and playlists</th></tr></thead>
<tbody>
${mountRows(exchange)}</tbody>
</table>
</section>
</main>
<footer><p>distream ${exchange.view.version} · <a href="/api/v1/status">status</a> · <a href="/status-json.xsl">status-json.xsl</a> · <a href="/metrics">metrics</a></p></footer>
</body>
</html>
`;
  return { ...page(document.html), headers: { 'Content-Security-Policy': PAGE_POLICY } };
}

/**
 * The page, its files, and what browsers and crawlers ask for unasked.
 * @param extraRoutes with `/api/v1/demo` among them the page shows the demo's panel
 */
export function pageRoutes(assets: readonly PageAsset[], extraRoutes: readonly Route[]): Route[] {
  const isDemo = extraRoutes.some(({ path }) => path === DEMO_PATH);
  return [
    { path: '/', methods: READ, role: 'public', handle: (exchange) => renderPage(exchange, isDemo) },
    { path: '/index.html', methods: READ, role: 'public', handle: () => redirect('/') },
    // A crawler that follows a mount would listen for ever.
    { path: '/robots.txt', methods: READ, role: 'public', handle: () => text('User-agent: *\nDisallow: /\n') },
    ...assets.map(
      ({ path, contentType, body }): Route => ({
        path,
        methods: READ,
        role: 'public',
        handle: () => ({ status: 200, contentType, body, headers: { 'Cache-Control': 'no-cache' } }),
      }),
    ),
  ];
}
