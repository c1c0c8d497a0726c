import { expect, it } from 'vitest';

import { createShellSource } from '../../../../src/core/sources/shell/shell-source.ts';
import { aStoredItem } from '../../../support/previews.ts';

it('shows of a plain terminal where it was and what ran in it', async () => {
  const item = aStoredItem({ attributes: { cwd: '/srv', argv: ['less', 'a file'] } });

  expect(
    await createShellSource().preview?.(item, { limit: 1, readStream: () => Promise.reject(new Error()) }),
  ).toEqual({ type: 'terminal', text: '', columns: 80, cwd: '/srv', command: "less 'a file'", omittedLines: 0 });
});
