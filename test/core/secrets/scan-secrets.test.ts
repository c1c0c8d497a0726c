import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { scanSecrets } from '../../../src/core/secrets/scan-secrets.ts';
import { redactMessages } from '../../../src/core/secrets/session-texts.ts';
import { parseSessionId } from '../../../src/shared/model/ids.ts';
import { ValueFinder } from '../../../src/shared/secrets/value-finder.ts';
import { aCapture, aConversation, aStream, aTerminal, text } from '../../support/captures.ts';
import { FakeSyncState } from '../../support/fake-sync-server.ts';
import { createSyncDevice, type SyncDevice } from '../../support/sync-devices.ts';
import { openTestVault, TEST_NOW_MS, type TestVault } from '../../support/test-vault.ts';

/** Put together here, so that no file of this repository holds anything that looks like a real one. */
const TOKEN = ['ghp', `Zx9${'Qw3rT7yU'.repeat(4)}k`].join('_');
const PASSWORD = ['correct', 'Horse', '9'].join('-');
const MINUTE_MS = 60_000;

async function save(test: TestVault, minute: number, log: string, title = 'build'): Promise<void> {
  const items = [
    aConversation('talk', `${JSON.stringify({ message: { content: `use ${TOKEN} for it` } })}\n`),
    aTerminal('pane', { title, streams: [aStream({ text: log })] }),
  ];
  await test.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + minute * MINUTE_MS }));
}

