// `cairn verify`: proves that what the vault holds is whole.

import type { Command } from 'commander';

import type { VerifyReport } from '../../core/vault/vault.ts';
import type { PlainError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { withProgress, withVault, type Act, type CommandContext } from '../context.ts';
import { EXIT_DAMAGED, EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { countOf, formatCount } from '../format/amounts.ts';
import type { Style } from '../output.ts';

const MAX_TEXT_LENGTH = 300;

export interface VerifyOptions {
  readonly deep?: boolean;
}

export function setupVerify(command: Command, act: Act): void {
  command
    .option('--deep', 'also decode content and compare it, and follow what snapshots name, not only the seals')
    .action((options: VerifyOptions) => act((context) => runVerify(options, context)));
}

/** Damage found is the result of this command, and exit code 5. */
export async function runVerify(options: VerifyOptions, context: CommandContext): Promise<ExitCode> {
  const report = await withVault(context, (open) =>
    withProgress(context, 'Verifying', (work) =>
      open.vault.verify({ ...work, isDeep: options.deep === true, nowMs: context.nowMs() }),
    ),
  );
  context.out.result(report.ok ? report : { ...report, error: damageError(report) }, () =>
    renderVerify(report, context.out.style),
  );
  return report.ok ? EXIT_DONE : EXIT_DAMAGED;
}

function damageError(report: VerifyReport): PlainError {
  return {
    code: 'VAULT_DAMAGED',
    message: `${countOf(report.damaged.length, 'part')} of the vault ${report.damaged.length === 1 ? 'is' : 'are'} damaged.`,
    hint: 'Keep the file as it is; the rest can still be read. The newest backup lies in the backups folder.',
    retryable: false,
  };
}

function renderVerify(report: VerifyReport, style: Style): string[] {
  const checked = `${formatCount(report.checked)} sealed records checked`;
  if (report.ok) return [`${style.green('The vault is whole:')} ${checked}, no damage.`];
  const error = damageError(report);
  return [
    `${style.red('Damage found:')} ${checked}. ${error.message}`,
    ...report.damaged.map(({ what, detail, snapshots }) => {
      const touched = snapshots === 0 ? 'no snapshot is touched' : `touches ${countOf(snapshots, 'snapshot')}`;
      return `  ${style.red(toPlainLine(what, MAX_TEXT_LENGTH))}: ${toPlainLine(detail, MAX_TEXT_LENGTH)} (${touched})`;
    }),
    error.hint,
  ];
}
