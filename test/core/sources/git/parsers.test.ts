import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { OPERATION_HEADS, readOperation } from '../../../../src/core/sources/git/operation.ts';
import { parseBundle } from '../../../../src/core/sources/git/restore/bundle.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';

const OID = '0123456789abcdef0123456789abcdef01234567';

describe('parseBundle()', () => {
  it('takes arbitrary bytes, with and without its beginning', () => {
    const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array));
    const begun = bytes.map((rest) => Buffer.concat([Buffer.from('# v2 git bundle\n'), rest]));
    fc.assert(
      fc.property(fc.oneof(bytes, begun), (input) => {
        const bundle = parseBundle(input);
        if (bundle !== null) expect(bundle.pack.length).toBeLessThan(input.length);
      }),
    );
  });

  it('takes any lines between, and only ids of commits for ids', () => {
    const line = fc.oneof(fc.string(), fc.constant(`-${OID} a subject`), fc.constant(`${OID} refs/heads/main`));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const bundle = parseBundle(Buffer.from(`# v3 git bundle\n${lines.join('\n')}\n\nPACK`));
        for (const oid of [...(bundle?.prerequisites ?? []), ...(bundle?.tips.map((tip) => tip.oid) ?? [])])
          expect(oid).toMatch(/^[0-9a-f]{40,64}$/);
      }),
    );
  });
});

describe('readOperation()', () => {
  it('takes arbitrary bytes in every file that git leaves of an operation', () => {
    const names = [
      ...OPERATION_HEADS,
      ...['MERGE_MSG', 'BISECT_LOG', 'BISECT_START'],
      ...['head-name', 'orig-head', 'onto', 'msgnum', 'end', 'git-rebase-todo'].map((name) => `rebase-merge/${name}`),
      ...['head-name', 'orig-head', 'onto', 'next', 'last', 'applying'].map((name) => `rebase-apply/${name}`),
    ];
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.constant(Buffer.from(`${OID}\n`)),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), content), (files) => {
        using folder = makeTemporaryFolder();
        for (const [name, bytes] of Object.entries(files)) {
          mkdirSync(dirname(join(folder.path, name)), { recursive: true });
          writeFileSync(join(folder.path, name), bytes);
        }
        const operation = readOperation(folder.path);
        for (const oids of Object.values(operation?.heads ?? {}))
          for (const oid of oids) expect(oid).toMatch(/^[0-9a-f]{40,64}$/);
      }),
    );
  });
});
