// Addresses of remotes as they may be stored and shown: without names, passwords and tokens.

const MAX_ADDRESS_LENGTH = 2_000;

/**
 * Gives the address without its credentials: all userinfo of `http:` and its like, the password of `ssh:` (its user name is part of
 * the way), and every query and fragment. An address that runs a program (`ext::...`) keeps only the helper's name.
 */
export function withoutCredentials(address: string): string {
  const text = address.slice(0, MAX_ADDRESS_LENGTH);
  const helper = /^([A-Za-z0-9+.-]+)::/.exec(text);
  if (helper !== null) return `${helper[1] ?? ''}::(left out)`;
  const url = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)/.exec(text);
  if (url === null) return withoutScpPassword(text);
  const [, scheme = '', authority = '', path = ''] = url;
  // A password may itself hold an `@`: the host begins after the last one.
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const user = at < 0 || !/ssh/i.test(scheme) ? '' : (authority.slice(0, at).split(':')[0] ?? '');
  return `${scheme}://${user === '' ? '' : `${user}@`}${host}${path}`;
}

/** `user@host:path` as ssh reads it. What looks like `user:password@host:path` loses the password. */
function withoutScpPassword(text: string): string {
  const match = /^([^/@:]*):[^/@]*@(.*)$/.exec(text);
  return match === null ? text : `${match[1] ?? ''}@${match[2] ?? ''}`;
}
