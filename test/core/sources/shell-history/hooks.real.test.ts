import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { readProcess } from '../../../../src/core/sources/host/proc.ts';
import type { HookedShell } from '../../../../src/core/sources/shell-history/hook-block.ts';
import { describeWith } from '../../../support/programs.ts';
import { waitFor } from '../../../support/test-host.ts';
import { openHookWorkshop, type HookWorkshop } from './hook-workshop.ts';

const MEASURED_PROMPTS = 300;

function describeShell(shell: HookedShell, body: (shop: () => HookWorkshop) => void): void {
  describeWith(['tmux', shell], `the hook in a real ${shell}`, () => {
    let shop: HookWorkshop;
    beforeEach(() => {
      shop = openHookWorkshop(shell);
    });
    afterEach(() => shop[Symbol.asyncDispose]());
    body(() => shop);
  });
}

/** What holds in every shell. */
function holdsEverywhere(shell: HookedShell, shop: () => HookWorkshop): void {
  it('notes commands with quotes, lines, other scripts, exit codes, durations and folders', async () => {
    await shop().open();
    await shop().run(`echo "it's" '日本語' a\\"b 'x'   # end`);
    await shop().run('false');
    await shop().run('cd /usr/share');
    await shop().run('sleep 0.3');
    await shop().run('sh -c "exit 7"');
    await shop().type('-l', "echo 'first line");
    await shop().type('Enter');
    await shop().run("second line'");
    await shop().run('sleep 5 &');

    const [shellNotes] = await shop().captured();

    expect(shellNotes?.commands.map(({ command, exitCode }) => [command, exitCode])).toEqual([
      [`echo "it's" '日本語' a\\"b 'x'   # end`, 0],
      ['false', 1],
      ['cd /usr/share', 0],
      ['sleep 0.3', 0],
      ['sh -c "exit 7"', 7],
      ["echo 'first line\nsecond line'", 0],
      ['sleep 5 &', 0],
    ]);
    const folders = shellNotes?.commands.map(({ cwd }) => cwd);
    expect(folders?.slice(3)).toEqual(Array.from({ length: 4 }, () => '/usr/share'));
    expect(folders?.[2]).not.toBe('/usr/share');
    expect(shellNotes?.commands[3]?.durationMs).toBeGreaterThanOrEqual(250);
    // fish tells whole seconds.
    expect(Math.abs((shellNotes?.commands[0]?.atMs ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('knows its pane, its terminal and that it lives; and says so no more once it is killed', async () => {
    await shop().open();
    await shop().run('echo one');
    const [live] = await shop().captured();
    const pid = await shop().shellPid();

    expect(live?.item.attributes).toMatchObject({ isLive: true, pid, shell, terminal: 'tmux:main:0.0' });
    expect(live?.item.attributes['tty']).toMatch(/^\/dev\/pts\/\d+$/);
    expect(live?.item.attributes['pane']).toMatch(/^tmux:.*:%0$/);

    await shop().tmux('set-option', '-g', 'remain-on-exit', 'on');
    process.kill(pid, 'SIGKILL');
    await waitFor('the end of the shell', () => readProcess('/proc', pid)?.isZombie !== false);
    const [ended] = await shop().captured();

    expect(ended?.item.attributes).toMatchObject({ isLive: false });
    expect(ended?.commands.map(({ command }) => command)).toEqual(['echo one']);
  });

  it('never notes a line with a leading blank, an interrupted one, or an empty one', async () => {
    await shop().open();
    await shop().run(' echo secret');
    await shop().run('echo one');
    await shop().run('');
    const before = await shop().prompts();
    await shop().type('-l', 'echo abandoned');
    await shop().interrupt(shell === 'fish' ? before : before + 1);
    await shop().run(' echo secret');
    await shop().type('-l', 'sleep 30');
    const running = await shop().prompts();
    await shop().type('Enter');
    await waitFor('the program', async () =>
      (await shop().tmux('display-message', '-p', '-t', '=main:', '#{pane_current_command}')).includes('sleep'),
    );
    await shop().interrupt(running + 1);

    const [notes] = await shop().captured();
    expect(notes?.commands.map(({ command, exitCode }) => [command, exitCode])).toEqual([
      ['echo one', 0],
      ['sleep 30', 130],
    ]);
    for (const name of readdirSync(shop().spools))
      expect(readFileSync(join(shop().spools, name), 'utf8')).not.toContain('secret');
  });

  it('writes into a private folder only, with files that are private too', async () => {
    await shop().open();
    await shop().run('umask 000');
    await shop().run('echo one');

    expect(statSync(shop().spools).mode & 0o777).toBe(0o700);
    const names = readdirSync(shop().spools);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(statSync(join(shop().spools, name)).mode & 0o777).toBe(0o600);
    await shop().run('umask');
    expect(await shop().screen()).toMatch(/^0{3,4}$/m);
  });

  it('writes through no link, and into no folder of somebody else', async () => {
    const elsewhere = join(shop().host.homeDir, 'elsewhere');
    mkdirSync(join(elsewhere, 'shell'), { recursive: true, mode: 0o700 });
    symlinkSync(elsewhere, dirname(shop().spools));
    await shop().open();
    await shop().run('echo one');
    await shop().run('echo two');

    expect(readdirSync(join(elsewhere, 'shell'))).toEqual([]);
    removeSharedNotes(await shop().shellPid());
  });

  it('notes nothing while CAIRN_OFF is set', async () => {
    await shop().open();
    await shop().run('echo one');
    await shop().run(shell === 'fish' ? 'set -g CAIRN_OFF 1' : 'CAIRN_OFF=1');
    await shop().run('echo two');
    await shop().run(shell === 'fish' ? 'set -e CAIRN_OFF' : 'unset CAIRN_OFF');
    await shop().run('echo three');

    const lines = await shop().lines();
    expect(lines).toContain('echo one');
    expect(lines).toContain('echo three');
    expect(lines).not.toContain('echo two');
  });

  it('notes a shell in the shell, and one that takes its place, as shells of their own', async () => {
    await shop().open();
    const again = shell === 'bash' ? `bash --noprofile --rcfile ${shop().host.homeDir}/.bashrc` : shell;
    await shop().run('echo outer');
    await shop().run(again);
    await shop().run('echo inner');
    await shop().run('exit');
    await shop().run('echo outer again');
    await shop().run(`exec ${again}`);
    await shop().run('echo new');

    const shells = await shop().captured();
    expect(
      shells.map(({ commands }) => commands.map(({ command }) => command).filter((line) => line.startsWith('echo'))),
    ).toEqual([['echo outer', 'echo outer again'], ['echo inner'], ['echo new']]);
    expect(shells.map(({ item }) => item.attributes['isLive'])).toEqual([false, false, true]);
  });

  it('starts no process at a prompt, also after its notes were taken in', async () => {
    await shop().open();
    await shop().run('echo one');
    await shop().captured();
    const pid = await shop().shellPid();
    const before = readProcess('/proc', pid)?.childFaults;
    await shop().run('echo two');
    await shop().run(': three');
    await shop().run('cd /');

    expect(readProcess('/proc', pid)?.childFaults).toBe(before);
    expect(await shop().lines()).toEqual(['echo one', 'echo two', ': three', 'cd /']);
  });

  it('keeps what nobody takes in small, and the newest of it', async () => {
    await shop().open();
    const long = 'x'.repeat(1_500);
    const buffer = join(shop().host.homeDir, 'lines');
    writeFileSync(buffer, Array.from({ length: 120 }, (_, at) => `: ${at} ${long}\n`).join(''));
    await shop().tmux('load-buffer', buffer);
    await shop().tmux('paste-buffer', '-t', '=main:');
    await waitFor('the lines', async () => (await shop().screen()).includes(': 119 '), 30_000);
    await shop().run(': last');
    await waitFor('all lines', async () => (await shop().lines()).includes(': last'), 30_000);

    const sizes = readdirSync(shop().spools).map((name) => statSync(join(shop().spools, name)).size);
    expect(Math.max(...sizes)).toBeLessThan(200_000);
    expect((await shop().captured())[0]?.item.attributes['missing']).toBeGreaterThan(0);
  });

  it('is measured: prompts with and without it, in one run', async () => {
    const measure = async (hasHook: boolean): Promise<{ readonly wallMs: number; readonly cpuMs: number }> => {
      await using own = openHookWorkshop(shell);
      await own.open({ hasHook });
      const done = join(own.host.homeDir, 'done');
      const lines = Array.from({ length: MEASURED_PROMPTS }, (_, at) => `: ${at}\n`).join('');
      await own.run(': first');
      await own.tmux('set-buffer', `${lines}echo >${done}\n`);
      const pid = await own.shellPid();
      const [startMs, startCpuMs] = [performance.now(), cpuMsOf(pid)];
      await own.tmux('paste-buffer', '-t', '=main:');
      await waitFor('all prompts', () => existsSync(done), 50_000);
      const [wallMs, cpuMs] = [performance.now() - startMs, cpuMsOf(pid) - startCpuMs];
      if (hasHook) await waitFor('all notes', async () => (await own.lines()).length === MEASURED_PROMPTS + 2, 10_000);
      return { wallMs: wallMs / MEASURED_PROMPTS, cpuMs: cpuMs / MEASURED_PROMPTS };
    };
    const without = await measure(false);
    const withHook = await measure(true);
    const tell = (name: 'wallMs' | 'cpuMs'): string =>
      `${without[name].toFixed(2)} ms without the hook, ${withHook[name].toFixed(2)} ms with it`;
    const ratio = (withHook.wallMs / without.wallMs).toFixed(2);
    process.stdout.write(`${shell}, a prompt: ${tell('wallMs')}, ratio ${ratio}; processor time ${tell('cpuMs')}\n`);
  });
}

/** What a shell without a runtime folder of its own has left in the one that all tests share. */
function removeSharedNotes(pid: number): void {
  const folder = `/dev/shm/cairn-${process.getuid?.() ?? 0}/shell`;
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    if (name.includes(`-${pid}.`)) rmSync(join(folder, name), { force: true });
}

/** Processor time that a process has used; told in steps of 10 ms. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

describeShell('bash', (shop) => {
  holdsEverywhere('bash', shop);

  it('leaves exit codes, PROMPT_COMMAND, PS0, a DEBUG trap and set -u as they are', async () => {
    const before = [
      'set -u',
      'unset PROMPT_COMMAND',
      `PROMPT_COMMAND='printf "P%s-%s\\n" "$?" "\${PIPESTATUS[*]}"'`,
      `PS0='ps0 '`,
      `trap 'seen=\${seen-}x' DEBUG`,
    ].join('\n');
    await shop().open({ before });
    await shop().run('false | true | (exit 3)');
    await shop().run('echo "code $?" "trap ${#seen}" ');
    await shop().run('(exit 5)');
    await shop().run('(set -T; echo in a subshell; exit 0)');

    const screen = await shop().screen();
    expect(screen).toContain('P3-1 0 3');
    expect(screen).toContain('ps0 code 3');
    expect(screen).toMatch(/trap [1-9]/);
    expect(screen).toContain('P5-5');
    expect(screen).not.toMatch(/unbound|__cairn/);
    expect(await shop().lines()).toHaveLength(4);
  });

  it('works beside a preexec that hangs on the DEBUG trap and PROMPT_COMMAND, as bash-preexec does', async () => {
    const before = [
      'preexec_functions=(show); precmd_functions=(tell)',
      'show() { echo "pre<$1>"; }; tell() { echo "post<$?>"; }',
      'ready=',
      'invoke() { [[ -n $ready && $BASH_COMMAND != at_prompt* && $BASH_COMMAND != __cairn* ]] || return; ready=; for f in "${preexec_functions[@]}"; do $f "$BASH_COMMAND"; done; }',
      'at_prompt() { local s=$? f; for f in "${precmd_functions[@]}"; do (exit $s); $f; done; ready=1; }',
      `trap invoke DEBUG`,
      'PROMPT_COMMAND=at_prompt',
    ].join('\n');
    await shop().open({ before });
    await shop().run('ls /none');

    const screen = await shop().screen();
    expect(screen).toContain('pre<ls /none>');
    expect(screen).toContain('post<2>');
    expect(await shop().lines()).toEqual(['ls /none']);
  });

  it('obeys HISTCONTROL and HISTIGNORE', async () => {
    await shop().open({ before: "HISTCONTROL=ignoreboth\nHISTIGNORE='pwd:*token*'" });
    for (const line of [' echo secret', 'pwd', 'echo token', 'echo one', 'echo one', 'history 1', 'echo two'])
      await shop().run(line);

    expect(await shop().lines()).toEqual(['echo one', 'history 1', 'echo two']);
  });

  it('notes with erasedups, with shared histories and under set -e', async () => {
    const before = "HISTCONTROL=erasedups\nshopt -s histappend\nPROMPT_COMMAND='history -a; history -c; history -r'";
    await shop().open({ before });
    // Within a second of the prompt a line that took an earlier one's place looks like one that was ignored.
    for (const line of ['echo one', 'echo two']) await shop().run(line);
    const promptMs = Date.now();
    await waitFor('the next second', () => Date.now() > promptMs + 1_100);
    for (const line of ['echo one', 'set -e', 'echo three']) await shop().run(line);

    expect(await shop().lines()).toEqual(['echo one', 'echo two', 'echo one', 'set -e', 'echo three']);
  });

  it('leaves the history file as bash writes it', async () => {
    await shop().open();
    await shop().run('echo one');
    await shop().run('history -w');

    expect(readFileSync(join(shop().host.homeDir, '.bash_history'), 'utf8')).toBe('echo one\nhistory -w\n');
  });

  it('notes nothing where history is off, and nothing in a shell that is not interactive', async () => {
    await shop().open();
    await shop().run('set +o history');
    await shop().run('echo hidden');
    await shop().run('set -o history');
    await shop().run(`bash -c '. ${shop().host.homeDir}/.bashrc; echo script'`);

    const lines = await shop().lines();
    expect(lines).not.toContain('echo hidden');
    expect(lines.some((line) => line === 'echo script')).toBe(false);
    expect(await shop().captured()).toHaveLength(1);
  });
});

describeShell('zsh', (shop) => {
  holdsEverywhere('zsh', shop);

  it('obeys HIST_IGNORE_SPACE, HISTORY_IGNORE, HIST_NO_STORE and zshaddhistory functions, and calls these once', async () => {
    const before = [
      'setopt HIST_IGNORE_SPACE HIST_NO_STORE',
      `HISTORY_IGNORE='(pwd|*token*)'`,
      `alias hush=' echo hush'`,
      'zshaddhistory() { print -r -- "asked<${1%%$\'\\n\'}>"; [[ $1 == *never* ]] && return 1; return 0 }',
      'other() { [[ $1 == *memory* ]] && return 2; return 0 }',
      'zshaddhistory_functions=(other)',
    ].join('\n');
    await shop().open({ before });
    for (const line of [
      ' echo secret',
      'pwd',
      'echo token',
      'hush',
      'echo never',
      'echo memory',
      'fc -l',
      'echo one',
      'echo one',
    ])
      await shop().run(line);

    expect(await shop().lines()).toEqual(['echo one', 'echo one']);
    expect((await shop().screen()).split('asked<echo never>')).toHaveLength(2);
  });

  it('leaves exit codes, hooks and set -u as they are', async () => {
    const before = [
      'setopt NO_UNSET',
      'autoload -Uz add-zsh-hook',
      'mine() { print -r -- "P$?-$pipestatus" }',
      'add-zsh-hook precmd mine',
      'preexec() { print -r -- "pre<$1>" }',
    ].join('\n');
    await shop().open({ before });
    await shop().run('false | (exit 3)');
    await shop().run('echo "code $?"');

    const screen = await shop().screen();
    expect(screen).toContain('P3-');
    expect(screen).toContain('code 3');
    expect(screen).toContain('pre<echo "code $?">');
    expect(screen).not.toMatch(/__cairn|not set/);
    expect(await shop().lines()).toEqual(['false | (exit 3)', 'echo "code $?"']);
  });
});

describeShell('fish', (shop) => {
  holdsEverywhere('fish', shop);

  it("obeys private mode and the user's own fish_should_add_to_history, and leaves $status and events", async () => {
    const after = [
      'function fish_should_add_to_history; not string match -q "*token*" -- $argv; end',
      'function mine --on-event fish_postexec; echo "post<$status>"; end',
    ].join('\n');
    await shop().open({ after });
    await shop().run('echo token');
    await shop().run('false');
    await shop().run('echo "code $status"');
    await shop().run('set -g fish_private_mode 1');
    await shop().run('echo private');

    const screen = await shop().screen();
    expect(screen).toContain('post<1>');
    expect(screen).not.toContain('__cairn');
    expect(await shop().lines()).toEqual(['false', 'echo "code $status"']);
  });
});
