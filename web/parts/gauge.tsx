import { seconds } from '../format.ts';
import { texts } from '../texts.ts';
import type { StreamStatus } from '../types.ts';

const share = (value: number, most: number) => `${Math.round(Math.min(1, Math.max(0, value / most)) * 1000) / 10}%`;

/** The reserve of a stream: how much there is, how much there should be, and the lowest point of the last hour. */
export function ReserveGauge({ stream, label = texts.wall.reserve }: { stream: StreamStatus; label?: string }) {
  const { reserveSeconds, reserveTargetSeconds, reserveLowestHourSeconds } = stream.buffer;
  if (reserveTargetSeconds === 0) {
    return (
      <div class="gauge">
        <p class="gauge-words">
          <span>{label}</span> <span class="quiet">{texts.wall.reserveNone}</span>
        </p>
      </div>
    );
  }
  const most = Math.max(reserveTargetSeconds, reserveSeconds);
  const ratio = reserveSeconds / reserveTargetSeconds;
  return (
    <div class="gauge">
      <p class="gauge-words">
        <span>{label}</span>{' '}
        <strong class="number">{texts.wall.reserveOf(seconds(reserveSeconds), seconds(reserveTargetSeconds))}</strong>
        <span class="quiet number gauge-low">{texts.wall.lowestHour(seconds(reserveLowestHourSeconds))}</span>
      </p>
      <div
        class="gauge-bar"
        role="meter"
        aria-label={texts.wall.reserveMeter(stream.name.slice(0, 100))}
        aria-valuemin={0}
        aria-valuemax={most}
        aria-valuenow={reserveSeconds}
        aria-valuetext={texts.wall.reserveValue(reserveSeconds, reserveTargetSeconds)}
        data-level={ratio < 0.2 ? 'low' : ratio < 0.5 ? 'middle' : 'high'}
      >
        <span class="gauge-fill" style={{ width: share(reserveSeconds, most) }} />
        <span class="gauge-mark" style={{ left: share(reserveLowestHourSeconds, most) }} />
      </div>
    </div>
  );
}
