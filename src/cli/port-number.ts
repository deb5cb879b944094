import { InvalidArgumentError } from 'commander';
import { wholeNumber } from './whole-number.ts';

/** An option's value that is a port. Throws InvalidArgumentError. */
export function portNumber(text: string): number {
  const port = wholeNumber(text, 1, 65_535);
  if (port === undefined) throw new InvalidArgumentError('Expected a port from 1 to 65535.');
  return port;
}
