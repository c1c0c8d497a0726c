import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { findForbidden, importsOf, listShipped, toDocument, type Lock } from '../../scripts/licences.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const LOCK: Lock = {
  packages: {
    '': { devDependencies: { page: '1', tool: '1' } },
    'node_modules/engine': { version: '2.0.0', license: 'ISC' },
    'node_modules/page': { version: '1.0.0', license: 'MIT', dev: true, dependencies: { part: '1' } },
    'node_modules/page/node_modules/part': { version: '1.5.0', license: 'GPL-3.0', dev: true },
    'node_modules/part': { version: '2.0.0', license: 'MIT', dev: true },
    'node_modules/tool': { version: '1.0.0', license: 'AGPL-3.0', dev: true, hasInstallScript: true },
    'node_modules/own-tool': { link: true },
    'scripts/own-tool': { version: '1.0.0', dev: true },
    'node_modules/scripted': { version: '1.0.0', license: 'MIT', hasInstallScript: true },
  },
};

describe('listShipped()', () => {
  it('lists what is installed and what the page is made of, with what these need, and no tools', () => {
    expect(listShipped(LOCK, ['page']).map(({ name, version }) => `${name} ${version}`)).toEqual([
      'engine 2.0.0',
      'page 1.0.0',
      'part 1.5.0',
      'scripted 1.0.0',
    ]);
  });
});

describe('findForbidden()', () => {
  it('refuses other licences than permissive ones, and scripts at installation', () => {
    expect(findForbidden(listShipped(LOCK, ['page']))).toEqual([
      'part has the licence GPL-3.0, which nobody has allowed yet.',
      'scripted runs a script when it is installed.',
    ]);
  });
});

describe('importsOf()', () => {
  it('finds packages in every kind of import, and nothing of ours', () => {
    using folder = makeTemporaryFolder();
    mkdirSync(join(folder.path, 'deep'));
    writeFileSync(
      join(folder.path, 'a.ts'),
      "import type { A } from '@scope/a/part';\nimport 'b/style.css';\nimport c from './c.ts';\n",
    );
    writeFileSync(join(folder.path, 'deep/d.tsx'), "const d = await import('d');\nimport fs from 'node:fs';\n");

    expect(importsOf(folder.path)).toEqual(['@scope/a', 'b', 'd']);
  });
});

describe('what ships', () => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock; // npm's own format
  const shipped = listShipped(lock, importsOf(join(ROOT, 'src/renderer')));

  it('has permissive licences only, runs no script when it is installed, and is written down', () => {
    expect(findForbidden(shipped)).toEqual([]);
    expect(readFileSync(join(ROOT, 'docs/third-party.md'), 'utf8')).toBe(toDocument(shipped));
    expect(shipped.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['react', 'better-sqlite3', '@xterm/xterm']),
    );
  });

  it('brings no Node, whose fixes come from the host', () => {
    expect(shipped.filter(({ name }) => /^node(?:-(?:linux|darwin|win)|$)/.test(name))).toEqual([]);
  });

  it('is installed without scripts, whoever installs it', () => {
    expect(readFileSync(join(ROOT, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
    const { allowScripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { allowScripts: object }; // ours
    expect(Object.values(allowScripts).every((isAllowed) => isAllowed === false)).toBe(true);
  });
});
