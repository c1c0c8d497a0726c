// Puts the shell hooks into a user's start files and takes them out again: a plan that says what would be written, and the writing. The
// scripts themselves lie in the data folder, so that an update of Cairn changes no start file.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { writePrivateFileSync } from '../config/write-private-file.ts';
import { hasControlCharacter, quoteArguments } from '../sources/host/quote-argument.ts';
import { findStartFile, HOOKED_SHELLS, type HookedShell } from '../sources/shell-history/hook-block.ts';
import type { Host } from '../sources/source.ts';
import { addBlock, findBlock, removeBlock, replaceBlock } from './start-file-block.ts';
import { readStartFile, writeStartFile, type StartFile } from './start-file.ts';

export interface ShellIntegrationDeps {
  readonly host: Host;
  /** Where the scripts and the backups of start files lie. */
  readonly folder: string;
  readonly scripts: Readonly<Record<HookedShell, string>>;
}

/** What is done to one start file. `none`: it is as it should be. */
export type ShellAction = 'add' | 'replace' | 'remove' | 'delete' | 'none' | 'refused' | 'failed';

export interface ShellChange {
  readonly shell: HookedShell;
  /** The start file, as the shell names it. */
  readonly path: string;
  /** The file that is written: another one where `path` is a link. */
  readonly target: string;
  readonly action: ShellAction;
  /** A sentence. */
  readonly detail: string;
  /** What is put into the file. */
  readonly added?: string;
}

export interface ShellStatus {
  readonly shell: HookedShell;
  readonly path: string;
  /** Whether the shell itself is on the PATH. */
  readonly isFound: boolean;
  readonly state: 'on' | 'off' | 'outdated' | 'broken';
  readonly detail: string;
}

export class ShellIntegration {
  readonly #deps: ShellIntegrationDeps;

  constructor(deps: ShellIntegrationDeps) {
    this.#deps = deps;
  }

