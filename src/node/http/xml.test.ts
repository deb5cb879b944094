import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from './html.ts';
import { element, escapeXml, fieldElements, xmlDocument } from './xml.ts';

const HOSTILE = ['</a><b>', '" onload="x', "' x='", '&amp;', '\u0000\u001b[2J', '\ud800', ']]>', '<!--', '\ufffe'];

describe('XML', () => {
  it('escapes text and attributes', () => {
    expect(element('a', 'x<y & "z"', { b: `'"<` }).xml).toBe('<a b="&apos;&quot;&lt;">x&lt;y &amp; &quot;z&quot;</a>');
  });

  it('keeps the order of fields and leaves out unknown ones', () => {
    expect(xmlDocument(element('r', fieldElements({ b: 1, a: undefined, c: '' })))).toBe(
      '<?xml version="1.0"?>\n<r><b>1</b><c></c></r>\n',
    );
  });

  it('leaves no markup and no character that XML forbids in any text', () => {
    for (const text of HOSTILE) expect(escapeXml(text)).not.toMatch(/[<>"'\u0000-\u0008\u001b\ufffe]|\p{Surrogate}/u);
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => !/[<>"'\u0000-\u0008]/.test(escapeXml(text))),
      { numRuns: 200 },
    );
  });
});

describe('HTML', () => {
  it('escapes values and keeps pieces of HTML', () => {
    expect(html`<p title="${'"'}">${'<b>'}${html`<i>${1}</i>`}${[html`a`, html`&amp;`]}</p>`.html).toBe(
      '<p title="&quot;">&lt;b&gt;<i>1</i>a&amp;</p>',
    );
  });
});
