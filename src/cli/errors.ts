import { ConfigurationError } from '../config/problems.ts';
import { DistreamError, reasonOf } from '../core/errors.ts';
import { cleanText } from '../core/text.ts';
import { paint } from './paint.ts';

/** How an error is shown. */
export interface ErrorStyle {
  readonly json: boolean;
  readonly colour: boolean;
}

/** Any thrown value as an error for people. */
export function asDistreamError(error: unknown): DistreamError {
  if (error instanceof DistreamError) return error;
  return new DistreamError('INTERNAL', { reason: reasonOf(error) }, { cause: error });
}

/** The text of an error for standard error: message, remedy, where to read more; or one JSON object. */
export function formatError(error: DistreamError, { json, colour }: ErrorStyle): string {
  const all = error instanceof ConfigurationError ? error.problems : [error];
  if (json) return `${JSON.stringify({ errors: all.map(toJson) })}\n`;
  const lines = all.flatMap((one) => [
    `${paint.red('error:', colour)} ${cleanText(one.message)}`,
    ...one.lines.map((line) => `  ${cleanText(line)}`),
    ...(one.remedy ? [`  ${paint.green('fix:', colour)} ${cleanText(one.remedy)}`] : []),
  ]);
  const codes = new Map(all.map((one) => [one.code, one.docs]));
  for (const [code, docs] of codes) lines.push(`  ${paint.grey('more:', colour)} ${docs} (${code})`);
  return `${lines.join('\n')}\n`;
}

function toJson({ code, message, lines, remedy, docs }: DistreamError) {
  const more = lines.length > 0 ? { lines: lines.map((line) => cleanText(line)) } : {};
  return { code, message: cleanText(message), ...more, remedy: cleanText(remedy), docs };
}
