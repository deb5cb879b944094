const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');

/** `Authorization` values that open nothing; each gets the same 401. An undefined value stands for no header. */
export const HOSTILE_CREDENTIALS: readonly { readonly id: string; readonly value: string | undefined }[] = [
  { id: 'none', value: undefined },
  { id: 'empty', value: '' },
  { id: 'basic-alone', value: 'Basic' },
  { id: 'basic-spaces', value: 'Basic   ' },
  { id: 'other-scheme', value: 'Bearer abc' },
  { id: 'digest', value: 'Digest username="source", response="x"' },
  { id: 'bad-base64', value: 'Basic !!!!' },
  { id: 'padding-only', value: 'Basic ====' },
  { id: 'no-colon', value: `Basic ${base64('source')}` },
  { id: 'colon-only', value: `Basic ${base64(':')}` },
  { id: 'empty-password', value: `Basic ${base64('source:')}` },
  { id: 'nul', value: `Basic ${base64('source:\0')}` },
  { id: 'newline', value: `Basic ${base64('source:a\r\nb')}` },
  { id: 'proto', value: `Basic ${base64('__proto__:constructor')}` },
  { id: 'utf8', value: `Basic ${base64('s\xc3\xb6urce:\xc3\xbc')}` },
  { id: 'latin1', value: `Basic ${base64('s\xf6urce:\xfc')}` },
  { id: 'long', value: `Basic ${base64(`source:${'x'.repeat(9000)}`)}` },
  { id: 'very-long-user', value: `Basic ${base64(`${'x'.repeat(3000)}:x`)}` },
  { id: 'shell', value: `Basic ${base64('$(touch x):`id`')}` },
];
