/** A position for people: `h:mm:ss.mmm`, cut, not rounded. */
export function timeText(frames: number, sampleRate: number): string {
  const milliseconds = Math.floor((frames * 1000) / sampleRate);
  const two = (value: number) => String(value).padStart(2, '0');
  const seconds = Math.floor(milliseconds / 1000);
  const fraction = String(milliseconds % 1000).padStart(3, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${fraction}`;
}

/** A length for people, to the frame: `144 frames (3 ms)`. */
export function framesText(frames: number, sampleRate: number): string {
  const milliseconds = (frames * 1000) / sampleRate;
  const length = milliseconds < 1000 ? `${Number(milliseconds.toFixed(2))} ms` : timeText(frames, sampleRate);
  return `${frames} ${frames === 1 ? 'frame' : 'frames'} (${length})`;
}
