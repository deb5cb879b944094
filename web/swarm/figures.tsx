import type { SwarmView } from '../../src/swarm/view/swarm-view.ts';
import { bitRate, bytes, percent } from '../format.ts';
import { texts } from '../texts.ts';
import { TrustIcon } from './trust-icon.tsx';

const words = texts.swarm;
const share = (ratio: number) => `${Math.round(Math.min(1, Math.max(0, ratio)) * 1000) / 10}%`;

/** What peers carried, and the most that they could. */
function ShareGauge({ score }: Pick<SwarmView, 'score'>) {
  const { share: part, shareBound } = score;
  return (
    <div class="gauge swarm-share">
      <p class="gauge-words">
        <span>{words.share}</span>{' '}
        <strong class="number swarm-share-number">{part === undefined ? words.nothingYet : percent(part)}</strong>
        {shareBound !== undefined && <span class="quiet number gauge-low">{words.atMost(percent(shareBound))}</span>}
      </p>
      <div
        class="gauge-bar gauge-big"
        role="meter"
        aria-label={words.share}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round((part ?? 0) * 100)}
        aria-valuetext={
          part === undefined ? words.nothingYet : words.shareValue(percent(part), percent(shareBound ?? 1))
        }
      >
        <span class="gauge-fill" style={{ width: share(part ?? 0) }} />
        {shareBound !== undefined && <span class="gauge-mark" style={{ left: share(shareBound) }} />}
      </div>
    </div>
  );
}

function Fact({ name, value, note }: { name: string; value: string; note?: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="number">
        {value}
        {note && <span class="quiet"> ({note})</span>}
      </dd>
    </div>
  );
}

/** The score and what was carried. */
export function Figures({ view }: { view: SwarmView }) {
  const { score, totals, rates, counts } = view;
  const wrong = totals.wrong + totals.failed + totals.tooSlow;
  return (
    <section class="panel" aria-labelledby="swarm-score">
      <h2 id="swarm-score">{words.score}</h2>
      <ShareGauge score={score} />
      <dl class="facts swarm-facts">
        <Fact name={words.peers} value={String(counts.peers)} note={words.transfersNow(counts.transfers)} />
        {score.score !== undefined && (
          <Fact name={words.shareScore} value={percent(score.score)} note={words.shareScoreNote} />
        )}
        {score.timeScore !== undefined && (
          <Fact name={words.timeScore} value={percent(score.timeScore)} note={words.timeScoreNote} />
        )}
        {score.serverCopies !== undefined && (
          <Fact name={words.copies} value={score.serverCopies.toFixed(2)} note={words.copiesNote} />
        )}
        <Fact
          name={words.now}
          value={rates ? bitRate((rates.fromPeers + rates.fromServer) * 8) : '…'}
          note={rates?.possible === undefined ? undefined : words.possible(bitRate(rates.possible * 8))}
        />
        <Fact name={words.fromPeersNow} value={rates ? bitRate(rates.fromPeers * 8) : '…'} />
        <Fact name={words.fromServerNow} value={rates ? bitRate(rates.fromServer * 8) : '…'} />
        <Fact name={words.fromPeers} value={bytes(totals.bytesFromPeers)} />
        <Fact name={words.fromServer} value={bytes(totals.bytesFromServer)} />
        <Fact name={words.right} value={String(totals.right)} />
        <Fact
          name={words.notRight}
          value={String(wrong)}
          note={words.kinds(totals.wrong, totals.failed, totals.tooSlow)}
        />
      </dl>
    </section>
  );
}

/** How many peers are what, with the shapes of the picture. */
export function Legend({ counts }: Pick<SwarmView, 'counts'>) {
  return (
    <ul class="legend" aria-label={words.legend}>
      {(['trusted', 'new', 'suspected', 'convicted'] as const).map((trust) => (
        <li key={trust}>
          <TrustIcon trust={trust} />
          {words.trust[trust]} <span class="number">{counts[trust]}</span>
        </li>
      ))}
      {(['reachable', 'firewalled', 'unknown'] as const).map((reach) => (
        <li key={reach}>
          {words.reach[reach]} <span class="number">{counts[reach]}</span>
        </li>
      ))}
    </ul>
  );
}
