import { useEffect, useState } from 'preact/hooks';
import { ApiError, send } from '../api.ts';
import { me, nowMs, restartFeed } from '../feed.ts';
import { go, href } from '../routing.ts';
import { texts } from '../texts.ts';

/** For the administrator. */
export default function SignIn() {
  const [password, setPassword] = useState('');
  const [words, setWords] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [waitUntil, setWaitUntil] = useState(0);
  void nowMs.value;
  const waitSeconds = Math.ceil((waitUntil - Date.now()) / 1000);
  useEffect(() => {
    if (me.value.role === 'admin') go(href('steer'));
  }, [me.value.role]);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await send('POST', 'api/v1/session', { password });
      setWords('');
      restartFeed();
      go(href(''));
    } catch (error) {
      if (error instanceof ApiError && error.status === 429) {
        setWaitUntil(Date.now() + (error.retryAfterSeconds || 60) * 1000);
        setWords('');
      } else if (error instanceof ApiError && error.status === 401) setWords(texts.signIn.wrong);
      else if (error instanceof ApiError && error.status === 404) setWords(texts.signIn.notHere);
      else setWords(texts.signIn.failed);
    }
    setBusy(false);
  };
  return (
    <section class="panel narrow">
      <h1>{texts.signIn.title}</h1>
      <p class="quiet">{texts.signIn.about}</p>
      <form onSubmit={(event) => void submit(event)} class="form">
        <label>
          <span>{texts.signIn.password}</span>
          <input
            type="password"
            name="password"
            autocomplete="current-password"
            required
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={isBusy || waitSeconds > 0}>
          {texts.signIn.submit}
        </button>
        <p role="alert">{waitSeconds > 0 ? texts.signIn.wait(waitSeconds) : words}</p>
      </form>
    </section>
  );
}
