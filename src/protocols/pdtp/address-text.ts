const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6 = /^[0-9A-Fa-f:.]{2,45}$/;
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_.])?$/;

/** A last label that resolvers take for a number: `127.1`, `0x7f.1`. */
const ENDS_IN_A_NUMBER = /(?:^|\.)(?:\d{1,255}|0[xX][0-9A-Fa-f]{0,253})\.?$/;

/** True for an IPv4 address of four decimal numbers, or an IPv6 address without brackets and zone. */
export function isPeerAddress(text: string): boolean {
  if (IPV4.test(text)) return text.split('.').every((part) => Number(part) <= 255 && String(Number(part)) === part);
  return text.includes(':') && IPV6.test(text) && URL.canParse(`http://[${text}]/`);
}

/** True for an address as above, or for what can be a host name and no other way to write an address. */
export function isPeerHost(text: string): boolean {
  return isPeerAddress(text) || (HOST_NAME.test(text) && !ENDS_IN_A_NUMBER.test(text));
}
