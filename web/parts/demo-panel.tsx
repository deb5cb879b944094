import { useEffect, useRef, useState } from 'preact/hooks';
import { getJson, send } from '../api.ts';
import { nowMs, streams } from '../feed.ts';
import { duration, seconds } from '../format.ts';
import { texts } from '../texts.ts';
import type { DemoStatus } from '../types.ts';
import { PlayButton } from './play-button.tsx';
import { mountsOf } from './words.ts';

const ORDERS: readonly { key: string; word: string; body: unknown }[] = [
  { key: 'cut', word: texts.demo.cut, body: { action: 'cut', seconds: 10 } },
  { key: 'loss', word: texts.demo.loss, body: { action: 'loss', percent: 30, seconds: 15 } },
  { key: 'address', word: texts.demo.address, body: { action: 'address' } },
  { key: 'auto', word: texts.demo.auto, body: { action: 'auto' } },
];

function advice(isUp: boolean, reserveSeconds: number, most: number): string {
  if (!isUp && reserveSeconds < 0.5) return texts.demo.adviceDownEmpty;
  if (!isUp) return texts.demo.adviceDown(Math.round(reserveSeconds));
  return reserveSeconds < most * 0.9 ? texts.demo.adviceFilling : texts.demo.adviceFull;
}

function useDemo(): DemoStatus | undefined {
  const [demo, setDemo] = useState<DemoStatus>();
  const second = Math.floor(nowMs.value / 1000);
  useEffect(() => {
    let isWanted = true;
    if (document.visibilityState === 'hidden') return;
    getJson<DemoStatus>('api/v1/demo').then(
      (answer) => isWanted && setDemo(answer),
      () => {},
    );
    return () => {
      isWanted = false;
    };
  }, [second]);
  return demo;
}

function BreakTheLine() {
  const [words, setWords] = useState('');
  const order = async (key: string, body: unknown) => {
    try {
      await send('POST', 'api/v1/demo/line', body);
      setWords(texts.demo.did[key] ?? '');
    } catch {
      setWords(texts.demo.cannot);
    }
  };
  return (
    <fieldset class="break">
      <legend>{texts.demo.breakIt}</legend>
      <div class="buttons">
        {ORDERS.map(({ key, word, body }) => (
          <button key={key} type="button" onClick={() => void order(key, body)}>
            {word}
          </button>
        ))}
      </div>
      <p role="status" class="quiet">
        {words}
      </p>
    </fieldset>
  );
}

function Stop({ word, note }: { word: string; note: string }) {
  return (
    <li class="stop">
      <strong>{word}</strong>
      <span class="quiet">{note}</span>
    </li>
  );
}

/** A line that fails, a sound that does not. */
export function DemoPanel() {
  const demo = useDemo();
  const most = useRef(1);
  const heard = streams.value.find((stream) => mountsOf(stream).length > 0);
  if (!demo || !heard) return null;
  const { line, reserveSeconds, gapsHeard, directLostSeconds } = demo;
  most.current = Math.max(most.current, reserveSeconds, heard.buffer.reserveTargetSeconds);
  const isUp = line.state === 'up';
  return (
    <section class={`demo demo-${line.state}`} aria-labelledby="demo-title">
      <h2 id="demo-title">{texts.demo.title}</h2>
      <p>{texts.demo.about}</p>
      <PlayButton name={heard.name} mount={mountsOf(heard)[0]!} contentType={heard.format?.contentType} big />
      <ol class="route">
        <Stop word={texts.demo.studio} note={texts.demo.studioNote} />
        <li class="wire-cell">
          <svg class="wire" viewBox="0 0 200 24" preserveAspectRatio="none" aria-hidden="true">
            <path class="wire-rest" d="M0 12H200" />
            <path class="wire-flow" d={isUp ? 'M0 12H200' : 'M0 12H80'} />
            {!isUp && <path class="wire-cut" d="M84 2 98 22M102 2 116 22" />}
          </svg>
          <strong role="status">{isUp ? texts.demo.up : texts.demo.down}</strong>
          <span class="quiet number">{texts.demo.lineSince(duration(line.sinceSeconds), line.outages)}</span>
        </li>
        <Stop word={texts.demo.node} note={texts.demo.nodeNote} />
        <li class="wire-cell wire-steady" aria-hidden="true">
          <svg class="wire" viewBox="0 0 200 24" preserveAspectRatio="none">
            <path class="wire-rest" d="M0 12H200" />
            <path class="wire-flow" d="M0 12H200" />
          </svg>
        </li>
        <Stop word={texts.demo.you} note={texts.demo.youNote} />
      </ol>
      <p class="gauge-words">
        <span>{texts.demo.reserve}</span> <strong class="number">{seconds(reserveSeconds)}</strong>
      </p>
      <div
        class="gauge-bar gauge-big"
        role="meter"
        aria-label={texts.demo.reserve}
        aria-valuemin={0}
        aria-valuemax={most.current}
        aria-valuenow={reserveSeconds}
        aria-valuetext={seconds(reserveSeconds)}
        data-level={
          reserveSeconds < most.current * 0.2 ? 'low' : reserveSeconds < most.current * 0.5 ? 'middle' : 'high'
        }
      >
        <span class="gauge-fill" style={{ width: `${Math.round((reserveSeconds / most.current) * 100)}%` }} />
      </div>
      <p class="advice">{advice(isUp, reserveSeconds, most.current)}</p>
      <dl class="scores">
        <div class={gapsHeard === 0 ? 'score score-well' : 'score'}>
          <dt>{texts.demo.heard}</dt>
          <dd>
            <strong class="number">{gapsHeard}</strong> {texts.demo.heardNote}
          </dd>
        </div>
        <div class="score">
          <dt>{texts.demo.lost}</dt>
          <dd>
            <strong class="number">{Math.round(directLostSeconds)} s</strong> {texts.demo.lostNote}
          </dd>
        </div>
      </dl>
      <BreakTheLine />
    </section>
  );
}
