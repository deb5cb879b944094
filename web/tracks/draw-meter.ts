import { type ChannelMeter, METER_FLOOR_DB, shareOf } from './channel-meter.ts';

/** Where the colour of a meter changes, in dBFS. */
const ZONES = [
  { from: METER_FLOOR_DB, to: -12, colour: 'good' },
  { from: -12, to: -3, colour: 'warn' },
  { from: -3, to: 0, colour: 'bad' },
] as const;
/** Lines over the meter, in dBFS. */
const TICKS = [-48, -36, -24, -18, -12, -6, -3];
const GAP = 2;

/** What a meter is drawn with. */
export interface MeterColours {
  readonly back: string;
  readonly tick: string;
  readonly mark: string;
  readonly good: string;
  readonly warn: string;
  readonly bad: string;
}

/** The colours of the page as they are now: light or dark. */
export function readColours(): MeterColours {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    back: colour('--track'),
    tick: colour('--card'),
    mark: colour('--text'),
    good: colour('--good-fill'),
    warn: colour('--warn-fill'),
    bad: colour('--bad-fill'),
  };
}

/** Draws the channels of a track one above the other: RMS full, the peak thinner, the held peak as a line. */
export function drawMeter(canvas: HTMLCanvasElement, channels: readonly ChannelMeter[], colours: MeterColours): void {
  const scale = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (width === 0 || height === 0) return;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  if (!context) return;
  context.clearRect(0, 0, width, height);
  const count = Math.max(1, channels.length);
  const gap = count > 1 && height / count > 8 ? GAP * scale : 0;
  const barHeight = (height - gap * (count - 1)) / count;
  for (let index = 0; index < count; index++) {
    const y = index * (barHeight + gap);
    context.fillStyle = colours.back;
    context.fillRect(0, y, width, barHeight);
    const channel = channels[index];
    if (!channel) continue;
    const thin = barHeight / 4;
    for (const { from, to, colour } of ZONES) {
      context.fillStyle = colours[colour];
      bar(context, { from, to, level: channel.rms, width, y, height: barHeight });
      bar(context, { from, to, level: channel.peak, width, y: y + (barHeight - thin) / 2, height: thin });
    }
    if (channel.held > METER_FLOOR_DB) {
      context.fillStyle = colours.mark;
      context.fillRect(Math.min(width - 2 * scale, shareOf(channel.held) * width), y, 2 * scale, barHeight);
    }
  }
  context.fillStyle = colours.tick;
  for (const tick of TICKS) context.fillRect(Math.round(shareOf(tick) * width), 0, Math.max(1, scale / 2), height);
}

function bar(
  context: CanvasRenderingContext2D,
  part: { from: number; to: number; level: number; width: number; y: number; height: number },
): void {
  const end = Math.min(part.level, part.to);
  if (end <= part.from) return;
  const x = shareOf(part.from) * part.width;
  context.fillRect(x, part.y, shareOf(end) * part.width - x, part.height);
}
