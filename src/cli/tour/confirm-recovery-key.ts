// The recovery key is only worth something once it is written down: part of it is typed back.

import type { Style } from '../output.ts';
import { renderRecoveryKey } from '../recovery-key-file.ts';
import type { Prompter } from '../terminal/prompter.ts';

/** Shows the key, and asks for its last group until it is right or the user says that it has to wait. */
export async function confirmRecoveryKey(recoveryKey: string, prompter: Prompter, style: Style): Promise<void> {
  for (const line of renderRecoveryKey(recoveryKey, null, style)) prompter.say(line);
  const lastGroup = recoveryKey.split('-').at(-1) ?? '';
  for (;;) {
    const answer = (await prompter.ask('Type its last four characters to go on (or `skip`): ')).trim();
    if (answer.toUpperCase() === lastGroup) {
      prompter.say(style.green('Right.'));
      return;
    }
    if (answer.toLowerCase() === 'skip') {
      prompter.say('Skipped. `cairn keys add-recovery` makes a new recovery key at any time.');
      return;
    }
    prompter.say('That is not its end. Look at the last group.');
  }
}
