import { useEffect, useState } from 'preact/hooks';
import { getJson, send, streamPath } from '../api.ts';
import { me, nowMs } from '../feed.ts';
import { bytes, duration } from '../format.ts';
import { texts } from '../texts.ts';
import type { StreamStatus } from '../types.ts';
import { Foreign } from './foreign.tsx';

interface ListenersAnswer {
  readonly total: number;
  readonly players: readonly { player: string; count: number }[];
  readonly listeners?: readonly {
    readonly id: string;
    readonly address: string;
    readonly agent: string;
    readonly player: string;
    readonly connectedSeconds: number;
    readonly bytesSent: number;
  }[];
}

const ASK_MS = 4000;
const SHOWN = 100;

function useListeners(name: string): ListenersAnswer | undefined {
  const [answer, setAnswer] = useState<ListenersAnswer>();
  const step = Math.floor(nowMs.value / ASK_MS);
  const { role } = me.value;
  useEffect(() => {
    let isWanted = true;
    getJson<ListenersAnswer>(streamPath(name, 'listeners')).then(
      (next) => isWanted && setAnswer(next),
      () => isWanted && setAnswer(undefined),
    );
    return () => {
      isWanted = false;
    };
  }, [name, role, step]);
  return answer;
}

/** Who listens: counts by player for everyone, addresses for the administrator. */
export function Listeners({ stream }: { stream: StreamStatus }) {
  const answer = useListeners(stream.name);
  const [words, setWords] = useState('');
  const kick = async (id: string) => {
    try {
      await send('DELETE', streamPath(stream.name, `listeners/${encodeURIComponent(id)}`));
      setWords(texts.steer.done(texts.steer.kick));
    } catch (error) {
      setWords(texts.steer.refused(texts.steer.kick, (error as Error).message.slice(0, 200)));
    }
  };
  return (
    <section class="panel" aria-labelledby="listeners">
      <h2 id="listeners">{texts.stream.listeners}</h2>
      {!answer && <p class="quiet">{texts.stream.listenersHidden}</p>}
      {answer && <p>{answer.total === 0 ? texts.stream.listenersNone : texts.wall.listeners(answer.total)}</p>}
      {answer && answer.players.length > 0 && !answer.listeners && (
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.stream.player}</th>
              <th scope="col">{texts.stream.count}</th>
            </tr>
          </thead>
          <tbody>
            {answer.players.slice(0, SHOWN).map(({ player, count }) => (
              <tr key={player}>
                <th scope="row">
                  <Foreign text={player} longest={80} />
                </th>
                <td class="number">{count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {answer?.listeners && answer.listeners.length > 0 && (
        <div class="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">{texts.stream.address}</th>
                <th scope="col">{texts.stream.player}</th>
                <th scope="col">{texts.stream.since}</th>
                <th scope="col">{texts.stream.sent}</th>
                <th scope="col">
                  <span class="hidden-words">{texts.steer.kick}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {answer.listeners.slice(0, SHOWN).map((listener) => (
                <tr key={listener.id}>
                  <th scope="row">
                    <Foreign text={listener.address} longest={60} />
                  </th>
                  <td>
                    <Foreign text={listener.agent || listener.player} longest={120} />
                  </td>
                  <td class="number">{duration(listener.connectedSeconds)}</td>
                  <td class="number">{bytes(listener.bytesSent)}</td>
                  <td>
                    <button
                      type="button"
                      aria-label={`${texts.steer.kick}: ${listener.address}`}
                      onClick={() => void kick(listener.id)}
                    >
                      {texts.steer.kick}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p role="status" class="quiet">
        {words}
      </p>
    </section>
  );
}
