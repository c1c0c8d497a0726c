// Gets the AI programs that the tests run against a model server of their own: pinned, from npm, without their install scripts, into a
// cache of the user that is kept from one checkout to the next. Where they cannot be had their tests are skipped and counted.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const INSTALL_TIMEOUT_MS = 240_000;

interface AiProgram {
  /** What tests call it: `$CAIRN_TEST_NAME`. */
  readonly name: string;
  /** As npm takes it; the binary's own package where the program is one. */
  readonly spec: string;
  /** Below `node_modules`. */
  readonly path: string;
}

const PLATFORM = `${process.platform}-${process.arch}`;
const TARGETS: Readonly<Record<string, string>> = {
  'linux-x64': 'x86_64-unknown-linux-musl',
  'linux-arm64': 'aarch64-unknown-linux-musl',
};
const PROGRAMS: readonly AiProgram[] = [
  {
    name: 'CLAUDE',
    spec: `@anthropic-ai/claude-code-${PLATFORM}@2.1.329`,
    path: `@anthropic-ai/claude-code-${PLATFORM}/claude`,
  },
  {
    name: 'CODEX',
    spec: `codex-binary@npm:@openai/codex@0.169.0-${PLATFORM}`,
    path: `codex-binary/vendor/${TARGETS[PLATFORM] ?? ''}/bin/codex`,
  },
  { name: 'GEMINI', spec: '@google/gemini-cli@0.61.0', path: '.bin/gemini' },
  { name: 'OPENCODE', spec: `opencode-${PLATFORM}@1.18.33`, path: `opencode-${PLATFORM}/bin/opencode` },
];

/** Where each is, as environment variables that tests read; those that the user has set are left as they are. */
export function provideAiPrograms(): Readonly<Record<string, string>> {
  if (TARGETS[PLATFORM] === undefined) return {};
  const wanted = PROGRAMS.filter(({ name }) => process.env[variableOf(name)] === undefined);
  if (wanted.length === 0) return {};
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'cairn-test-programs');
  const specs = PROGRAMS.map(({ spec }) => spec);
  const folder = join(cache, createHash('sha256').update(specs.join('\n')).digest('hex').slice(0, 16));
  if (!existsSync(folder) && !install(specs, cache, folder)) {
    process.stdout.write('The AI programs could not be had from npm, so their tests are skipped.\n');
    return {};
  }
  const found = wanted.map(({ name, path }) => [variableOf(name), join(folder, 'node_modules', path)] as const);
  return Object.fromEntries(found.filter(([, path]) => existsSync(path)));
}

/** As a whole or not at all. */
function install(specs: readonly string[], cache: string, folder: string): boolean {
  process.stdout.write(`Getting for the tests, once, about 400 MB: ${specs.join(', ')}\n`);
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(join(cache, 'new-'));
  const args = [
    'install',
    '--prefix',
    making,
    '--no-save',
    '--ignore-scripts',
    '--omit=optional',
    '--no-audit',
    '--no-fund',
  ];
  const npm = spawnSync('npm', [...args, ...specs], {
    cwd: making,
    timeout: INSTALL_TIMEOUT_MS,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (npm.status === 0) renameSync(making, folder);
  else rmSync(making, { recursive: true, force: true });
  return npm.status === 0;
}

function variableOf(name: string): string {
  return `CAIRN_TEST_${name}`;
}
