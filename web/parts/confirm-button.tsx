import { useEffect, useRef, useState } from 'preact/hooks';
import { texts } from '../texts.ts';

/** A question that nobody answers goes away. */
const ASKED_MS = 8000;

/** A button that asks once more, since listeners may hear what it does. */
export function ConfirmButton({ word, label, onConfirm }: { word: string; label: string; onConfirm: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isAsking) return;
    yes.current?.focus();
    const timer = setTimeout(() => setAsking(false), ASKED_MS);
    return () => clearTimeout(timer);
  }, [isAsking]);
  if (!isAsking) {
    return (
      <button type="button" aria-label={label} onClick={() => setAsking(true)}>
        {word}…
      </button>
    );
  }
  return (
    <span class="confirm" role="group" aria-label={label}>
      <span>{texts.steer.confirm}</span>
      <button
        ref={yes}
        type="button"
        class="danger"
        onClick={() => {
          setAsking(false);
          onConfirm();
        }}
      >
        {texts.steer.yes}
      </button>
      <button type="button" onClick={() => setAsking(false)}>
        {texts.steer.no}
      </button>
    </span>
  );
}
