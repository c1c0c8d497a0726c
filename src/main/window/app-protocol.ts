// Serves the built renderer at app://cairn and nothing else: no other folder, no listing, no other kind of file. Every answer carries
// the rules under which the page runs.

import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

import type { ElectronApi } from '../electron-api.ts';
import { APP_SCHEME, isOwnPage } from './own-page.ts';

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.woff2', 'font/woff2'],
  ['.json', 'application/json'],
]);

/** Screens whose addresses hold what was captured. */
const SCREENS = /^\/(?:item|snapshot|compare|restore)\//;

/** Styles may stand in the page: terminals and dialogs write theirs while they run. Scripts only come from the built files. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** MUST run before the app is ready: later the scheme is a stranger to the page's security rules. */
export function registerAppScheme(protocol: ElectronApi['protocol']): void {
  protocol.registerSchemesAsPrivileged([{ scheme: APP_SCHEME, privileges: { standard: true, secure: true } }]);
}

/** Answers requests from the files below a folder. */
export function createAssetHandler(root: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const path = request.method === 'GET' ? findAsset(request.url, root) : null;
    if (path === null) return refuse();
    try {
      const headers = { ...HEADERS, 'content-type': TYPES.get(extname(path)) ?? 'application/octet-stream' };
      return new Response(await readFile(path), { headers });
    } catch {
      return refuse();
    }
  };
}

/** The file that an address means, or null where it means none of ours. Addresses of screens give the page itself. */
export function findAsset(address: string, root: string): string | null {
  if (!isOwnPage(address)) return null;
  // Keys of items stand in addresses of screens, and may look like the name of any file.
  if (SCREENS.test(new URL(address).pathname)) return join(root, 'index.html');
  const names = decodePath(new URL(address).pathname)
    ?.split('/')
    .filter((name) => name !== '');
  if (names === undefined) return null;
  const isPlain = names.every((name) => !name.startsWith('.') && !/[\\:\p{C}]/u.test(name));
  if (!isPlain) return null;
  const last = names.at(-1) ?? '';
  if (extname(last) === '') return join(root, 'index.html');
  const path = join(root, ...names);
  return path.startsWith(root + sep) && TYPES.has(extname(last)) ? path : null;
}

function decodePath(path: string): string | null {
  try {
    const decoded = decodeURIComponent(path);
    // A slash that only shows once decoded was meant to hide.
    return decoded.split('/').length === path.split('/').length ? decoded : null;
  } catch {
    return null;
  }
}

function refuse(): Response {
  return new Response('', { status: 404, headers: { ...HEADERS, 'content-type': 'text/plain' } });
}
