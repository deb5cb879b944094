// Asks the node for its status each second and shows it.
import { Card, mountsOf } from './card.js';
import { DemoPanel } from './demo.js';
import { setText } from './dom.js';

const PERIOD_MS = 1000;
const TIMEOUT_MS = 5000;

const connection = document.getElementById('connection');
const streams = document.getElementById('streams');
const cards = new Map();
const demoSection = document.getElementById('demo'); // names its source when this node is a demo
let demoPanel;

async function ask(path) {
  return fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
}

function showStreams(status) {
  // The node's own clock: the browser's may be wrong.
  const nowMs = Date.parse(status.node.startedAt) + status.node.uptimeSeconds * 1000;
  const names = new Set(status.streams.map(({ name }) => name));
  for (const [name, card] of cards) {
    if (names.has(name)) continue;
    card.remove();
    cards.delete(name);
  }
  for (const stream of status.streams) {
    let card = cards.get(stream.name);
    if (!card) {
      card = new Card(stream.name);
      cards.set(stream.name, card);
      streams.append(card.element);
    }
    card.update(stream, nowMs);
  }
  document.body.classList.add('alive');
}

async function showDemo(status) {
  const { source } = demoSection.dataset;
  if (!source) return;
  const response = await ask(source);
  if (!response.ok) return;
  demoPanel ??= new DemoPanel(demoSection);
  const heard = status.streams.filter((stream) => mountsOf(stream).length > 0);
  const target = Math.max(0, ...heard.map((stream) => stream.buffer.reserveTargetSeconds));
  demoPanel.update(await response.json(), heard.flatMap(mountsOf)[0], target);
}

async function poll() {
  try {
    const response = await ask('/api/v1/status');
    if (!response.ok) throw new Error(String(response.status));
    const status = await response.json();
    showStreams(status);
    await showDemo(status);
    setText(connection, '');
  } catch {
    setText(connection, 'No answer from the node. Trying again …');
  }
}

async function run() {
  for (;;) {
    if (document.visibilityState === 'visible') await poll();
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
}

run();