describe('scanSecrets()', () => {
  it('finds values by rule, and every other place of the same value, without telling it', async () => {
    await using test = await openTestVault();
    await save(test, 0, `$ export DB_PASSWORD=${PASSWORD}\n$ echo ${PASSWORD}\n`);
    await save(test, 1, `$ clear\nGH_TOKEN=${TOKEN}\n`);
    await save(test, 2, '$ clear\n');

    const { findings, isCut } = await scanSecrets(test.vault, {});

    expect(isCut).toBe(false);
    expect(findings.map(({ rule, isCertain, count }) => [rule, isCertain, count])).toEqual([
      ['github-token', true, 2],
      ['assignment', false, 2],
    ]);
    const [token, password] = findings;
    expect(token?.masked).toBe('ghp_…, 40 characters');
    expect(password?.masked).toBe(`${PASSWORD.length} characters`);
    const { spots: _, ...told } = { ...token, spots: [] };
    expect(JSON.stringify([told, { ...password, spots: [] }])).not.toMatch(new RegExp(`${TOKEN}|${PASSWORD}`));
    expect(
      token?.places.map(({ key, where, isThereNow, firstSeenMs, lastSeenMs }) => [
        key,
        where,
        isThereNow,
        (firstSeenMs - TEST_NOW_MS) / MINUTE_MS,
        (lastSeenMs - TEST_NOW_MS) / MINUTE_MS,
      ]),
    ).toEqual([
      ['claude-code:talk', 'transcript', true, 0, 2],
      ['tmux:pane', 'scrollback', false, 1, 1],
    ]);
    const again = await scanSecrets(test.vault, { sinceMs: TEST_NOW_MS + 2 * MINUTE_MS });
    expect(again.findings.map(({ fingerprint }) => fingerprint)).toEqual([token?.fingerprint]);
  });

  it('can be cancelled', async () => {
    await using test = await openTestVault();
    await save(test, 0, '$ ls\n');
    const end = new AbortController();
    end.abort();
    await expect(scanSecrets(test.vault, { signal: end.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('secrets in what other devices captured', () => {
  it('are found, whoever knows the value by rule, told apart, and go once their own device overwrote them', async () => {
    const state = new FakeSyncState();
    await using laptop = await createSyncDevice(state, 'laptop');
    const capture = (device: SyncDevice, words: string) =>
      device.vault.save(
        aCapture([aTerminal('pane', { streams: [aStream({ text: words })] })], { takenAtMs: TEST_NOW_MS }),
      );
    await capture(laptop, `$ export DB_PASSWORD=${PASSWORD}\nGH_TOKEN=${TOKEN}\n`);
    await laptop.sync();
    await using desktop = await createSyncDevice(state, 'desktop', laptop);
    await capture(desktop, `$ login ${PASSWORD}\n`);
    await desktop.sync();
    const device = { id: laptop.deviceId, name: 'laptop', state: 'active', wasThis: false } as const;
    const scanAll = () => desktop.lane(laptop, (vault) => scanSecrets(desktop.vault, { others: [{ device, vault }] }));

    const { findings } = await scanAll();
    const own = await scanSecrets(laptop.vault, {});

    expect(
      findings.map(({ rule, count, places, spots, others }) => [
        rule,
        [count, places.length, spots.length],
        others.map((other) => [other.device, other.count, other.places.map(({ where }) => where)]),
      ]),
    ).toEqual([
      ['github-token', [0, 0, 0], [[device, 1, ['scrollback']]]],
      ['assignment', [1, 1, 1], [[device, 1, ['scrollback']]]],
    ]);
    // What is named here can be named there.
    expect(own.findings.map(({ fingerprint }) => fingerprint)).toEqual(findings.map(({ fingerprint }) => fingerprint));

    const spots = own.findings.flatMap((finding) => finding.spots);
    await laptop.vault.redact(spots, {});
    await laptop.sync();
    await desktop.sync();

    expect(await scanAll()).toMatchObject({ findings: [] });
  });
});

describe('secrets in stored sessions', () => {
  const session = parseSessionId('00000000000000aa');
  const say = (vault: TestVault['vault'], id: string, words: string) =>
    vault.saveSession({
      id: session,
      nowMs: TEST_NOW_MS,
      create: { createdAtMs: TEST_NOW_MS },
      messages: [{ id, role: 'user', atMs: TEST_NOW_MS, model: null, text: words, isPartial: false }],
    });

  it('are found with what was captured, and overwritten in their messages only', async () => {
    await using test = await openTestVault();
    await save(test, 0, '$ ls\n');
    await say(test.vault, 'one', `déjà vu: ${TOKEN}, and ${TOKEN} again`);
    await say(test.vault, 'two', 'nothing here');

    const { findings } = await scanSecrets(test.vault, {});

    expect(findings.map(({ count, messages }) => [count, messages.map(({ messageId }) => messageId)])).toEqual([
      [2, ['one']],
    ]);
    const spots = findings.flatMap(({ messages }) => messages);
    expect(await redactMessages(test.vault, spots, TEST_NOW_MS)).toBe(1);
    const { messages } = await test.vault.readMessages(session, { limit: 10 });
    const stars = '*'.repeat(TOKEN.length);
    expect(messages.map(({ text: words }) => words)).toEqual([`déjà vu: ${stars}, and ${stars} again`, 'nothing here']);
    expect((await scanSecrets(test.vault, {})).findings.flatMap((finding) => finding.messages)).toEqual([]);
  });
});

describe('redact()', () => {
  it('overwrites the value in every snapshot, and nothing else', async () => {
    await using test = await openTestVault();
    await save(test, 0, `before\nremote: ${TOKEN}\nafter\n`);
    await save(test, 1, `before\nremote: ${TOKEN}\nafter\nmore\n`);
    for (let at = 0; at < 40; at += 1) await save(test, 2 + at, `filler ${at}\n`);
    await test.vault.upkeep(2_000);
    const { findings } = await scanSecrets(test.vault, {});
    const report = await test.vault.redact(
      findings.flatMap(({ spots }) => spots),
      {},
    );

    expect(report).toMatchObject({ left: 0 });
    expect(report.spots).toBeGreaterThan(1);
    const stars = '*'.repeat(TOKEN.length);
    const snapshots = (await test.vault.listSnapshots({ limit: 100 })).toReversed();
    const read = async (at: number, key: Parameters<typeof test.vault.readStream>[1], stream: string) =>
      text(await test.vault.readStream(snapshots[at]!.id, key, stream));
    const terminal = aTerminal('pane').key;
    expect(await read(0, terminal, 'scrollback')).toBe(`before\nremote: ${stars}\nafter\n`);
    expect(await read(1, terminal, 'scrollback')).toBe(`before\nremote: ${stars}\nafter\nmore\n`);
    expect(await read(41, aConversation('talk', '').key, 'transcript')).toContain(`use ${stars} for it`);
    expect((await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
    expect((await scanSecrets(test.vault, {})).findings).toEqual([]);
    expect((await test.vault.search({ text: TOKEN, limit: 5, budgetMs: 10_000 })).matches).toEqual([]);
    expect((await test.vault.search({ text: 'after', limit: 5, budgetMs: 10_000 })).matches).toHaveLength(1);
    await test.reopen();
    expect((await scanSecrets(test.vault, {})).findings).toEqual([]);
  });

  it('overwrites a value that lies across chunks, since it began like an earlier one', async () => {
    await using test = await openTestVault();
    const log = (token: string): string => `${'before\n'.repeat(60)}GH_TOKEN=${token}\nafter\n`;
    const other = `${TOKEN.slice(0, 12)}${'B7nM2kL9'.repeat(3)}${TOKEN.slice(-4)}`;
    const capture = async (minute: number, text: string) =>
      (
        await test.vault.save(
          aCapture([aTerminal('pane', { streams: [aStream({ text })] })], {
            takenAtMs: TEST_NOW_MS + minute * MINUTE_MS,
          }),
        )
      ).summary.id;
    const first = await capture(0, log(TOKEN));
    const second = await capture(1, log(other));
    const whole = await test.vault.listTexts(null, 10_000_000);
    const contents = whole.texts.filter(({ type }) => type === 'content').map(({ bytes }) => text(bytes));
    expect(contents.some((content) => content.includes(other))).toBe(false); // else this shows nothing

    const { findings } = await scanSecrets(test.vault, {});
    expect(findings.filter(({ rule }) => rule === 'github-token')).toHaveLength(2);
    await test.vault.redact(
      findings.flatMap(({ spots }) => spots),
      {},
    );

    for (const id of [first, second]) {
      const left = text(await test.vault.readStream(id, aTerminal('pane').key, 'scrollback'));
      expect(left).toMatch(/^(?:before\n){60}GH_TOKEN=([*#x_-])[*#x_-]+\nafter\n$/);
    }
    expect((await scanSecrets(test.vault, {})).findings).toEqual([]);
    expect((await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
  });

  it('overwrites one value after another of the same length in the same text, however many came before', async () => {
    await using test = await openTestVault();
    const words = Array.from({ length: 12 }, (_, at) => `S3CRET${String.fromCharCode(65 + at)}Q`);
    for (const [at, word] of words.entries()) {
      // Each stands alone in a chunk, after one that all of them share: overwritten they are all the same but for what is written over them.
      await save(test, at, `${'before\n'.repeat(50)}${at % 2 === 0 ? '' : 'x'}${word}\n`);
      const { texts } = await test.vault.listTexts(null, 10_000_000);
      const spots = texts.flatMap(({ anchor, bytes: all }) => {
        const start = Buffer.from(all).indexOf(word);
        return start < 0
          ? []
          : [{ anchor, start, end: start + word.length, bytes: Uint8Array.from(Buffer.from(word)) }];
      });
      expect(spots.length).toBeGreaterThan(0);
      expect(await test.vault.redact(spots, {})).toMatchObject({ left: 0 });
    }
    for (const { id } of await test.vault.listSnapshots({ limit: 100 })) {
      const log = text(await test.vault.readStream(id, aTerminal('pane').key, 'scrollback'));
      expect(words.filter((word) => log.includes(word))).toEqual([]);
    }
    expect((await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
  });

  it('leaves what has changed meanwhile, and facts, as they are', async () => {
    await using test = await openTestVault();
    await save(test, 0, '$ ls\n', `curl ${TOKEN}`);
    const { findings } = await scanSecrets(test.vault, {});
    expect(findings[0]).toMatchObject({ facts: 1 });
    const [spot] = findings[0]!.spots;
    const wrong = { ...spot!, bytes: Uint8Array.from(Buffer.from('x'.repeat(TOKEN.length))) };

    expect(await test.vault.redact([wrong], {})).toEqual({ chunks: 0, spots: 0, left: 1 });
    expect((await scanSecrets(test.vault, {})).findings).toHaveLength(1);
  });
});

describe('ValueFinder', () => {
  it('finds what looking for each value would', () => {
    const value = fc.stringMatching(/^[ab]{8,10}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(value, { maxLength: 6 }),
        fc.array(fc.oneof(value, fc.constant(' ')), { maxLength: 20 }),
        (values, parts) => {
          const whole = parts.join('');
          const found = new ValueFinder(values).find(whole);
          for (const { value: number, start, end } of found) expect(whole.slice(start, end)).toBe(values[number]);
          const isThere = values.some((own) => whole.includes(own));
          expect(found.length > 0).toBe(isThere);
        },
      ),
    );
  });
});
