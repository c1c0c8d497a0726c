// What docs/electron-security.md says is not there at all: looked for in the sources of the desktop shell, its preload and the page.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../src/', import.meta.url));

const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a captured address handed to the system', /\bopenExternal\s*\(|\bshell\.openPath\b/],
  ['a channel that any page may call', /\bipcMain\b|\bipcRenderer\.(?:invoke|send|sendSync|sendToHost)\b/],
  ['an API exposed to the page', /\bexposeInMainWorld\b/],
  ['a page with the privileges of files', /\bloadFile\s*\(|loadURL\(\s*['"`]file:/],
  ['experimental features', /\benableBlinkFeatures\b|\benable-blink-features\b/],
  [
    'a page without its protection',
    /webSecurity:\s*false|sandbox:\s*false|contextIsolation:\s*false|nodeIntegration:\s*true/,
  ],
  ['a certificate taken on trust', /certificate-error|setCertificateVerifyProc|ignore-certificate-errors/],
  ['a crash reporter', /\bcrashReporter\b/],
  ['text that becomes HTML', /dangerouslySetInnerHTML|\.innerHTML\s*=|\beval\s*\(|new Function\(/],
];

it.each(FORBIDDEN)('holds no %s', (_what, pattern) => {
  const found = ['main', 'preload', 'renderer'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .filter((name) => pattern.test(readFileSync(join(ROOT, folder, name), 'utf8'))),
  );

  expect(found).toEqual([]);
});
