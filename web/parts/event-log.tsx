import { useEffect, useState } from 'preact/hooks';
import { getJson } from '../api.ts';
import { log, me } from '../feed.ts';
import { clockTime } from '../format.ts';
import { texts } from '../texts.ts';
import type { LogEntry } from '../types.ts';
import { Foreign } from './foreign.tsx';
import { MoodIcon } from './state.tsx';

type Level = 'all' | 'warn' | 'error';
const RANKS: Record<string, number> = { debug: 0, info: 1, warn: 2, error: 3, fatal: 3 };
const LEAST: Record<Level, number> = { all: 0, warn: 2, error: 3 };
const SHOWN = 200;

/** What the node wrote before the feed began. */
function useOlder(name: string | undefined, isAdmin: boolean): readonly LogEntry[] {
  const [older, setOlder] = useState<readonly LogEntry[]>([]);
  useEffect(() => {
    if (!isAdmin) return;
    const query = name === undefined ? '' : `?stream=${encodeURIComponent(name)}`;
    getJson<{ entries: LogEntry[] }>(`api/v1/log${query}`).then(
      ({ entries }) => setOlder(entries),
      () => {},
    );
  }, [name, isAdmin]);
  return older;
}

/** The log in plain words, newest first; of one stream, or of the whole node. */
export function EventLog({ name }: { name?: string }) {
  const [level, setLevel] = useState<Level>('all');
  const [words, setWords] = useState('');
  const isAdmin = me.value.role === 'admin';
  const older = useOlder(name, isAdmin);
  const known = new Map([...older, ...log.value].map((entry) => [entry.id, entry]));
  const sought = words.toLowerCase();
  const entries = [...known.values()]
    .filter((entry) => name === undefined || entry.stream === name)
    .filter((entry) => (RANKS[entry.level] ?? 1) >= LEAST[level])
    .filter((entry) => entry.text.toLowerCase().includes(sought))
    .slice(-SHOWN)
    .reverse();
  const id = `log-${name === undefined ? 'node' : 'stream'}`;
  return (
    <section class="panel wide" aria-labelledby={id}>
      <h2 id={id}>{texts.stream.log}</h2>
      {!isAdmin && known.size === 0 ? (
        <p class="quiet">{texts.stream.logRefused}</p>
      ) : (
        <>
          <div class="buttons">
            <label>
              <span class="label-words">{texts.stream.logLevel}</span>{' '}
              <select value={level} onChange={(event) => setLevel(event.currentTarget.value as Level)}>
                {Object.entries(texts.stream.logLevels).map(([key, word]) => (
                  <option key={key} value={key}>
                    {word}
                  </option>
                ))}
              </select>
            </label>
            <label>
              <span class="label-words">{texts.stream.logFilter}</span>{' '}
              <input type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
            </label>
          </div>
          {entries.length === 0 && <p class="quiet">{texts.stream.logEmpty}</p>}
          <ol class="log" tabIndex={0} aria-label={texts.stream.log}>
            {entries.map((entry) => (
              <li key={entry.id} class={`log-${entry.level}`}>
                <time dateTime={entry.utc} class="number">
                  {clockTime(entry.utc)}
                </time>
                <span class="log-level">
                  {entry.level !== 'info' && <MoodIcon mood={entry.level === 'warn' ? 'warn' : 'bad'} />}{' '}
                  {texts.stream.levels[entry.level] ?? entry.level}
                </span>
                <span>
                  {name === undefined && entry.stream && (
                    <>
                      <Foreign text={entry.stream} longest={60} />:{' '}
                    </>
                  )}
                  <Foreign text={entry.text} longest={400} />
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}
