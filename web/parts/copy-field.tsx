import { useRef, useState } from 'preact/hooks';
import { texts } from '../texts.ts';

/** A line to copy: an address, a key. */
export function CopyField({ value, label, copyLabel }: { value: string; label: string; copyLabel?: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [word, setWord] = useState(texts.player.copy);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setWord(texts.player.copied);
    } catch {
      // Browsers copy for pages of https and localhost only.
      field.current?.select();
      setWord(document.execCommand('copy') ? texts.player.copied : texts.player.copyByHand);
    }
    setTimeout(() => setWord(texts.player.copy), 2000);
  };
  return (
    <span class="copy">
      <input
        ref={field}
        type="text"
        readOnly
        value={value}
        aria-label={label}
        onFocus={() => field.current?.select()}
      />
      <button type="button" aria-label={copyLabel} onClick={() => void copy()}>
        {word}
      </button>
    </span>
  );
}
