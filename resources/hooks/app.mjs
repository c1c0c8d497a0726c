// The running Cairn, as hooks find it and speak to it.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';

/** Where the app over this data folder listens; null where none runs. */
export function findApp(home) {
  try {
    const { pid, port } = JSON.parse(readFileSync(join(home, 'running.json'), 'utf8'));
    if (!Number.isInteger(pid) || !Number.isInteger(port)) return null;
    process.kill(pid, 0);
    const path = join(home, 'api-token');
    const stats = lstatSync(path);
    if (!stats.isFile() || (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)) return null;
    return { port, token: readFileSync(path, 'utf8').trim() };
  } catch {
    return null;
  }
}

/** A port that is free again may be anybody's: the token is told only to who knows it. */
export async function isCairn({ port, token }, withinMs) {
  const challenge = randomBytes(16).toString('hex');
  const hello = await call(port, { method: 'GET', path: `/api/hello?challenge=${challenge}`, withinMs });
  const expected = digest(`${token} ${digest(`${challenge} ${token}`).toString('hex')}`).toString('hex');
  return typeof hello.answer === 'string' && timingSafeEqual(digest(hello.answer), digest(expected));
}

/** The answer's JSON, also where it is an error. */
export function call(port, { method, path, token, body, withinMs }) {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const sent = request({ host: '127.0.0.1', port, method, path, headers, timeout: withinMs }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString('utf8'))));
    });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy());
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** What stands on stdin; null where it is more than anybody would say. */
export async function readInput(maxBytes) {
  const parts = [];
  let bytes = 0;
  for await (const part of process.stdin) {
    bytes += part.length;
    if (bytes > maxBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export function digest(text) {
  return createHash('sha256').update(text).digest();
}
