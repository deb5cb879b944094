import { type Command, InvalidArgumentError, Option } from 'commander';

/** Where a command shows its page. */
export interface PageAddress {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_HOST = '127.0.0.1';
const ADDRESS = /^(?:(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):)?(\d{1,5})$/;

/** Adds `--page` to a command. */
export function addPageOption(command: Command): Command {
  const what = 'show it in a browser at this port of this machine, or of HOST; /tracks is the page';
  return command.addOption(new Option('--page <[host:]port>', what).argParser(pageAddress));
}

/** `8080`, `0.0.0.0:8080`, `[::1]:8080`. */
export function pageAddress(text: string): PageAddress {
  const match = ADDRESS.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_534) throw new InvalidArgumentError('Expected a port, or HOST:PORT.');
  return { host: match[1]?.replace(/^\[|\]$/g, '') ?? DEFAULT_HOST, port };
}
