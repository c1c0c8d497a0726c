import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { plainUrl } from '../../../../src/core/sources/browser/browser-tab.ts';
import { refuseUrl } from '../../../../src/core/sources/browser/restore-tabs.ts';
import { parseSnss } from '../../../../src/core/sources/chromium/parse-snss.ts';
import { parseProfilesIni } from '../../../../src/core/sources/firefox/firefox-profiles.ts';
import { decodeMozLz4 } from '../../../../src/core/sources/firefox/mozlz4.ts';
import { parseFirefoxSession } from '../../../../src/core/sources/firefox/parse-session.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`../../../fixtures/browser/${name}`, import.meta.url));

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

describe('Firefox session files', () => {
  it.each(['firefox-153.7esr-recovery.jsonlz4', 'firefox-153.7esr-sessionstore-clean-quit.jsonlz4'])(
    'reads %s',
    (name) => {
      const content = decodeMozLz4(fixture(name));
      const windows = content === null ? null : parseFirefoxSession(content);

      expect(windows?.length).toBeGreaterThan(1);
      const tabs = windows?.flatMap((window) => window.tabs) ?? [];
      expect(tabs.length).toBeGreaterThan(6);
      expect(tabs.some((tab) => tab.isPinned)).toBe(true);
      expect(tabs.some((tab) => tab.group !== null)).toBe(true);
      expect(tabs.some((tab) => tab.history.length > 1)).toBe(true);
      expect(content?.includes('formdata')).toBe(true); // it is in the file ...
      expect(JSON.stringify(windows)).not.toMatch(/formdata|cookie/i); // ... and not in what is kept
    },
  );

  it('refuses cut, changed and lying files', () => {
    const whole = fixture('firefox-153.7esr-recovery.jsonlz4');
    for (let length = 0; length < whole.length; length += 17)
      expect(decodeMozLz4(whole.subarray(0, length))).toBeNull();
    const bomb = Buffer.from(whole);
    bomb.writeUInt32LE(0x7fff_ffff, 8);
    expect(decodeMozLz4(bomb)).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(whole.length - 1), (noise, at) => {
        decodeMozLz4(noise);
        decodeMozLz4(Buffer.concat([whole.subarray(0, 12), noise]));
        const changed = Buffer.concat([whole.subarray(0, at), noise, whole.subarray(at + noise.length)]);
        const content = decodeMozLz4(changed);
        if (content !== null) parseFirefoxSession(content);
      }),
    );
  });

  it('reads the same without the icons, whatever the texts around them are', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (texts) => {
        const tabs = [...texts, '"image":"data:', 'x'].map((title) => ({
          entries: [{ url: `https://example.org/?${title}`, title }],
          image: `data:image/png;base64,${title.length}`,
        }));
        const bare = tabs.map(({ entries }) => ({ entries }));
        const parse = (list: readonly object[]) =>
          parseFirefoxSession(Buffer.from(JSON.stringify({ windows: [{ tabs: list }] })));
        expect(parse(tabs)).toEqual(parse(bare));
        expect(parse(tabs)?.[0]?.tabs).toHaveLength(tabs.length);
      }),
    );
  });

  it('takes any JSON and any text', () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), (json, text) => {
        parseFirefoxSession(Buffer.from(json));
        parseFirefoxSession(Buffer.from(`{"windows":[${json},{"tabs":[${json}],"groups":${json}}]}`));
        parseProfilesIni(text, '/root');
      }),
    );
    expect(parseProfilesIni(fixture('profiles.ini').toString(), '/r').length).toBeGreaterThan(0);
  });
});

