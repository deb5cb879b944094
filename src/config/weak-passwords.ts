/** Passwords that stand in examples, manuals and lists of guesses. */
const EXAMPLES = new Set(
  (
    'hackme changeme change-me password passw0rd secret admin administrator root distreamer distream source ' +
    'icecast shoutcast stream radio relay test demo guest letmein abc123 123456 12345678 qwerty default example'
  ).split(' '),
);

/**
 * Why a password protects nothing, or undefined when it is not one of the known bad ones.
 * @param user the name that goes with it
 */
export function weaknessOf(password: string, user?: string): string | undefined {
  const plain = password.trim().toLowerCase();
  if (plain === '') return 'the password is empty';
  if (EXAMPLES.has(plain)) return 'the password is an example that everybody knows';
  if (user !== undefined && plain === user.toLowerCase()) return 'the password is the same as the user';
  return undefined;
}

/** True for an address that only this machine reaches. A name counts only when it is `localhost`. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '').toLowerCase();
  return plain === 'localhost' || plain === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(plain);
}
