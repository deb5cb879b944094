/** A self-signed certificate for `localhost` (not for any address), valid from 2020 to 2120; for tests only. */
export const LOCALHOST_CERTIFICATE = ``;

/** The key of `LOCALHOST_CERTIFICATE`. */
export const LOCALHOST_KEY = ``;
