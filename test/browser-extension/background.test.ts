// The extension's whole background script on a browser in memory, spoken to as the helper program does.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Event, Port } from '../../resources/browser-extension/webextension.d.ts';
import { waitFor } from '../support/test-host.ts';
import { FakeBrowser } from './fake-browser.ts';

type Said = Readonly<Record<string, unknown>>;

let browser: FakeBrowser;
let said: Said[];
let hear: (message: object) => void;

beforeEach(async () => {
  browser = new FakeBrowser({ isFirefox: true });
  said = [];
  const onMessage: Event<[message: unknown]> = { addListener: (listener) => (hear = listener) };
  const port: Port = {
    onMessage,
    onDisconnect: { addListener: () => undefined },
    postMessage: (message) => said.push(structuredClone(message) as Said),
  };
  const api = { ...browser.api, runtime: { ...browser.api.runtime, connectNative: () => port } };
  vi.stubGlobal('browser', api);
  browser.addWindow(['https://present/']);
  vi.resetModules();
  await import('../../resources/browser-extension/background.js');
  await waitFor('what is open', () => said.some(({ type }) => type === 'snapshot'));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function ask(command: object): void {
  const instance = said.find(({ type }) => type === 'hello')?.['instance'];
  hear({ type: 'command', request: 7, command: { instance, ...command } });
}

async function resultOf(command: object): Promise<Said> {
  ask(command);
  await waitFor('the result', () => said.some(({ type }) => type === 'result'));
  return said.find(({ type }) => type === 'result') ?? {};
}

const WINDOW = {
  bounds: null,
  state: null,
  into: null,
  isOurs: true,
  mayFillBlank: false,
  tabs: [{ url: 'https://opened/', title: 'Opened', index: 0, isPinned: false, isActive: true, group: null }],
  groups: [],
};

describe('a command', () => {
  it('has its result only when what it opened was told', async () => {
    expect(await resultOf({ name: 'open-window', window: WINDOW })).toMatchObject({ request: 7, ok: true });

    const kinds = said.map(({ type }) => type);
    expect(kinds.slice(0, kinds.indexOf('result') + 1)).toEqual(['hello', 'snapshot', 'snapshot', 'result']);
    expect(JSON.stringify(said[kinds.lastIndexOf('snapshot')])).toContain('https://opened/');
  });

  it('that cannot be carried out says why', async () => {
    expect(await resultOf({ name: 'close-all' })).toEqual({
      type: 'result',
      request: 7,
      ok: false,
      error: 'this extension is older than Cairn',
    });
  });
});