  /** The shells that are installed here. */
  findShells(): readonly HookedShell[] {
    return HOOKED_SHELLS.filter((shell) => this.#isFound(shell));
  }

  planInstall(shells: readonly HookedShell[]): readonly ShellChange[] {
    return shells.map((shell) => this.#install(shell, false));
  }

  /** Does what `planInstall` says, for each file that is not refused. */
  install(shells: readonly HookedShell[]): readonly ShellChange[] {
    return shells.map((shell) => this.#install(shell, true));
  }

  planUninstall(shells: readonly HookedShell[]): readonly ShellChange[] {
    return shells.map((shell) => this.#uninstall(shell, false));
  }

  uninstall(shells: readonly HookedShell[]): readonly ShellChange[] {
    return shells.map((shell) => this.#uninstall(shell, true));
  }

  status(): readonly ShellStatus[] {
    return HOOKED_SHELLS.map((shell) => {
      const file = this.#read(shell);
      const about = { shell, path: file.path, isFound: this.#isFound(shell) };
      if (file.state === 'missing') return { ...about, state: 'off', detail: 'Not installed.' };
      if (file.state === 'refused')
        return { ...about, state: 'off', detail: `The file is not looked into: ${file.why}.` };
      const block = findBlock(file.text);
      if (block === 'none') return { ...about, state: 'off', detail: 'Not installed.' };
      if (block === 'broken') return { ...about, state: 'broken', detail: BROKEN };
      const isCurrent = block.body === this.#body(shell) && this.#isScriptCurrent(shell);
      return isCurrent
        ? { ...about, state: 'on', detail: 'Installed; new shells note their commands.' }
        : {
            ...about,
            state: 'outdated',
            detail: 'Another version is installed: run `cairn shell-integration install`.',
          };
    });
  }

  #install(shell: HookedShell, shouldWrite: boolean): ShellChange {
    const file = this.#read(shell);
    const about = aboutFile(shell, file);
    if (file.state === 'refused') return { ...about, action: 'refused', detail: `Left alone: ${file.why}.` };
    if (hasControlCharacter(this.#deps.folder))
      return {
        ...about,
        action: 'refused',
        detail: 'Left alone: the data folder has a name that no shell can be told.',
      };
    const body = this.#body(shell);
    const block = file.state === 'missing' ? 'none' : findBlock(file.text);
    if (block === 'broken') return { ...about, action: 'refused', detail: `Left alone: ${BROKEN}` };
    if (shell === 'fish' && file.state === 'there' && block === 'none')
      return { ...about, action: 'refused', detail: 'Left alone: a file of this name is there that is not of Cairn.' };
    if (block !== 'none' && block.body === body) {
      if (this.#isScriptCurrent(shell)) return { ...about, action: 'none', detail: 'Installed already.' };
      return this.#write(
        { ...about, action: 'replace', detail: 'The script is brought up to date.' },
        shouldWrite,
        () => this.#writeScript(shell),
      );
    }
    const isNew = block === 'none';
    const text =
      block === 'none' || file.state === 'missing'
        ? addBlock(file.state === 'missing' ? null : file.text, body)
        : replaceBlock(file.text, block, body);
    const change: ShellChange = {
      ...about,
      action: isNew ? 'add' : 'replace',
      detail: isNew
        ? file.state === 'missing'
          ? 'The file is made.'
          : 'A block is added at its end.'
        : 'The block is brought up to date.',
      added: fromBytes(
        isNew && file.state === 'there' ? text.slice(file.text.length) : text.slice(text.indexOf('# >>>')),
      ),
    };
    return this.#write(change, shouldWrite, () => {
      this.#writeScript(shell);
      if (file.state === 'there') this.#backUp(shell, file.text);
      writeStartFile(file, text);
    });
  }

  #uninstall(shell: HookedShell, shouldWrite: boolean): ShellChange {
    const file = this.#read(shell);
    const about = aboutFile(shell, file);
    if (file.state === 'missing') return { ...about, action: 'none', detail: 'Not installed.' };
    if (file.state === 'refused') return { ...about, action: 'refused', detail: `Left alone: ${file.why}.` };
    const block = findBlock(file.text);
    if (block === 'none') return { ...about, action: 'none', detail: 'Not installed.' };
    if (block === 'broken') return { ...about, action: 'refused', detail: `Left alone: ${BROKEN}` };
    const text = removeBlock(file.text, block);
    const change: ShellChange = {
      ...about,
      action: text === null ? 'delete' : 'remove',
      detail:
        text === null
          ? 'The file, which was made for it, is deleted.'
          : 'The block is taken out; nothing else changes.',
    };
    return this.#write(change, shouldWrite, () => {
      writeStartFile(file, text);
      rmSync(this.#scriptPath(shell), { force: true });
      // A copy of what stands there again is of no use.
      const backup = this.#backupPath(shell);
      if (existsSync(backup) && readFileSync(backup, 'latin1') === text) rmSync(backup, { force: true });
    });
  }

  #write(change: ShellChange, shouldWrite: boolean, write: () => void): ShellChange {
    if (!shouldWrite) return change;
    try {
      write();
      return change;
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? `it could not be written (${String(error.code)}).` : '';
      const detail = why === '' && error instanceof Error ? error.message : `Nothing was changed: ${why}`;
      return { ...change, action: 'failed', detail };
    }
  }

  #read(shell: HookedShell): StartFile {
    return readStartFile(findStartFile(this.#deps.host, shell), this.#deps.host.uid);
  }

  /** fish reads the folder itself; the others are told where the script lies. */
  #body(shell: HookedShell): string {
    // Its script is the start file itself, so it must be told where our folder is.
    if (shell === 'fish')
      return toBytes(this.#deps.scripts.fish.trimEnd().replace("'@folder@'", () => quoteForFish(this.#deps.folder)));
    const path = quoteArguments([this.#scriptPath(shell)]) ?? '';
    return toBytes(`if [ -r ${path} ]; then . ${path}; fi`);
  }

  #isScriptCurrent(shell: HookedShell): boolean {
    if (shell === 'fish') return true;
    try {
      return readFileSync(this.#scriptPath(shell), 'utf8') === this.#deps.scripts[shell];
    } catch {
      return false; // not there
    }
  }

  #writeScript(shell: HookedShell): void {
    mkdirSync(this.#deps.folder, { recursive: true, mode: 0o700 });
    if (shell !== 'fish') writePrivateFileSync(this.#scriptPath(shell), this.#deps.scripts[shell]);
  }

  #backUp(shell: HookedShell, text: string): void {
    writePrivateFileSync(this.#backupPath(shell), text, 'latin1');
  }

  #scriptPath(shell: HookedShell): string {
    return join(this.#deps.folder, `cairn.${shell}`);
  }

  #backupPath(shell: HookedShell): string {
    return join(this.#deps.folder, `${shell}-start-file.backup`);
  }

  #isFound(shell: HookedShell): boolean {
    const folders = (this.#deps.host.env['PATH'] ?? '').split(delimiter);
    return folders.some((folder) => folder !== '' && existsSync(join(folder, shell)));
  }
}

const BROKEN = 'the marks of the block are incomplete or there twice; take it out by hand.';

function aboutFile(shell: HookedShell, file: StartFile): Pick<ShellChange, 'shell' | 'path' | 'target'> {
  return { shell, path: file.path, target: file.state === 'there' ? file.target : file.path };
}

/** Texts of start files are bytes as latin1; what is ours is UTF-8. */
function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function fromBytes(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Within single quotes fish knows two escapes. */
function quoteForFish(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
