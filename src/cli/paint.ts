type Paint = (text: string, colour: boolean) => string;

const sgr =
  (code: number): Paint =>
  (text, colour) =>
    colour ? `\u001b[${code}m${text}\u001b[0m` : text;

/** Colours of the terminal; with `colour` false the text stays as it is. */
export const paint = {
  plain: ((text) => text) as Paint,
  bold: sgr(1),
  red: sgr(31),
  green: sgr(32),
  yellow: sgr(33),
  cyan: sgr(36),
  grey: sgr(90),
};