describe('Chromium session files', () => {
  const genuine = fixture('chromium-156-Session_2windows_group_pin.snss');

  it('reads windows, tabs, pins and groups as the reference reader does', () => {
    const parsed = parseSnss(genuine);
    const reference = JSON.parse(fixture('chromium-156-Session.decoded.json').toString()) as {
      windows: { tabs: { url: string; title: string; pin: boolean; hist: number }[] }[];
    };

    expect(
      parsed.result === 'parsed' &&
        parsed.windows.map((window) =>
          window.tabs.map((tab) => ({
            url: tab.history[tab.current]?.url,
            title: tab.history[tab.current]?.title,
            pin: tab.isPinned,
            hist: tab.history.length,
          })),
        ),
    ).toEqual(
      reference.windows.map((window) => window.tabs.map(({ url, title, pin, hist }) => ({ url, title, pin, hist }))),
    );
    expect(
      parsed.result === 'parsed' && parsed.windows.some((window) => window.tabs.some((tab) => tab.group !== null)),
    ).toBe(true);
  });

  it('keeps no typed text, though it is in the file', () => {
    // A navigation as Chromium writes it: tab, index, address, title, then the page's state with what was typed.
    const text = (value: string): Buffer =>
      Buffer.concat([i32(value.length), Buffer.from(value.padEnd((value.length + 3) & ~3, '\0'))]);
    const text16 = (value: string): Buffer =>
      Buffer.concat([i32(value.length), Buffer.from(value, 'utf16le'), Buffer.alloc((value.length * 2) % 4)]);
    const fields = Buffer.concat([i32(1), i32(0), text('http://a/'), text16('ab'), text('typedsecret')]);
    const navigation = Buffer.concat([i32(fields.length), fields]);
    const record = (id: number, payload: Buffer): Buffer =>
      Buffer.concat([Buffer.from([(payload.length + 1) & 255, (payload.length + 1) >> 8, id]), payload]);
    const file = Buffer.concat([
      Buffer.from('SNSS'),
      i32(3),
      record(9, Buffer.concat([i32(7), i32(0)])),
      record(0, Buffer.concat([i32(7), i32(1)])),
      record(6, navigation),
    ]);

    expect(file.includes('typedsecret')).toBe(true);
    const parsed = JSON.stringify(parseSnss(file));
    expect(parsed).toContain('http://a/');
    expect(parsed).not.toContain('typedsecret');
  });

  it('says that version 5 is sealed', () => {
    expect(parseSnss(fixture('chromium-156-Sessions_Encrypted-v5.snss'))).toEqual({ result: 'encrypted' });
  });

  it('reads torn and arbitrary files', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(genuine.length), (noise, at) => {
        parseSnss(noise);
        parseSnss(genuine.subarray(0, at));
        parseSnss(Buffer.concat([genuine.subarray(0, at), noise, genuine.subarray(at)]));
        parseSnss(Buffer.concat([genuine.subarray(0, 8), noise]));
      }),
    );
  });
});

describe('addresses', () => {
  it('lose names, passwords and content', () => {
    expect(plainUrl('https://user:secret@example.org/a?b#c')).toBe('https://example.org/a?b#c');
    expect(plainUrl('https://example.org/a@b')).toBe('https://example.org/a@b');
    expect(plainUrl('data:text/html,secret')).toBe('data:…');
  });

  it.each([
    ['https://example.org/', true],
    ['http://127.0.0.1:8080/x', true],
    ['file:///etc/passwd', false],
    ['javascript:alert(1)', false],
    ['chrome://settings', false],
    ['--remote-debugging-port=1', false],
    ['', false],
    [' https://example.org', false],
    ['\tjavascript:alert(1)', false],
    ['java\nscript:alert(1)', false],
    ['data:text/html,<script>', false],
    ['view-source:https://example.org/', false],
    ['https://bank.example@evil.example/', false],
    ['https://:secret@example.org/', false],
    ['https://example.org/\u001b]0;x\u0007', false],
    ['https://example.org/\u202egnp.exe', false],
    ['https:\\\\example.org\\@evil.example', true],
    ['https://xn--pple-43d.com/', true],
    [`https://example.org/${'x'.repeat(4_076)}`, false],
    [`https://example.org/${'x'.repeat(4_075)}`, true],
  ])('%s opens: %s', (url, opens) => {
    expect(refuseUrl(url, false) === null).toBe(opens);
  });
});
