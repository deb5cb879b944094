/** What the welcome is made of. */
export interface WelcomeFacts {
  readonly port: number;
  /** The port that was asked for, when another program holds it. */
  readonly portTaken: number | undefined;
  /** Addresses at which others reach this machine. */
  readonly networkAddresses: readonly string[];
  /** Sound starts when the reserve is full. */
  readonly fillsFirst: boolean;
}

/** The text that the demo begins with: where to listen and what will happen. */
export function welcome({ port, portTaken, networkAddresses, fillsFirst }: WelcomeFacts): string {
  const local = `http://localhost:${port}/`;
  const lines = [
    '',
    'distream demo: music over a line that fails on purpose',
    '',
    ...(portTaken === undefined ? [] : [`  Port ${portTaken} is in use; this is on ${port}.`, '']),
    `  Open      ${local}`,
    ...networkAddresses.map((address) => `  Network   http://${address}:${port}/`),
    `  Listen    mpg123 ${local}demo.mp3`,
    `            ffplay -nodisp ${local}demo.mp3`,
    '',
    '  studio --- the line --- transmitter --- you',
    '',
    '  Every 20 to 40 seconds the line goes black for 3 to 12 seconds. You will not hear it: the transmitter',
    '  plays from its reserve of 25 seconds and fetches what it missed when the line is back.',
    ...(fillsFirst
      ? ['  A live stream cannot be had in advance: sound starts in half a minute, when the reserve is full.']
      : []),
    '  Ctrl-C ends the demo.',
    '',
  ];
  return lines.join('\n');
}
