/**
 * The difference of two texts, as `diff -u` writes it.
 * @module
 */

const CONTEXT_LINES = 3;
/** Lines that are compared one by one, once what is the same at both ends is left out; more count as replaced whole. */
const MAX_COMPARED_LINES = 2000;

interface Edit {
  readonly mark: ' ' | '-' | '+';
  readonly line: string;
}

/** The unified difference; empty when the texts are the same. */
export function unifiedDiff(before: string, after: string, names: readonly [before: string, after: string]): string {
  const edits = editsOf(linesOf(before), linesOf(after));
  const hunks = hunksOf(edits);
  return hunks.length === 0 ? '' : `--- ${names[0]}\n+++ ${names[1]}\n${hunks.join('')}`;
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const same = (lines: readonly string[]): Edit[] => lines.map((line) => ({ mark: ' ', line }));
  return [
    ...same(before.slice(0, start)),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ];
}

/** By the longest common subsequence. */
function middle(before: readonly string[], after: readonly string[]): Edit[] {
  const removed = before.map((line): Edit => ({ mark: '-', line }));
  const added = after.map((line): Edit => ({ mark: '+', line }));
  if (before.length > MAX_COMPARED_LINES || after.length > MAX_COMPARED_LINES) return [...removed, ...added];
  const width = after.length + 1;
  const common = new Uint16Array((before.length + 1) * width);
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      const at = row * width + column;
      common[at] =
        before[row] === after[column] ? common[at + width + 1]! + 1 : Math.max(common[at + width]!, common[at + 1]!);
    }
  }
  const edits: Edit[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length && column < after.length) {
    const at = row * width + column;
    if (before[row] === after[column]) {
      edits.push({ mark: ' ', line: before[row++]! });
      column++;
    } else if (common[at + width]! >= common[at + 1]!) edits.push(removed[row++]!);
    else edits.push(added[column++]!);
  }
  return [...edits, ...removed.slice(row), ...added.slice(column)];
}

function hunksOf(edits: readonly Edit[]): string[] {
  const hunks: string[] = [];
  let at = 0;
  let oldLine = 1;
  let newLine = 1;
  while (at < edits.length) {
    const first = edits.findIndex(({ mark }, index) => index >= at && mark !== ' ');
    if (first < 0) break;
    const begin = Math.max(at, first - CONTEXT_LINES);
    oldLine += begin - at;
    newLine += begin - at;
    const end = hunkEnd(edits, first);
    const part = edits.slice(begin, end);
    const oldCount = part.filter(({ mark }) => mark !== '+').length;
    const newCount = part.filter(({ mark }) => mark !== '-').length;
    const head = `@@ -${range(oldLine, oldCount)} +${range(newLine, newCount)} @@`;
    hunks.push(`${[head, ...part.map(({ mark, line }) => mark + line)].join('\n')}\n`);
    oldLine += oldCount;
    newLine += newCount;
    at = end;
  }
  return hunks;
}

/** Behind the last line of the hunk that begins with the change at `first`. */
function hunkEnd(edits: readonly Edit[], first: number): number {
  let last = first;
  for (let index = first; index < edits.length && index - last <= 2 * CONTEXT_LINES; index++) {
    if (edits[index]!.mark !== ' ') last = index;
  }
  return Math.min(edits.length, last + 1 + CONTEXT_LINES);
}

/** An empty range is named by the line before it. */
function range(line: number, count: number): string {
  return `${count === 0 ? line - 1 : line},${count}`;
}
