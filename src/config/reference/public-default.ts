import { VERSION } from '../../core/version.ts';

/** A default as documentation shows it: the version, which changes with each release, becomes `VERSION`. */
export function publicDefault(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(`/${VERSION}`, '/VERSION') : value;
}
