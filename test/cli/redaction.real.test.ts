// Secrets are taken out of terminal text and of what is printed of an item, never out of work: transcripts, patches and bundles of a
// workspace full of secrets come back to the byte, and a restore brings back just that work.

import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { describeWith } from '../support/programs.ts';
import { openSpawnedCairn, type SpawnedCairn } from './spawned-cli.ts';

const ID = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
/** What the rules know: tokens of a known form, named values, a private key, a password in an address. */
const SECRETS = [
  `token=ghp_${'aB3d'.repeat(9)}`,
  'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'DB_PASSWORD="correct-horse-9"',
  'postgres://admin:hunter2hunter2@db.example/app',
  'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
  `-----BEGIN RSA PRIVATE KEY-----\nMIIEow${'abcd'.repeat(20)}\n-----END RSA PRIVATE KEY-----`,
];
const TEXT = `${SECRETS.join('\n')}\n`;
/** No UTF-8, and a secret in between. */
const BYTES = Buffer.concat([Buffer.from([0, 255, 254, 13, 10]), Buffer.from(TEXT), Buffer.from([0xc3])]);

interface Shown {
  readonly items: readonly {
    readonly key: string;
    readonly kind: string;
    readonly title: string;
    readonly streams: readonly { readonly name: string }[];
  }[];
}

describeWith(['git'], 'what was captured with redaction on', () => {
  let cairn: SpawnedCairn;
  let repo: string;
  let transcript: string;

  beforeAll(async () => {
    cairn = openSpawnedCairn();
    repo = join(cairn.folder, 'api');
    mkdirSync(repo);
    git('init', '-q', '-b', 'main');
    writeFileSync(join(repo, 'settings.txt'), 'empty\n');
    git('add', '.');
    git('commit', '-q', '-m', 'first');
    git('clone', '-q', '--bare', repo, join(cairn.folder, 'remote.git'));
    git('remote', 'add', 'origin', join(cairn.folder, 'remote.git'));
    git('fetch', '-q', 'origin');
    writeFileSync(join(repo, 'committed.txt'), TEXT);
    git('add', '.');
    git('commit', '-q', '-m', `never pushed, with ${SECRETS[0]}`);
    writeFileSync(join(repo, 'settings.txt'), `${TEXT}staged\n`);
    git('add', 'settings.txt');
    writeFileSync(join(repo, 'settings.txt'), `${TEXT}staged\nand edited with ${SECRETS[1]}\n`);
    writeFileSync(join(repo, 'untracked.bin'), BYTES);
    transcript = join(cairn.folder, `.claude/projects/-api/${ID}.jsonl`);
    mkdirSync(dirname(transcript), { recursive: true });
    for (const [at, secret] of SECRETS.entries()) {
      const message = { role: 'user', content: `deploy with ${secret}` };
      const record = { type: 'user', uuid: `u${at}`, parentUuid: at === 0 ? null : `u${at - 1}`, cwd: repo, message };
      appendFileSync(transcript, `${JSON.stringify(record)}\n`);
    }
    appendFileSync(transcript, BYTES);
    const recovery = join(cairn.folder, 'key.txt');
    await document(['init', '--sources', 'claude-code,git', '--recovery-key-file', recovery]);
    cairn.unlockWith(recovery);
    await document(['capture']);
  });
  afterAll(() => cairn[Symbol.dispose]());

  function git(...args: string[]): Buffer {
    return gitIn(repo, ...args);
  }

  function gitIn(folder: string, ...args: string[]): Buffer {
    const env = {
      PATH: process.env['PATH'],
      HOME: cairn.folder,
      GIT_AUTHOR_NAME: 't',
      GIT_AUTHOR_EMAIL: 't@t.example',
      GIT_COMMITTER_NAME: 't',
      GIT_COMMITTER_EMAIL: 't@t.example',
    };
    return execFileSync('git', args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async function document<Document>(argv: readonly string[]): Promise<Document> {
    const { exitCode, stdout, stderr } = await cairn.run([...argv, '--json']);
    expect([exitCode, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  }

  async function readStream(key: string, name: string): Promise<Buffer> {
    const stream = await document<{ text?: string; base64?: string }>(['show', '--item', key, '--stream', name]);
    return stream.text === undefined ? Buffer.from(stream.base64 ?? '', 'base64') : Buffer.from(stream.text);
  }

  async function keyOf(kind: string): Promise<string> {
    const { items } = await document<Shown>(['show']);
    const [item, ...others] = items.filter((other) => other.kind === kind);
    expect(others).toEqual([]);
    return item?.key ?? '';
  }

  it('has redaction on: what is printed of an item holds no secret', async () => {
    const { items } = await document<Shown>(['show']);

    expect(items.find(({ kind }) => kind === 'conversation')?.title).toMatch(/^deploy with .*\[REDACTED:/);
    for (const secret of SECRETS) expect(JSON.stringify(items)).not.toContain(secret.slice(-16));
  });

  it('gives a transcript back to the byte', async () => {
    expect(await readStream(await keyOf('conversation'), 'transcript')).toEqual(readFileSync(transcript));
  });

  it('gives the commits and both patches back to the byte', async () => {
    const key = await keyOf('repository');
    const clone = join(cairn.folder, 'clone');
    gitIn(cairn.folder, 'clone', '-q', join(cairn.folder, 'remote.git'), clone);
    const names = ['unpushed.bundle', 'staged.patch', 'unstaged.patch'];
    for (const name of names) writeFileSync(join(cairn.folder, name), await readStream(key, name));

    gitIn(clone, 'fetch', '-q', join(cairn.folder, 'unpushed.bundle'), 'HEAD');
    gitIn(clone, 'reset', '-q', '--hard', 'FETCH_HEAD');
    gitIn(clone, 'apply', '--index', join(cairn.folder, 'staged.patch'));
    gitIn(clone, 'apply', join(cairn.folder, 'unstaged.patch'));

    expect(gitIn(clone, 'rev-parse', 'HEAD')).toEqual(git('rev-parse', 'HEAD'));
    expect(gitIn(clone, 'show', ':settings.txt')).toEqual(git('show', ':settings.txt'));
    for (const name of ['committed.txt', 'settings.txt', 'untracked.bin'])
      expect(readFileSync(join(clone, name))).toEqual(readFileSync(join(repo, name)));
  });

  it('restores just that work, and the transcript that was deleted', async () => {
    const saved = readFileSync(transcript);
    const worktrees = join(cairn.folder, 'worktrees');
    const files = ['committed.txt', 'settings.txt', 'untracked.bin'];
    const before = files.map((name) => readFileSync(join(repo, name)));
    rmSync(transcript);
    git('reset', '-q', '--hard');
    git('clean', '-q', '-f');

    await document(['restore', 'latest', '--worktree', worktrees]);

    expect(existsSync(transcript) && readFileSync(transcript)).toEqual(saved);
    const worktree = readdirSync(worktrees, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('settings.txt'),
    );
    const folder = dirname(join(worktrees, worktree ?? ''));
    expect(files.map((name) => readFileSync(join(folder, name)))).toEqual(before);
  });
});
