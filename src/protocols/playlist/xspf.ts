/** A track of an XSPF playlist, as written. */
export interface XspfTrack {
  readonly url: string;
  readonly title?: string;
}

const TAG_NAME = /^\/?[A-Za-z_][\w.-]{0,40}/;
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * The tracks of an XSPF document (xspf.org, version 1), each with its first `location` and its `title`. This is no XML
 * parser: it walks over tags once, knows CDATA, the five named entities and character numbers, and nothing that a
 * document type could define.
 */
export function* xspfTracks(text: string): Generator<XspfTrack> {
  let track: { url?: string; title?: string } | undefined;
  for (const { tag, text: before } of tags(text)) {
    if (tag === 'track') track = {};
    if (!track) continue;
    if (tag === '/location') track.url ??= before.trim();
    if (tag === '/title') track.title ??= before.trim();
    if (tag === '/track') {
      if (track.url !== undefined) yield { url: track.url, ...(track.title ? { title: track.title } : {}) };
      track = undefined;
    }
  }
}

/** Each tag's name (an end tag with its slash) with the text between it and the tag before. */
function* tags(text: string): Generator<{ tag: string; text: string }> {
  let between = '';
  for (let at = 0; ; ) {
    const open = text.indexOf('<', at);
    if (open < 0) return;
    between += decodeEntities(text.slice(at, open));
    const [opening, closing] = delimiters(text, open);
    const close = text.indexOf(closing, open + opening.length);
    if (close < 0) return;
    at = close + closing.length;
    const inside = text.slice(open + opening.length, close);
    if (opening === '<![CDATA[') between += inside;
    if (opening !== '<') continue;
    yield { tag: TAG_NAME.exec(inside)?.[0] ?? '', text: between };
    between = '';
  }
}

function delimiters(text: string, at: number): [opening: string, closing: string] {
  if (text.startsWith('<!--', at)) return ['<!--', '-->'];
  if (text.startsWith('<![CDATA[', at)) return ['<![CDATA[', ']]>'];
  return ['<', '>'];
}

function decodeEntities(text: string): string {
  return text.replace(ENTITY, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name) return ENTITIES[name.toLowerCase()]!;
    const code = decimal ? Number(decimal) : Number.parseInt(hex!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
