import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { SwarmFileView, SwarmPeerView, SwarmView } from '../../src/swarm/view/swarm-view.ts';
import { bytes, percent } from '../format.ts';
import { Foreign } from '../parts/foreign.tsx';
import { texts } from '../texts.ts';
import { TrustIcon } from './trust-icon.tsx';

const words = texts.swarm;
/** Rows that are shown unasked, and at most. */
const SHORT = 25;
const LONG = 500;
const MAX_PEER_ROWS = 20;

function Progress({ value, name }: { value: number | undefined; name: string }) {
  if (value === undefined) return <span class="quiet">{words.noProgress}</span>;
  return (
    <span class="progress">
      <progress max={1} value={value} aria-label={words.progressOf(name)} />
      <span class="number">{percent(value)}</span>
    </span>
  );
}

function FileRow({ file }: { file: SwarmFileView }) {
  const { path, size, live, chunks, givers, takers, progress, share, serverCopies } = file;
  return (
    <tr>
      <th scope="row">
        <Foreign text={path} longest={200} />
      </th>
      <td class="number">{live ? words.live : bytes(size)}</td>
      <td class="number">{chunks}</td>
      <td class="number">{givers}</td>
      <td class="number">{takers}</td>
      <td>
        <Progress value={progress} name={path.slice(0, 60)} />
      </td>
      <td class="number">{share === undefined ? '–' : percent(share)}</td>
      <td class="number">{serverCopies === undefined ? '–' : serverCopies.toFixed(2)}</td>
    </tr>
  );
}

interface TableProps {
  readonly title: string;
  readonly columns: readonly string[];
  readonly kind?: string;
  readonly children: ComponentChildren;
}

/** A table that may be wider than a phone, and is reached by keyboard then. */
function Table({ title, columns, kind, children }: TableProps) {
  return (
    <section class="table-box" tabIndex={0} aria-label={words.tableOf(title)}>
      <table class={kind}>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

/** The files in use. */
export function Files({ view }: { view: SwarmView }) {
  const [isLong, setLong] = useState(false);
  const files = Object.entries(view.files);
  const shown = files.slice(0, isLong ? LONG : SHORT);
  return (
    <section class="panel wide" aria-labelledby="swarm-files">
      <h2 id="swarm-files">{words.files}</h2>
      {files.length === 0 && <p class="quiet">{words.noFiles}</p>}
      {files.length > 0 && (
        <Table title={words.files} columns={words.fileColumns} kind="swarm-files">
          {shown.map(([id, file]) => (
            <FileRow key={id} file={file} />
          ))}
        </Table>
      )}
      {view.counts.files > shown.length && (
        <p>
          {words.more(view.counts.files - shown.length)}{' '}
          {!isLong && files.length > SHORT && (
            <button type="button" onClick={() => setLong(true)}>
              {words.showMore}
            </button>
          )}
        </p>
      )}
    </section>
  );
}

function PeerRow({ id, peer, hasNetworks }: { id: string; peer: SwarmPeerView; hasNetworks: boolean }) {
  return (
    <tr>
      <th scope="row" class="number">
        {words.peerName(id)}
      </th>
      <td class="peer-trust">
        <TrustIcon trust={peer.trust} /> {words.trust[peer.trust]}
      </td>
      <td>{words.reach[peer.reach]}</td>
      <td>
        <Progress value={peer.progress} name={words.peerName(id)} />
      </td>
      <td class="number">{bytes(peer.given)}</td>
      <td class="number">{bytes(peer.taken)}</td>
      {hasNetworks && <td class="number">{peer.network ?? '–'}</td>}
    </tr>
  );
}

/** The peers that gave most. */
export function Peers({ view }: { view: SwarmView }) {
  const peers = Object.entries(view.peers);
  const shown = peers.sort(([, one], [, other]) => other.given - one.given).slice(0, MAX_PEER_ROWS);
  const hasNetworks = shown.some(([, { network }]) => network !== undefined);
  return (
    <section class="panel wide" aria-labelledby="swarm-peers">
      <h2 id="swarm-peers">{words.peersTitle(view.counts.peers > MAX_PEER_ROWS)}</h2>
      <p class="quiet">{words.peersAbout}</p>
      {shown.length === 0 && <p class="quiet">{words.noPeers}</p>}
      {shown.length > 0 && (
        <Table
          title={words.peersTitle(false)}
          columns={[...words.peerColumns, ...(hasNetworks ? [words.network] : [])]}
        >
          {shown.map(([id, peer]) => (
            <PeerRow key={id} id={id} peer={peer} hasNetworks={hasNetworks} />
          ))}
        </Table>
      )}
      {view.counts.peers > shown.length && <p class="quiet">{words.more(view.counts.peers - shown.length)}</p>}
    </section>
  );
}
