// Which server a chat speaks to, and what is said to it of who asks. A key goes to the server that was named, over an encrypted
// connection or within this machine, and nowhere else.

import { AppError } from '../../../shared/model/app-error.ts';
import { CHAT_PROTOCOLS, type ChatProvider } from './protocols.ts';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/;

export interface ChatEndpoint {
  readonly provider: ChatProvider;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Null where the server wants none. Never logged, never in an error. */
  readonly key: string | null;
}

/** @throws AppError USAGE_INVALID where the address or the key makes no sense together */
export function createEndpoint(provider: ChatProvider, address: string | undefined, key: string | null): ChatEndpoint {
  const protocol = CHAT_PROTOCOLS[provider];
  const url = parseAddress(address ?? protocol.defaultBaseUrl);
  const isHere = LOOPBACK.test(url.hostname);
  if (key !== null && url.protocol !== 'https:' && !isHere)
    throw new AppError('USAGE_INVALID', 'The key would be readable on its way: this address is not encrypted.', {
      hint: 'Use an https address, or no key.',
    });
  if (key === null && address === undefined)
    throw new AppError('USAGE_INVALID', `There is no key for ${provider}.`, {
      hint: `Set $${protocol.keyVariable}, or give --key-file FILE; --base-url names a server that wants none.`,
    });
  if (key !== null && !/^[\x21-\x7e]{1,4096}$/.test(key))
    throw new AppError('USAGE_INVALID', 'The key is no single line of plain characters.', {
      hint: `Look at $${protocol.keyVariable} or the file of --key-file.`,
    });
  return { provider, baseUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, key };
}

function parseAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isWeb || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new AppError('USAGE_INVALID', 'This is no address of a model server.', {
      hint: 'Give one such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1; a key never stands in it.',
    });
  return url;
}
