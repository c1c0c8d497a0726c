// Gives the built renderer to the browser: a fixed list of files read once, so that no path can lead anywhere else.

import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
const INDEX = '/index.html';

/** Paths as the browser asks for them, with what to answer. */
export type StaticFiles = ReadonlyMap<string, { readonly type: string; readonly bytes: Buffer }>;

/** Reads the folder of the built renderer. @throws AppError EXEC_FAILED where there is none */
export function readStaticFiles(folder: string): StaticFiles {
  try {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const entries = files.flatMap((entry): [string, { type: string; bytes: Buffer }][] => {
      const path = join(entry.parentPath, entry.name);
      const type = TYPES[extname(entry.name)];
      const name = `/${relative(folder, path).split(sep).join('/')}`;
      return type === undefined ? [] : [[name, { type, bytes: readFileSync(path) }]];
    });
    const found = new Map(entries);
    if (found.has(INDEX)) return found;
  } catch {
    // told below
  }
  throw new AppError('EXEC_FAILED', 'The window of Cairn has not been built.', {
    hint: 'Run `npm run build` in the folder of Cairn first.',
  });
}

/** What a page of ours may do: load its own files and talk to this server. Styles may be inline, since a terminal's rows are. */
export function contentSecurityPolicy(port: number): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ws://127.0.0.1:${port} ws://localhost:${port}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Answers with a file; addresses of the app's own pages are all its one document. False where there is none. */
export function sendStatic(files: StaticFiles, path: string, port: number, response: ServerResponse): boolean {
  // Keys of items stand in addresses of screens, and may look like the name of any file.
  const file = files.get(path) ?? (path.startsWith('/assets/') ? undefined : files.get(INDEX));
  if (file === undefined) return false;
  response.setHeader('content-security-policy', contentSecurityPolicy(port));
  response.setHeader('permissions-policy', 'camera=(), microphone=(), geolocation=(), clipboard-read=()');
  // Names of assets hold a hash of their content.
  if (path.startsWith('/assets/')) response.setHeader('cache-control', 'private, max-age=31536000, immutable');
  response.writeHead(200, { 'content-type': file.type });
  response.end(file.bytes);
  return true;
}
