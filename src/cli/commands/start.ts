// `cairn start`: leads a new user, on a terminal, through the first vault, the first capture and a first restored thing. It goes on
// where an earlier tour stopped, and with everything in place it shows how things stand.

import type { Command } from 'commander';

import { withVault, type Act, type CommandContext } from '../context.ts';
import type { OpenCore } from '../core.ts';
import { EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { askNewPassword } from '../password.ts';
import { renderCapture } from '../render/capture.ts';
import { renderStatus } from '../render/status.ts';
import { askSources } from '../source-selection.ts';
import { describeFirstCapture } from '../tour/first-capture.ts';
import { confirmRecoveryKey } from '../tour/confirm-recovery-key.ts';
import type { Prompter } from '../terminal/prompter.ts';
import { describeChoice, detectSources } from './init.ts';
import { readStatus } from './status.ts';

const NEXT_COMMANDS: ReadonlyArray<readonly [string, string]> = [
  ['cairn run', 'captures every 30 seconds while it runs'],
  ['cairn checkpoint NAME', 'captures and keeps it under a name'],
  ['cairn list', 'what there is to go back to'],
  ['cairn restore latest --dry-run', 'what a restore would do now'],
  ['cairn status', 'whether everything is captured and safe'],
];

export function setupStart(command: Command, act: Act): void {
  command.action(() => act(runStart));
}

export async function runStart(context: CommandContext): Promise<ExitCode> {
  const { prompter } = context;
  if (prompter === null || context.out.isJson) {
    tellWithoutTerminal(context);
    return EXIT_DONE;
  }
  const tour = new Tour(context, prompter);
  if (context.core.hasVault()) await withVault(context, (open) => tour.goOn(open), { needsOwn: true });
  else await tour.begin();
  return EXIT_DONE;
}

function tellWithoutTerminal(context: CommandContext): void {
  const hasVault = context.core.hasVault();
  const first: ReadonlyArray<readonly [string, string]> = hasVault
    ? []
    : [['cairn init --password-file FILE', 'makes the vault and prints the recovery key']];
  const next = [...first, ...NEXT_COMMANDS];
  const width = Math.max(...next.map(([command]) => command.length));
  context.out.result({ interactive: false, hasVault, next: next.map(([command, does]) => ({ command, does })) }, () => [
    'The tour needs a terminal. Without one:',
    ...next.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`),
    'Commands that open the vault take --password-file FILE or $CAIRN_PASSWORD.',
  ]);
}

class Tour {
  readonly #context: CommandContext;
  readonly #prompter: Prompter;

  constructor(context: CommandContext, prompter: Prompter) {
    this.#context = context;
    this.#prompter = prompter;
  }

  /** From nothing: the vault, its keys, then all the rest. */
  async begin(): Promise<void> {
    const { core, out } = this.#context;
    const { bold, dim } = out.noteStyle;
    this.#say(
      '',
      bold("Cairn, a time machine for a developer's workspace"),
      'It captures what is open into an encrypted vault on this machine, and brings any of it back.',
      dim('Nothing leaves this machine. Cookies, form data, private windows and environment variables are never read.'),
      dim('Ctrl-C ends the tour at any point; `cairn start` goes on with it.'),
    );
    this.#step(1, 'A password for the vault');
    this.#say('Several words that only you would put together are strong and easy to remember.');
    const password = await askNewPassword(this.#prompter, (text) => core.assessPassword(text));
    const { open, recoveryKey } = await core.createVault(password);
    try {
      this.#say(`The vault lies in ${core.home}.`);
      this.#step(2, 'The recovery key');
      await confirmRecoveryKey(recoveryKey, this.#prompter, out.noteStyle);
      await this.goOn(open);
    } finally {
      await open.close();
    }
  }

  /** From an open vault: whatever has not been done yet. */
  async goOn(open: OpenCore): Promise<void> {
    const { core } = this.#context;
    const hasSources = (await core.readSettings()).enabledSources.length > 0;
    const hasSnapshots = (await open.vault.listSnapshots({ limit: 1 })).length > 0;
    if (hasSources && hasSnapshots) {
      await this.#showStatus(open);
      return;
    }
    if (!hasSources) await this.#chooseSources();
    await this.#captureFirst(open);
    await this.#prove();
    this.#end();
  }

  async #chooseSources(): Promise<void> {
    const { core, out } = this.#context;
    this.#step(3, 'What may be captured');
    this.#say('Everything is off until you turn it on, and can be turned off again at any time.');
    const found = await detectSources(this.#context);
    const chosen = await askSources(found, this.#prompter, out.noteStyle);
    await core.enableSources(chosen);
    this.#say(...describeChoice(found, chosen));
  }

  async #captureFirst(open: OpenCore): Promise<void> {
    const { core, out, nowMs, signal } = this.#context;
    this.#step(4, 'The first capture');
    if ((await core.readSettings()).enabledSources.length === 0) {
      this.#say('No source is on, so there is nothing to capture yet.');
      return;
    }
    const outcome = await open.capture({ kind: 'manual' }, signal);
    const snapshot = await open.vault.readSnapshot(outcome.summary.id);
    this.#say(...renderCapture(outcome, out.noteStyle, nowMs()), ...describeFirstCapture(snapshot, nowMs()));
  }

  async #prove(): Promise<void> {
    const { core, out, signal } = this.#context;
    this.#step(5, 'A small proof that it comes back');
    const isProven = await core.proveRestore((line) => this.#say(line), signal);
    if (isProven) this.#say(out.noteStyle.green('Captured, lost, and brought back.'));
  }

  #end(): void {
    const { bold, cyan } = this.#context.out.noteStyle;
    const width = Math.max(...NEXT_COMMANDS.map(([command]) => command.length));
    this.#say(
      '',
      bold('That is all. What comes next:'),
      ...NEXT_COMMANDS.map(([command, does]) => `  ${cyan(command.padEnd(width))}  ${does}`),
    );
  }

  async #showStatus(open: OpenCore): Promise<void> {
    const { out, nowMs } = this.#context;
    const status = await readStatus(open, this.#context);
    out.lines(renderStatus(status, { style: out.style, width: out.width, nowMs: nowMs() }));
  }

  #step(number: number, title: string): void {
    const { bold, dim } = this.#context.out.noteStyle;
    this.#say('', `${dim(`${number} of 5`)}  ${bold(title)}`);
  }

  #say(...lines: readonly string[]): void {
    for (const line of lines) this.#prompter.say(line);
  }
}
