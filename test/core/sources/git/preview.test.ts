import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { countPatchLines } from '../../../../src/core/sources/git/count-patch-lines.ts';
import { previewRepository } from '../../../../src/core/sources/git/preview.ts';
import { MAX_PATCH_LENGTH, splitPatch } from '../../../../src/core/sources/git/split-patch.ts';
import { previewWith } from '../../../support/previews.ts';

const EDITED = `diff --git a/src/a.ts b/src/a.ts
index 1..2 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,3 +1,3 @@
 one
--- two
+++ two
+diff --git a/x b/x
 three
`;
const NEW = `diff --git a/new file.py b/new file.py
new file mode 100644
index 0..1
--- /dev/null
+++ b/new file.py\t
@@ -0,0 +1 @@
+<script>alert(1)</script>
\\ No newline at end of file
`;
const QUOTED = String.raw`diff --git "a/\303\274 \"q\"\t\\.md" "b/\303\274 \"q\"\t\\.md"
deleted file mode 100644
index 1..0
`;
const BINARY = `diff --git a/i.png b/i.png
index 1..2 100644
GIT binary patch
literal 3
KcmZQzWMT#Y01f~L

literal 0
HcmV?d00001

`;

/** Pieces of patches in any order, broken ones too. */
const patches = fc
  .array(
    fc.oneof(
      fc.string({ maxLength: 10 }),
      fc.constantFrom(
        EDITED,
        NEW,
        QUOTED,
        BINARY,
        'diff --git ',
        '\n',
        '@@ ',
        '+++ "b/\\',
        '"\\3',
        '--- a/x\n',
        '+a\n',
      ),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

describe('splitPatch()', () => {
  it('parts a patch into its files, whatever their content looks like', () => {
    const files = splitPatch(EDITED + NEW + QUOTED + BINARY);

    expect(files).toEqual([
      { path: 'src/a.ts', added: 2, removed: 1, patch: EDITED, language: 'typescript', ...flags() },
      { path: 'new file.py', added: 1, removed: 0, patch: NEW, language: 'python', ...flags({ isNew: true }) },
      {
        path: 'ü "q"\t\\.md',
        added: 0,
        removed: 0,
        patch: QUOTED,
        language: 'markdown',
        ...flags({ isDeleted: true }),
      },
      { path: 'i.png', added: 0, removed: 0, patch: 'binary file', language: '', ...flags({ isBinary: true }) },
    ]);
  });

  it('cuts a long patch at a line, says so, and counts all of it', () => {
    const [file] = splitPatch(`${NEW}${'+line\n'.repeat(100_000)}`);

    expect(file?.added).toBe(100_001);
    expect(file?.patch.length).toBeLessThan(MAX_PATCH_LENGTH + 100);
    expect(file?.patch).toMatch(/\+line\n\\ \d+ more characters are not shown here\n$/);
  });

  it('takes any text, and counts as the capture does', () => {
    fc.assert(
      fc.property(patches, (text) => {
        for (const file of splitPatch(text)) expect(file.patch.length).toBeLessThan(MAX_PATCH_LENGTH + 100);
        countPatchLines(Buffer.from(text));
      }),
      { numRuns: 500 },
    );
    expect(countPatchLines(Buffer.from(EDITED + BINARY + NEW + QUOTED))).toEqual({ added: 3, removed: 1 });
    splitPatch('diff --git \n'.repeat(50_000));
  });
});

describe('previewRepository()', () => {
  it('shows what was staged, changed, new, in conflict, and what was left out', async () => {
    const attributes = {
      path: '/srv/api',
      branch: 'main',
      stashes: 2,
      files: [
        { path: '/srv/api/src/a.ts', state: 'UU' },
        { path: '/srv/api/new file.py', state: '??' },
        { path: '/srv/api/.env', state: '??' },
        { path: '/srv/api/gone.c', state: 'UD' },
      ],
      leftOut: [{ path: '/srv/api/.env', why: 'its name says that it holds secrets' }],
    };

    const shown = await previewWith(
      previewRepository,
      { attributes },
      { 'staged.patch': BINARY + NEW.replaceAll('new file', 'staged'), 'unstaged.patch': EDITED + NEW + QUOTED },
    );

    expect(shown).toMatchObject({ type: 'repository', path: '/srv/api', branch: 'main', stashes: 2, commits: [] });
    expect(shown.files.map(({ path, state }) => `${state} ${path}`)).toEqual([
      'staged i.png',
      'staged staged.py',
      'conflict src/a.ts',
      'untracked new file.py',
      'unstaged ü "q"\t\\.md',
      'untracked .env',
      'conflict gone.c',
    ]);
    expect(shown.files[5]).toMatchObject({ patch: 'not kept: its name says that it holds secrets' });
  });

  it('names a commit where there is no branch', async () => {
    const attributes = { branch: null, head: '0123456789abcdef'.repeat(2) };

    expect((await previewWith(previewRepository, { attributes }, {})).branch).toBe('detached 01234567');
  });

  it('hands over no more than a screen can take', async () => {
    const many = EDITED.replace('+++ two', `+${'x'.repeat(100_000)}`).repeat(100);

    const { files } = await previewWith(previewRepository, {}, { 'unstaged.patch': many });

    expect(files).toHaveLength(100);
    expect(files.reduce((sum, { patch }) => sum + patch.length, 0)).toBeLessThan(5_100_000);
    expect(files.at(-1)).toMatchObject({ added: 2, patch: expect.stringContaining('not shown') });
  });

  it('takes any facts and any bytes', async () => {
    const facts = fc.dictionary(
      fc.constantFrom('path', 'branch', 'head', 'stashes', 'files', 'leftOut'),
      fc.oneof(fc.jsonValue(), fc.array(fc.record({ path: fc.string(), state: fc.jsonValue(), why: fc.jsonValue() }))),
    );
    await fc.assert(
      fc.asyncProperty(facts, patches, fc.uint8Array({ maxLength: 200 }), async (attributes, text, noise) => {
        await previewWith(
          previewRepository,
          { attributes: JSON.parse(JSON.stringify(attributes)) },
          { 'staged.patch': new Uint8Array(noise), 'unstaged.patch': text },
        );
      }),
    );
  });
});

function flags(overrides: object = {}): object {
  return { isNew: false, isDeleted: false, isBinary: false, ...overrides };
}
