import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { freePort } from './ports.ts';

const AXE = readFileSync(new URL('../../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** Debian's browser. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
}

/** What a page complained of: errors, refusals by its own policy, requests to other hosts. */
export function complaintsOf(page: Page, ownHosts: readonly string[]): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A node without a right answers 401 on purpose.
    if (message.type() === 'error' && !/status of (401|404|409|429)/.test(message.text()))
      complaints.push(message.text());
  });
  page.on('request', (request) => {
    const { host, protocol } = new URL(request.url());
    if (protocol !== 'blob:' && !ownHosts.includes(host)) complaints.push(`asked ${request.url()}`);
  });
  return complaints;
}

/** What of a page keeps people out, as axe finds it. */
export async function violations(page: Page): Promise<string[]> {
  // Injected over the debugger, which the page's own policy does not bind.
  await page.evaluate(AXE);
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`);
}

/** A line to a port of this machine that can be cut. */
export async function cuttableLine(port: number) {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  const own = await freePort();
  await new Promise<void>((resolve) => server.listen(own, '127.0.0.1', resolve));
  return {
    port: own,
    /** Ends all connections; new ones are taken. */
    cut: () => {
      for (const socket of open) socket.destroy();
    },
    close: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
