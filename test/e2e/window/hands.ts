// What a person without a mouse does and sees: keys, and where the focus is.

import type { Locator, Page } from '@playwright/test';

import { expect } from './fixtures.ts';

/** What is wrong with where the focus is, as its holder's outline, place and size tell; empty where it can be seen. */
const FOCUS_TROUBLE = `(() => {
  const element = document.activeElement;
  if (element === null || element === document.body) return 'nothing has the focus';
  const own = getComputedStyle(element);
  const name = element.outerHTML.slice(0, 120);
  const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
  if (width < 2 || height < 2) return 'too small to be seen: ' + name;
  if (right <= 0 || bottom <= 0 || left >= innerWidth || top >= innerHeight) return 'out of sight: ' + name;
  if (own.visibility !== 'visible' || Number(own.opacity) < 0.1) return 'invisible: ' + name;
  // A tree shows the focus on the row that is meant, too.
  const isSeen = own.outlineStyle !== 'none' && parseFloat(own.outlineWidth) >= 2;
  return isSeen ? '' : 'without a ring: ' + name;
})()`;

/** The focus is on this, and can be seen. */
export async function expectFocus(page: Page, wanted: Locator): Promise<void> {
  await expect(wanted).toBeFocused();
  expect(await page.evaluate(FOCUS_TROUBLE)).toBe('');
}

/** Presses Tab until the focus is there; at each stop on the way it can be seen. */
export async function tabTo(page: Page, wanted: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await expect(wanted).toBeVisible();
  for (let tabs = 0; tabs < 60; tabs += 1) {
    await page.keyboard.press(key);
    expect(await page.evaluate(FOCUS_TROUBLE)).toBe('');
    if (await wanted.evaluate((element) => element === element.ownerDocument.activeElement)) return;
  }
  throw new Error(`no ${key} leads to ${String(wanted)}`);
}
