import { cleanText } from '../format.ts';

/** Text from outside: shown as text only, in its own direction, cut at a length. */
export function Foreign({ text, longest = 300 }: { text: string; longest?: number }) {
  return (
    <bdi dir="auto" class="foreign">
      {cleanText(text, longest)}
    </bdi>
  );
}
