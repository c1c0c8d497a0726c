// A real shell with the hook in a tmux of its own, typed into like a person does. Home, runtime folder and sockets lie in memory and are
// gone afterwards.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { joinTerminals } from '../../../../src/core/capture/join-terminals.ts';
import { decodeCommands, type CommandEntry } from '../../../../src/core/sources/shell-history/command-entry.ts';
import { createShellHistorySource } from '../../../../src/core/sources/shell-history/shell-history-source.ts';
import { BLOCK_END, BLOCK_START, type HookedShell } from '../../../../src/core/sources/shell-history/hook-block.ts';
import type { Host } from '../../../../src/core/sources/source.ts';
import { createTmuxSource } from '../../../../src/core/sources/tmux/tmux-source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { makeCaptureContext, waitFor } from '../../../support/test-host.ts';
import { makeMemoryFolder, makeShellHost } from './spool-workshop.ts';

const SCRIPTS = fileURLToPath(new URL('../../../../resources/shell-integration/', import.meta.url));
const PROMPT = 'READY>';

export interface HookWorkshop extends AsyncDisposable {
  readonly host: Host;
  readonly spools: string;
  /** Opens a pane with the shell; lines of its start file stand before and behind the hook. */
  open(options?: { readonly before?: string; readonly after?: string; readonly hasHook?: boolean }): Promise<void>;
  /** Types a line and waits for the next prompt. */
  run(line: string): Promise<void>;
  /** Types without waiting. */
  type(...keys: string[]): Promise<void>;
  waitForPrompt(prompts: number): Promise<void>;
  /** Presses Ctrl-C until this prompt is there: a shell that is just about to read its line misses one. */
  interrupt(prompts: number): Promise<void>;
  prompts(): Promise<number>;
  screen(): Promise<string>;
  shellPid(): Promise<number>;
  tmux(...args: string[]): Promise<string>;
  /** All that was noted, by shell, the oldest shell first; each with its item. */
  captured(): Promise<readonly { readonly item: CapturedItem; readonly commands: readonly CommandEntry[] }[]>;
  lines(): Promise<readonly string[]>;
}

export function openHookWorkshop(shell: HookedShell): HookWorkshop {
  const memory = makeMemoryFolder();
  const host = makeShellHost(memory.path, { SHELL: '/bin/sh' });
  const source = createShellHistorySource();
  const tmuxSource = createTmuxSource();
  const startFile = writeStart(shell, host.homeDir);
  const shop: HookWorkshop = {
    host,
    spools: join(memory.path, 'runtime', 'cairn', 'shell'),
    tmux: async (...args) => {
      const result = await host.run('tmux', ['-u', '-f', '/dev/null', ...args], { timeoutMs: 5_000 });
      if (result.exitCode !== 0) throw new Error(`tmux ${args.join(' ')}: ${result.stderr.toString()}`);
      return result.stdout.toString();
    },
    open: async (options = {}) => {
      startFile(options);
      const runs = {
        bash: `exec bash --noprofile --rcfile ${host.homeDir}/.bashrc`,
        zsh: 'exec zsh',
        fish: 'exec fish',
      };
      await shop.tmux('new-session', '-d', '-s', 'main', '-x', '200', '-y', '50', '-c', memory.path, runs[shell]);
      await shop.waitForPrompt(1);
    },
    run: async (line) => {
      const before = await shop.prompts();
      await shop.type('-l', line);
      await shop.type('Enter');
      await shop.waitForPrompt(before + 1);
    },
    type: async (...keys) => {
      await shop.tmux('send-keys', '-t', '=main:', ...keys);
    },
    waitForPrompt: (prompts) => waitFor(`prompt ${prompts}`, async () => (await shop.prompts()) >= prompts, 15_000),
    interrupt: async (prompts) => {
      let waits = 0;
      await waitFor(
        `prompt ${prompts} after Ctrl-C`,
        async () => {
          if (waits % 100 === 0) await shop.type('C-c');
          waits += 1;
          // fish keeps the line's prompt and clears the line.
          const last = (await shop.screen()).trimEnd().split('\n').at(-1)?.trimEnd();
          return last === PROMPT && (await shop.prompts()) >= prompts;
        },
        15_000,
      );
    },
    prompts: async () => (await shop.screen()).split('\n').filter((line) => line.startsWith(PROMPT)).length,
    screen: () => shop.tmux('capture-pane', '-p', '-S', '-', '-t', '=main:'),
    shellPid: async () => Number(await shop.tmux('display-message', '-p', '-t', '=main:', '#{pane_pid}')),
    captured: async () => {
      const context = makeCaptureContext(host);
      const panes = await tmuxSource.capture(context);
      const { items } = await source.capture(context);
      return joinTerminals([...panes.items, ...items])
        .filter((item) => item.attributes['isHistory'] === true)
        .toSorted((a, b) => (a.key < b.key ? -1 : 1))
        .map((item) => ({
          item,
          commands: item.streams.flatMap(({ content }) =>
            content.type === 'whole' ? decodeCommands(content.bytes) : [],
          ),
        }));
    },
    lines: async () => (await shop.captured()).flatMap(({ commands }) => commands.map(({ command }) => command)),
    [Symbol.asyncDispose]: async () => {
      await host.run('tmux', ['kill-server']).catch(() => undefined);
      memory[Symbol.dispose]();
    },
  };
  return shop;
}

type WriteStart = (options: { readonly before?: string; readonly after?: string; readonly hasHook?: boolean }) => void;

function writeStart(shell: HookedShell, home: string): WriteStart {
  const script = join(SCRIPTS, `cairn.${shell}`);
  const block = (text: string): string => `${BLOCK_START}\n${text}\n${BLOCK_END}\n`;
  if (shell === 'fish') {
    const folder = join(home, '.config', 'fish');
    mkdirSync(join(folder, 'conf.d'), { recursive: true });
    // Else fish reads all manual pages in the background.
    mkdirSync(join(home, '.local', 'share', 'fish', 'generated_completions'), { recursive: true });
    return ({ before = '', after = '', hasHook = true }) => {
      const prompt = `set -g fish_greeting\nfunction fish_prompt\n  echo '${PROMPT} '\nend\nfunction fish_right_prompt\nend\n`;
      writeFileSync(join(folder, 'conf.d', 'a.fish'), before);
      if (hasHook) writeFileSync(join(folder, 'conf.d', 'cairn.fish'), block(readFileSync(script, 'utf8')));
      const again = hasHook ? `source ${folder}/conf.d/cairn.fish\n` : '';
      writeFileSync(join(folder, 'config.fish'), `${prompt}${again}${after}\n`);
    };
  }
  return ({ before = '', after = '', hasHook = true }) => {
    // Sourced twice, as a start file that is sourced again does.
    const hook = hasHook ? block(`. '${script}'\n. '${script}'`) : '';
    const prompt = `PS1='${PROMPT} '\nPS2='more> '\n`;
    writeFileSync(join(home, shell === 'bash' ? '.bashrc' : '.zshrc'), `${prompt}${before}\n${hook}${after}\n`);
  };
}
