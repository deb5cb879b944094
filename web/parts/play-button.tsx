import { cleanText } from '../format.ts';
import { phase, play, playing, stop } from '../player/player.ts';
import { texts } from '../texts.ts';

/** What the player does, in words. */
export function phaseWords(): string {
  const words = texts.player;
  switch (phase.value) {
    case 'connecting':
      return words.connecting;
    case 'playing':
      return words.playing;
    case 'resuming':
      return words.resuming;
    case 'waiting':
      return words.waiting;
    case 'lost':
      return words.lost;
    case 'unsupported':
      return words.unsupported;
    case 'blocked':
      return words.blocked;
    default:
      return '';
  }
}

/** Play and Stop of one mount. */
export function PlayButton(props: { name: string; mount: string; contentType: string | undefined; big?: boolean }) {
  const { name, mount, contentType, big } = props;
  const isMine = playing.value?.mount === mount;
  const label = cleanText(name, 100);
  return (
    <div class="play-box">
      <button
        type="button"
        class={`play${big ? ' play-big' : ''}`}
        data-playing={isMine}
        aria-label={isMine ? texts.player.stopName(label) : texts.player.playName(label)}
        onClick={() => (isMine ? stop() : play(name, mount, contentType))}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          {isMine ? <path d="M3 3h10v10H3z" /> : <path d="M4 2.2v11.6L14 8z" />}
        </svg>
        <span>{isMine ? texts.player.stop : texts.player.play}</span>
      </button>
      <span class="play-words" role="status">
        {isMine || (big && !playing.value) ? phaseWords() : ''}
      </span>
    </div>
  );
}
