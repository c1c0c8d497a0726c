// Where a webhook may point: to the outside, by TLS. Never into the network that the server stands in, whatever a name resolves to: the
// address that was checked is the one that is connected to.

import { lookup as lookUp } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

import { AppError } from '../../shared/model/app-error.ts';

export interface AddressRules {
  /** True where the operator lets webhooks go to private addresses, and without TLS. */
  readonly mayBePrivate: boolean;
}

const MAX_URL = 2_000;

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  PRIVATE.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(network, bits, 'ipv6');

/** @throws AppError USAGE_INVALID */
export function parseWebhookUrl(text: string, rules: AddressRules): URL {
  const url = URL.parse(text);
  if (url === null || text.length > MAX_URL) throw refused('This is no address.');
  if (url.username !== '' || url.password !== '')
    throw refused('An address with a name and password in it is not taken.');
  const isHttp = url.protocol === 'http:' && rules.mayBePrivate;
  if (url.protocol !== 'https:' && !isHttp) throw refused('A webhook needs an https address.');
  const host = hostOf(url);
  if (isIP(host) !== 0 && isPrivate(host) && !rules.mayBePrivate) throw refused('This address is not on the internet.');
  return url;
}

/** The address to connect to. @throws AppError USAGE_INVALID where the name leads into a private network */
export async function resolveWebhook(
  url: URL,
  rules: AddressRules,
  lookup: (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]> = (host) =>
    lookUp(host, { all: true }),
): Promise<{ readonly address: string; readonly family: number }> {
  const host = hostOf(url);
  const addresses = isIP(host) === 0 ? await lookup(host) : [{ address: host, family: isIP(host) }];
  const [first] = addresses;
  if (first === undefined) throw refused('The name has no address.');
  if (!rules.mayBePrivate && addresses.some(({ address }) => isPrivate(address)))
    throw refused('This address is not on the internet.');
  return first;
}

function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function refused(what: string): AppError {
  return new AppError('USAGE_INVALID', what, { hint: 'Give an https address that the internet can reach.' });
}
