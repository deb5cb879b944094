/** UTF-8 of a text, at most so many bytes; cut at a character's border, so that the receiver decodes what was sent. */
export function clippedText(text: string, maxBytes: number): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return bytes;
  let end = maxBytes;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}
