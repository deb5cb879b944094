import { useState } from 'preact/hooks';
import { send, streamPath } from '../api.ts';
import { me, streams } from '../feed.ts';
import { cleanText } from '../format.ts';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { CopyField } from '../parts/copy-field.tsx';
import { EventLog } from '../parts/event-log.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { MoodIcon, moodOf, StreamState } from '../parts/state.tsx';
import { href } from '../routing.ts';
import { texts } from '../texts.ts';
import type { StreamStatus } from '../types.ts';

type Order = (what: string, run: () => Promise<unknown>) => Promise<void>;

/** Gives orders one after another and tells what became of the last. */
function useOrders(): { words: string; order: Order } {
  const [words, setWords] = useState('');
  const order: Order = async (what, run) => {
    setWords('…');
    try {
      await run();
      setWords(texts.steer.done(what));
    } catch (error) {
      setWords(texts.steer.refused(what, cleanText((error as Error).message, 300)));
    }
  };
  return { words, order };
}

const ACTIONS = ['start', 'stop', 'restart'] as const;

function Actions({ name, run }: { name: string; run: (action: string, word: string) => void }) {
  return (
    <span class="buttons">
      {ACTIONS.map((action) => {
        const word = texts.steer[action];
        const label = texts.steer.of(word, name);
        return action === 'start' ? (
          <button key={action} type="button" aria-label={label} onClick={() => run(action, word)}>
            {word}
          </button>
        ) : (
          <ConfirmButton key={action} word={word} label={label} onConfirm={() => run(action, word)} />
        );
      })}
    </span>
  );
}

function TitleForm({ stream, order }: { stream: StreamStatus; order: Order }) {
  const [title, setTitle] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    void order(texts.steer.titleLabel, () => send('POST', streamPath(stream.name, 'title'), { title }));
  };
  return (
    <form class="buttons" onSubmit={submit}>
      <label>
        <span class="label-words">{texts.steer.titleLabel}</span>{' '}
        <input
          type="text"
          maxLength={300}
          required
          dir="auto"
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
      </label>
      <button type="submit">{texts.steer.titleSet}</button>
    </form>
  );
}

function SteerStream({ stream }: { stream: StreamStatus }) {
  const { words, order } = useOrders();
  const to = (rest: string) => streamPath(stream.name, rest);
  const hasFallback = stream.inputs.length > 1;
  return (
    <section class="panel" aria-label={cleanText(stream.name, 100)}>
      <div class="card-head">
        <h2>
          <Foreign text={stream.name} longest={100} />
        </h2>
        <StreamState state={stream.state} />
      </div>
      <ul class="plain-list steer-list">
        {stream.inputs.map((input, index) => (
          <li key={input.name}>
            <span>
              <MoodIcon mood={moodOf(input.state)} /> {texts.steer.outputName(cleanText(input.name, 40), input.type)}:{' '}
              {texts.inputs[input.state] ?? input.state}
            </span>
            <Actions
              name={`${stream.name}, ${input.name}`}
              run={(action, word) => void order(word, () => send('POST', to('input'), { action, index }))}
            />
          </li>
        ))}
        {stream.outputs.map((output, index) => (
          <li key={output.name}>
            <span>
              <MoodIcon mood={moodOf(output.state)} /> {texts.steer.outputName(cleanText(output.name, 40), output.type)}
              : {output.state}
            </span>
            <Actions
              name={`${stream.name}, ${output.name}`}
              run={(action, word) => void order(word, () => send('POST', to(`outputs/${index}`), { action }))}
            />
          </li>
        ))}
      </ul>
      <div class="buttons">
        {hasFallback && (
          <>
            <ConfirmButton
              word={texts.steer.fallbackOn}
              label={texts.steer.of(texts.steer.fallbackOn, stream.name)}
              onConfirm={() => void order(texts.steer.fallbackOn, () => send('POST', to('fallback'), { active: true }))}
            />
            <button
              type="button"
              onClick={() => void order(texts.steer.fallbackOff, () => send('POST', to('fallback'), { active: false }))}
            >
              {texts.steer.fallbackOff}
            </button>
          </>
        )}
        <ConfirmButton
          word={texts.steer.kickSource}
          label={texts.steer.of(texts.steer.kickSource, stream.name)}
          onConfirm={() => void order(texts.steer.kickSource, () => send('DELETE', to('source')))}
        />
      </div>
      <TitleForm stream={stream} order={order} />
      <p role="status">{words}</p>
    </section>
  );
}

interface Preview {
  readonly diff: string;
  readonly changes: readonly string[];
}

function Configuration() {
  const { words, order } = useOrders();
  const [preview, setPreview] = useState<Preview>();
  const look = () =>
    order(texts.steer.preview, async () => setPreview(await send<Preview>('POST', 'api/v1/config/preview')));
  const reload = () =>
    order(texts.steer.reload, async () => {
      await send('POST', 'api/v1/config/reload');
      setPreview(undefined);
    });
  return (
    <section class="panel" aria-labelledby="configuration">
      <h2 id="configuration">{texts.steer.configuration}</h2>
      <div class="buttons">
        <button type="button" onClick={() => void look()}>
          {texts.steer.preview}
        </button>
        {preview && preview.diff !== '' && (
          <button type="button" class="primary" onClick={() => void reload()}>
            {texts.steer.reload}
          </button>
        )}
      </div>
      {preview && (
        <>
          <ul>
            {preview.changes.map((change) => (
              <li key={change}>{change}</li>
            ))}
          </ul>
          {preview.diff === '' ? (
            <p>{texts.steer.noChange}</p>
          ) : (
            <pre class="code diff" tabIndex={0}>
              {preview.diff.split('\n').map((line, index) => (
                <span key={index} class={line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : ''}>
                  {`${line}\n`}
                </span>
              ))}
            </pre>
          )}
        </>
      )}
      <p role="status">{words}</p>
    </section>
  );
}

function LinkKey() {
  const { words, order } = useOrders();
  const [key, setKey] = useState<{ privateKey: string; publicKey: string }>();
  return (
    <section class="panel" aria-labelledby="link-key">
      <h2 id="link-key">{texts.steer.key}</h2>
      <p class="quiet">{texts.steer.keyAbout}</p>
      <button
        type="button"
        onClick={() => void order(texts.steer.makeKey, async () => setKey(await send('POST', 'api/v1/keys')))}
      >
        {texts.steer.makeKey}
      </button>
      {key && (
        <>
          <p>
            {texts.steer.privateKey} <CopyField value={key.privateKey} label={texts.steer.privateKey} />
          </p>
          <p>
            {texts.steer.publicKey} <CopyField value={key.publicKey} label={texts.steer.publicKey} />
          </p>
        </>
      )}
      <p role="status">{words}</p>
    </section>
  );
}

/** What the administrator can do. */
export default function Steer() {
  if (me.value.role !== 'admin') {
    return (
      <>
        <h1>{texts.steer.title}</h1>
        <p>
          {texts.steer.only}{' '}
          <a href={href('sign-in')} data-page>
            {texts.nav.signIn}
          </a>
        </p>
      </>
    );
  }
  return (
    <>
      <h1>{texts.steer.title}</h1>
      <div class="columns">
        {streams.value.map((stream) => (
          <SteerStream key={stream.name} stream={stream} />
        ))}
        <Configuration />
        <LinkKey />
        <EventLog />
      </div>
    </>
  );
}
