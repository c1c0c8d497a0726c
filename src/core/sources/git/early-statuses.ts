// Asks several repositories for their status through one shell. Each process that Cairn starts itself costs a copy of its page tables, twice:
// some ten milliseconds with a workspace in memory. A shell is small, and so is what it costs to start git from it. What comes back only
// tells that nothing has changed; where something has, or the shell did not answer, git is asked again, with a deadline of its own.

import { randomUUID } from 'node:crypto';

import { quoteArguments, quoteWord } from '../host/quote-argument.ts';
import type { Host } from '../source.ts';
import type { GitConfig } from './parse-config.ts';
import { gitEnvironment } from './run-git.ts';
import { statusArguments } from './status-arguments.ts';

/** Less than one repository alone may take: what is not there by then is asked for again within the source's time. */
const TIMEOUT_MS = 1_000;
/** Two cores are enough for processes that are so short. */
const MAX_SHELLS = 2;
const MIN_PER_SHELL = 8;

type Environment = Readonly<Record<string, string | undefined>>;

export interface AskedRepository {
  readonly root: string;
  /** Its settings as they are now: its filters are turned off by them. */
  readonly config: GitConfig;
}

export interface EarlyStatus {
  readonly config: GitConfig;
  readonly bytes: Buffer;
}

/** Statuses by root, of those that gave one in time. Never throws. */
export async function readEarlyStatuses(
  host: Host,
  asked: readonly AskedRepository[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, EarlyStatus>> {
  // One alone costs the same without a shell.
  if (asked.length < 2 || host.platform === 'win32') return new Map();
  const shells = Math.min(MAX_SHELLS, Math.ceil(asked.length / MIN_PER_SHELL));
  const shares = Array.from({ length: shells }, (_, shell) => asked.filter((_, index) => index % shells === shell));
  const answers = await Promise.all(shares.map((share) => askThroughShell(host, share, signal)));
  return new Map(answers.flat());
}

async function askThroughShell(
  host: Host,
  asked: readonly AskedRepository[],
  signal: AbortSignal,
): Promise<(readonly [string, EarlyStatus])[]> {
  const common = gitEnvironment('/', { filters: [] });
  // No file name can hold what nobody could foresee.
  const mark = `${randomUUID()} `;
  const lines = asked.map(
    (repository) => `${commandFor(repository, common)} </dev/null; printf '\\000%s%d\\000' '${mark}' $?`,
  );
  try {
    const { stdout } = await host.run('sh', ['-s'], {
      input: `${lines.join('\n')}\n`,
      env: common,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    return splitAnswers(stdout, mark).flatMap(({ bytes, exitCode }, index) => {
      const repository = asked[index];
      if (exitCode !== '0' || repository === undefined) return [];
      return [[repository.root, { config: repository.config, bytes }] as const];
    });
  } catch {
    return []; // each is asked again by itself, and then says what is wrong
  }
}

/** Git with what differs for this repository; what cannot be written as words of a shell is not asked (`false`). */
function commandFor({ root, config }: AskedRepository, common: Environment): string {
  const own = Object.entries(gitEnvironment(root, config)).filter(([name, value]) => value !== common[name]);
  const assignments = own.map(([name, value]) => [name, quoteWord(value ?? '')] as const);
  const command = quoteArguments(['git', '-C', root, ...statusArguments(config)]);
  if (command === null || assignments.some(([, value]) => value === null)) return 'false';
  return [...assignments.map(([name, value]) => `${name}=${value}`), command].join(' ');
}

function splitAnswers(output: Buffer, mark: string): { readonly bytes: Buffer; readonly exitCode: string }[] {
  const answers: { readonly bytes: Buffer; readonly exitCode: string }[] = [];
  const begin = `\0${mark}`;
  for (let from = 0; ;) {
    const at = output.indexOf(begin, from);
    const end = at < 0 ? -1 : output.indexOf('\0', at + begin.length);
    if (end < 0) return answers;
    answers.push({ bytes: output.subarray(from, at), exitCode: output.toString('latin1', at + begin.length, end) });
    from = end + 1;
  }
}
