/**
 * The pages. One document for all of them: the browser application shows what belongs to the address; without
 * scripts, or in an old browser, the mounts are a table made here.
 * @module
 */
import { swarmTables } from '../../../swarm/server/status-page.ts';
import { type Html, html } from '../html.ts';
import { isHere, listedPath, listenUrl } from '../mounts.ts';
import type { PageAsset, PageAssets } from '../page-assets.ts';
import { type Answer, type Exchange, page, READ, type Route, redirect, text } from '../route.ts';

/** Scripts, styles and sound from this node only, and nothing inline: a title can never run. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
/** The player may stand in pages of others: it has no buttons but those of a radio. */
const ANYWHERE = 'frame-ancestors *';
const NOWHERE = "frame-ancestors 'none'";

/** What is under a name with a hash never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/** Where the demo, when this node is one, tells of its line. */
const DEMO_PATH = '/api/v1/demo';

/** Pages of the application; `*` stands for the name of a stream. */
const PAGES = ['/', '/streams/*', '/tracks', '/swarm', '/steer', '/sign-in', '/status'] as const;

/** From a page to the root: a proxy may show the node under a path that it does not know. */
function rootFrom(path: string): string {
  return '../'.repeat(path.split('/').length - 2) || './';
}

function mountRows(exchange: Exchange, root: string): Html[] {
  if (exchange.view.publicView === 'off') return [];
  return exchange.view
    .directory()
    .listeners.map((mount) => ({ mount, info: mount.info() }))
    .filter(({ info }) => !info.hidden)
    .map(({ mount, info }) => {
      const path = root + encodeURI(listedPath(mount.mount)).slice(1);
      const url = listenUrl(exchange, mount);
      const href = isHere(exchange, mount) ? path : url;
      return html`<tr><th scope="row"><bdi>${info.station.name ?? info.streamName}</bdi></th><td>${info.live ? 'on air' : 'silent'}</td><td><bdi dir="auto">${info.title ?? ''}</bdi></td><td>${info.listeners}</td><td><a href="${href}">${url}</a> <a href="${`${path}.m3u`}">M3U</a> <a href="${`${path}.pls`}">PLS</a> <a href="${`${path}.xspf`}">XSPF</a></td></tr>
`;
    });
}

/** The swarm as tables, for the pages that are about it. */
function swarmPart({ view, isAdmin }: Exchange): Html {
  if (!isAdmin && view.publicView !== 'full') return html``;
  const seen = view.swarm.view(false);
  return html`<h1>Swarm of ${seen.name}</h1>
${{ html: swarmTables(seen) }}`;
}

/** Without scripts and without the application, for programs that look at it as at DistribuStream's. */
function statusPage(exchange: Exchange, assets: PageAssets): Answer {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Swarm</title>
${assets.styles.map((name) => html`<link rel="stylesheet" href="../app/${name}">\n`)}</head>
<body>
<main>
${swarmPart(exchange)}
</main>
</body>
</html>
`;
  return { ...page(document.html), headers: { 'Content-Security-Policy': `${PAGE_POLICY}; ${NOWHERE}` } };
}

function plainTable(exchange: Exchange, root: string): Html {
  const isSwarm = exchange.view.home === 'swarm';
  if (isSwarm || exchange.path === '/swarm') return html`<div id="plain">${swarmPart(exchange)}</div>`;
  return html`<div id="plain">
<h1>distream</h1>
<p>This table works in every browser, also without scripts. The full page needs scripts and a browser of 2022 or later.</p>
<table>
<caption>Streams of this node</caption>
<thead><tr><th scope="col">Stream</th><th scope="col">State</th><th scope="col">Title</th><th scope="col">Listeners</th><th scope="col">Address and playlists</th></tr></thead>
<tbody>
${mountRows(exchange, root)}</tbody>
</table>
<p>distream ${exchange.view.version} · <a href="${root}api/v1/status">status</a> · <a href="${root}status-json.xsl">status-json.xsl</a> · <a href="${root}metrics">metrics</a></p>
</div>`;
}

/** Makes the document of a page. */
function documentMaker(assets: PageAssets, isDemo: boolean): (exchange: Exchange, framing: string) => Answer {
  return (exchange, framing) => {
    const root = rootFrom(exchange.path);
    const styles = assets.styles.map((name) => html`<link rel="stylesheet" href="${root}app/${name}">\n`);
    const script = assets.script ? html`<script type="module" src="${root}app/${assets.script}"></script>\n` : html``;
    const document = html`<!doctype html>
<html lang="en" data-root="${root}" data-demo="${String(isDemo)}" data-home="${exchange.view.home}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>distream</title>
<link rel="icon" href="${root}favicon.svg" type="image/svg+xml">
${styles}${script}</head>
<body>
<div id="app"></div>
${plainTable(exchange, root)}
</body>
</html>
`;
    return { ...page(document.html), headers: { 'Content-Security-Policy': `${PAGE_POLICY}; ${framing}` } };
  };
}

function fileRoute(path: string, file: PageAsset | undefined): Route {
  const handle = () => file && { status: 200, ...file, headers: { 'Cache-Control': 'no-cache' } };
  return { path, methods: READ, role: 'public', handle };
}

/** Files of the application by the name behind the last slash. */
function appFile(assets: PageAssets, path: string): Answer | undefined {
  const file = assets.files.get(path.slice(path.lastIndexOf('/') + 1));
  return file && { status: 200, ...file, headers: { 'Cache-Control': FOR_EVER } };
}

/**
 * The pages, their files, and what browsers and crawlers ask for unasked.
 * @param extraRoutes with `/api/v1/demo` among them the pages show the demo's panel
 */
export function pageRoutes(assets: PageAssets, extraRoutes: readonly Route[]): Route[] {
  const isDemo = extraRoutes.some(({ path }) => path === DEMO_PATH);
  const document = documentMaker(assets, isDemo);
  const pageRoute = (path: string, framing: string): Route => {
    return { path, methods: READ, role: 'public', handle: (exchange) => document(exchange, framing) };
  };
  return [
    ...PAGES.map((path) => pageRoute(path, NOWHERE)),
    pageRoute('/listen/*', ANYWHERE),
    fileRoute('/listen/widget.js', assets.widget),
    { path: '/app/*', methods: READ, role: 'public', handle: ({ path }) => appFile(assets, path) },
    { path: '/status/', methods: READ, role: 'viewer', handle: (exchange) => statusPage(exchange, assets) },
    { path: '/index.html', methods: READ, role: 'public', handle: () => redirect('/') },
    // A crawler that follows a mount would listen for ever.
    { path: '/robots.txt', methods: READ, role: 'public', handle: () => text('User-agent: *\nDisallow: /\n') },
    fileRoute('/favicon.svg', assets.favicon),
    fileRoute('/favicon.ico', assets.favicon),
  ];
}
