/** Marks of players in user agents, the more special before those that contain them. */
const PLAYERS: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\bvlc\b|libvlc/i, 'VLC'],
  [/foobar2000/i, 'foobar2000'],
  [/winamp/i, 'Winamp'],
  [/itunes|applecoremedia|\bmusic\/\d/i, 'Apple'],
  [/\bmpv\b/i, 'mpv'],
  [/mplayer/i, 'MPlayer'],
  [/mpg123/i, 'mpg123'],
  [/\blavf\/|ffmpeg|ffplay/i, 'FFmpeg'],
  [/gstreamer|souphttpsrc/i, 'GStreamer'],
  [/exoplayer|\bstagefright\b|dalvik/i, 'Android'],
  [/sonos/i, 'Sonos'],
  [/alexa|amazon/i, 'Alexa'],
  [/icecast|liquidsoap|butt|distream|shoutcast/i, 'another server'],
  [/\bedga?(?:ios)?\//i, 'Edge'],
  [/\bopr\/|opera/i, 'Opera'],
  [/firefox|fxios/i, 'Firefox'],
  [/chrome|crios|chromium/i, 'Chrome'],
  [/safari/i, 'Safari'],
  [/curl|wget|python|java\//i, 'a script'],
];
const MAX_AGENT_LENGTH = 300;

/** The player behind a user agent, in a word; `other` when it is not known. So strangers learn no more of it than that. */
export function playerOf(agent: string): string {
  const text = agent.slice(0, MAX_AGENT_LENGTH);
  return PLAYERS.find(([mark]) => mark.test(text))?.[1] ?? 'other';
}
