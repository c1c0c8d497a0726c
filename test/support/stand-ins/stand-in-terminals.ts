// Terminals of a program that stands in for one which cannot be had here. Its shells are real and have real terminals (`script`); what
// is typed goes through a pipe, what they print into a file.

import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface StandInPane {
  readonly id: number;
  readonly pid: number;
  readonly tty: string;
  /** What the program knows of it. */
  readonly facts: Record<string, unknown>;
}

export class StandInTerminals {
  readonly #folder: string;
  readonly #keeper: string;

  /** @param keeper the name of the process that keeps the terminals: `script` under another name */
  constructor(folder: string, keeper = 'keeper') {
    this.#folder = folder;
    this.#keeper = join(folder, keeper);
    mkdirSync(folder, { recursive: true });
    // Not by way of what tests use to find programs: that would load the test runner with each call.
    const folders = (process.env['PATH'] ?? '').split(delimiter);
    const script = folders.map((folder) => join(folder, 'script')).find((path) => existsSync(path));
    if (script !== undefined && !existsSync(this.#keeper)) symlinkSync(script, this.#keeper);
  }

  /** Notes a call, for tests to look at. */
  note(args: readonly string[]): void {
    appendFileSync(join(this.#folder, 'calls'), `${JSON.stringify(args)}\n`);
  }

  /** Starts these words on a terminal of their own; gives its id. */
  open(
    argv: readonly string[],
    cwd: string,
    env: (id: number) => Record<string, string>,
    facts: Record<string, unknown>,
  ): number {
    const id = readdirSync(this.#folder).filter((name) => name.startsWith('pane.')).length;
    const file = (name: string): string => join(this.#folder, `${name}.${id}`);
    const quoted = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    writeFileSync(file('run'), `echo "$$ $(tty)" >'${file('started')}'\nexec ${quoted}\n`);
    const script = `mkfifo '${file('keys')}'; setsid -f '${this.#keeper}' -q -f -c "sh '${file('run')}'" /dev/null <>'${file('keys')}' >'${file('screen')}' 2>&1`;
    spawnSync('sh', ['-c', script], { cwd, env: { ...process.env, ...env(id) } });
    for (let waited = 0; waited < 200 && !readIfThere(file('started')).endsWith('\n'); waited += 1)
      spawnSync('sleep', ['0.02']);
    const [pid = '0', tty = ''] = readIfThere(file('started')).trim().split(' ');
    writeFileSync(file('pane'), JSON.stringify({ id, pid: Number(pid), tty, facts }));
    return id;
  }

  /** Those whose shell lives. */
  panes(): StandInPane[] {
    return readdirSync(this.#folder)
      .filter((name) => name.startsWith('pane.'))
      .map((name): StandInPane => JSON.parse(readFileSync(join(this.#folder, name), 'utf8')))
      .filter(({ pid }) => existsSync(`/proc/${pid}`))
      .toSorted((a, b) => a.id - b.id);
  }

  type(id: number, text: string): void {
    appendFileSync(join(this.#folder, `keys.${id}`), text);
  }

  text(id: number): string {
    return readIfThere(join(this.#folder, `screen.${id}`)).replaceAll('\r\n', '\n');
  }

  close(id: number): void {
    const pane = this.panes().find((other) => other.id === id);
    if (pane !== undefined) process.kill(pane.pid, 'SIGKILL');
  }

  change(id: number, facts: Record<string, unknown>): void {
    const pane = this.panes().find((other) => other.id === id);
    if (pane === undefined) return;
    const changed = { ...pane, facts: { ...pane.facts, ...facts } };
    writeFileSync(join(this.#folder, `pane.${id}`), JSON.stringify(changed));
  }
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
