import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toTabItems } from '../../../../src/core/sources/browser/browser-tab.ts';
import { previewTab } from '../../../../src/core/sources/browser/preview.ts';
import { decodeMozLz4 } from '../../../../src/core/sources/firefox/mozlz4.ts';
import { parseFirefoxSession } from '../../../../src/core/sources/firefox/parse-session.ts';
import { previewSchema } from '../../../../src/shared/contract/schemas.ts';
import { parseSourceId } from '../../../../src/shared/model/ids.ts';
import { aStoredItem } from '../../../support/previews.ts';

const FILE = new URL('../../../fixtures/browser/firefox-153.7esr-recovery.jsonlz4', import.meta.url);

describe('previewTab()', () => {
  it('shows the tabs of a genuine session: addresses, histories, pins and groups', () => {
    const profile = { source: parseSourceId('firefox'), browser: 'Firefox', profile: 'p', profileDir: '/p' };
    const windows = parseFirefoxSession(decodeMozLz4(readFileSync(FILE)) ?? Buffer.alloc(0)) ?? [];
    const items = toTabItems({ ...profile, isRunning: true }, windows);

    const shown = items.map((item) => previewSchema.parse(previewTab({ ...item, streams: [], stale: false })));
    const tabs = shown.filter((preview) => preview.type === 'tab');

    expect(tabs).toHaveLength(items.length);
    expect(tabs.every(({ url, history }) => history.some((page) => page.url === url))).toBe(true);
    expect(tabs.some(({ history }) => history.length > 1)).toBe(true);
    expect(tabs.some(({ isPinned }) => isPinned)).toBe(true);
    expect(tabs.some(({ group }) => group !== undefined)).toBe(true);
  });

  it('takes any facts', () => {
    const facts = fc.record({
      url: fc.jsonValue(),
      history: fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())),
      isPinned: fc.jsonValue(),
      group: fc.oneof(fc.jsonValue(), fc.record({ name: fc.jsonValue() })),
    });
    fc.assert(
      fc.property(facts, (attributes) => {
        previewSchema.parse(previewTab(aStoredItem({ attributes: JSON.parse(JSON.stringify(attributes)) })));
      }),
    );
    expect(previewTab(aStoredItem())).toEqual({ type: 'tab', url: '', history: [], isPinned: false });
  });
});
