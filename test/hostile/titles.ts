/** A title that somebody might set, as the bytes that an encoder sends. */
export interface HostileTitle {
  readonly id: string;
  readonly bytes: Buffer;
}

const utf8 = (id: string, text: string): HostileTitle => ({ id, bytes: Buffer.from(text, 'utf8') });
const raw = (id: string, text: string): HostileTitle => ({ id, bytes: Buffer.from(text, 'latin1') });

const controls = Array.from({ length: 32 }, (_, code) =>
  raw(`c0-${code.toString(16)}`, `a${String.fromCharCode(code)}b`),
);
const c1 = Array.from({ length: 32 }, (_, at) =>
  utf8(`c1-${(0x80 + at).toString(16)}`, `a${String.fromCharCode(0x80 + at)}31mb`),
);
const invisible = [
  '\u00ad',
  '\u061c',
  '\u180e',
  '\u200b',
  '\u200e',
  '\u200f',
  '\u2028',
  '\u2029',
  '\u202a',
  '\u202b',
  '\u202d',
  '\u202e',
  '\u2060',
  '\u2066',
  '\u2067',
  '\u2068',
  '\u2069',
  '\ufeff',
  '\ufff9',
  '\u{e0001}',
  '\u{e0041}',
];
const formatting = invisible.map((text) => utf8(`invisible-${text.codePointAt(0)!.toString(16)}`, `a${text}evil.mp3`));

const words: readonly [string, string][] = [
  ['crlf-header', 'a\r\nSet-Cookie: x=y\r\n\r\n<html>'],
  ['lf-log', 'a\n2026-11-21T00:00:00Z INFO admin logged in'],
  ['sse', 'a\n\ndata: {"state":"silent"}\n\n'],
  ['sse-cr', 'a\rdata: evil\r\r'],
  ['extinf', 'a\n#EXTINF:-1,evil\nhttp://evil.test/x.mp3'],
  ['extm3u', '#EXTM3U\nfile:///etc/passwd'],
  ['pls', 'a\nFile2=http://evil.test/\nNumberOfEntries=2'],
  ['script', '<script>alert(1)</script>'],
  ['script-end', '</script><script>alert(1)</script>'],
  ['title-end', '</title></td></table><img src=x onerror=alert(1)>'],
  ['attribute', '" onerror="alert(1)" x="'],
  ['attribute-single', "' onmouseover='alert(1)"],
  ['javascript', 'javascript:alert(1)'],
  ['comment', '--><!-- x'],
  ['cdata', ']]><x/><![CDATA['],
  ['entity', '&lt;b&gt; &amp; &#60; &xxe; &#0;'],
  ['doctype', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>&a;'],
  ['xml-end', '</title></track></trackList></playlist>'],
  ['xml-listener', '</UserAgent><IP>1.2.3.4</IP>'],
  ['json', '","state":"silent","x":"'],
  ['json-end', '"}]}\\'],
  ['backslash-u', '\\u000a\\x1b[2J\\n'],
  ['proto', '__proto__'],
  ['template', '{{7*7}}${7*7}<%= 7*7 %>#{7*7}'],
  ['stream-title', "a';StreamUrl='file:///etc/passwd"],
  ['stream-title-end', "a';StreamTitle='b';"],
  ['quote', "It's a 'quoted' title'"],
  ['quote-semicolon', "';"],
  ['quotes-only', "''''''"],
  ['clear', '\x1b[2J\x1b[Hroot@host:~#'],
  ['colour', '\x1b[31mred\x1b[0m'],
  ['osc52', '\x1b]52;c;ZXZpbA==\x07'],
  ['osc8', '\x1b]8;;http://evil.test\x1b\\click\x1b]8;;\x1b\\'],
  ['title-report', '\x1b[21t\x1b]0;evil\x07'],
  ['dcs', '\x1bP+q544e\x1b\\'],
  ['bell', '\x07\x07\x07'],
  ['backspace', 'good\b\b\b\bevil'],
  ['carriage', 'good\rbad'],
  ['delete', 'a\x7fb'],
  ['nul', 'a\0b'],
  ['nul-end', 'abc\0\0\0'],
  ['percent', '%s%n%d%x%08x'],
  ['percent-url', '%0d%0aSet-Cookie:%20x'],
  ['shell', '$(id)`id`;id|id&id'],
  ['csv', '=cmd|"/C calc"!A0'],
  ['csv-at', '@SUM(1+1)'],
  ['sql', "'; DROP TABLE titles; --"],
  ['path', '../../etc/passwd'],
  ['device', 'CON'],
  ['path-windows', '..\\..\\x'],
  ['metric', '"} 1\ndistream_evil{x="'],
  ['metric-help', '# HELP evil x'],
  ['url', 'http://user:pass@evil.test/'],
  ['spaces', '   a \t  b   '],
  ['only-spaces', ' \t\r\n '],
  ['empty', ''],
  ['dash', ' - '],
  ['dashes', 'A - B - C - D'],
  ['umlauts', 'Grüße aus Köln – „Zitat“'],
  ['japanese', '日本語のタイトル'],
  ['arabic', 'أغنية عربية'],
  ['hebrew', 'שיר עברי'],
  ['emoji', '👩‍👩‍👧‍👦🏳️‍🌈'],
  ['combining', `a${'\u0301'.repeat(500)}`],
  ['wide', 'ＷＩＤＥ'],
  ['astral', '\u{1d54f}'.repeat(300)],
  ['noncharacter', 'a\ufffe\uffffb'],
  ['replacement', 'a\ufffdb'],
  ['long', 'L'.repeat(6000)],
  ['long-multi', '漢'.repeat(2000)],
  ['long-words', 'word '.repeat(1500)],
];

const encodings: readonly [string, string][] = [
  ['latin1', 'Kr\xe4hen \xfcber K\xf6ln'],
  ['cp1252', '\x93quoted\x94 \x96 \x80'],
  ['shift-jis', '\x93\xfa\x96\x7b\x8c\xea'],
  ['koi8', '\xf0\xc5\xd3\xce\xd1'],
  ['utf16le', 'a\0b\0\x0d\0\x0a\0'],
  ['utf16-bom', '\xff\xfea\0b\0'],
  ['utf8-bom', '\xef\xbb\xbftitle'],
  ['utf7', '+ADw-script+AD4-'],
  ['overlong', 'a\xc0\x8d\xc0\x8ab'],
  ['surrogate-low', 'a\xed\xb0\x80b'],
  ['surrogate-high', 'a\xed\xa0\x80b'],
  ['cut', 'abc\xe6\x97'],
  ['five-bytes', '\xf8\x88\x80\x80\x80'],
  ['beyond', '\xf4\x90\x80\x80'],
  ['raw-csi', 'a\x9b2Jb'],
  ['raw-osc', 'a\x9d52;c;x\x9cb'],
  ['all-high', String.fromCharCode(...Array.from({ length: 128 }, (_, at) => 128 + at))],
  ['all', String.fromCharCode(...Array.from({ length: 256 }, (_, at) => at))],
];

/** The titles: text that means something to what shows it, control and formatting characters, charsets, lengths. */
export const HOSTILE_TITLES: readonly HostileTitle[] = [
  ...words.map(([id, text]) => utf8(id, text)),
  ...encodings.map(([id, text]) => raw(id, text)),
  ...controls,
  ...c1,
  ...formatting,
];

/** What no record that is shown may hold: controls, line separators, bidirectional overrides, halves of characters. */
export const UNSHOWABLE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u;
