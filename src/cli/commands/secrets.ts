// `cairn secrets scan`: secret values anywhere in the past, also of other devices, where else they lie, and what to do; with --redact also takes
// them out of what this device captured.

import type { Command } from 'commander';

import { scanSecrets, type OtherHistory, type SecretFinding } from '../../core/secrets/scan-secrets.ts';
import { redactMessages } from '../../core/secrets/session-texts.ts';
import type { RedactReport } from '../../core/vault/vault-texts.ts';
import { AppError } from '../../shared/model/app-error.ts';
import { doneWithVault, withProgress, type Act, type CommandContext } from '../context.ts';
import type { OpenCore } from '../core.ts';
import type { ExitCode } from '../exit-code.ts';
import { countOf } from '../format/amounts.ts';
import { parseTime } from '../format/times.ts';
import { collect } from '../options.ts';
import { deviceDocument, findingDocument, renderFindings, renderPlan } from '../render/secrets.ts';

const ALL = 'all';

export interface SecretsScanOptions {
  readonly since?: string;
  readonly redact?: readonly string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function setupSecrets(command: Command, act: Act): void {
  command
    .command('scan')
    .description('look for secrets in everything that was ever captured, on this device and on the others')
    .option('--since <time>', 'only those that were still there then: an age such as 30d, a date or an ISO 8601 time')
    .option(
      '--redact <fingerprint>',
      '(or `all`) overwrite it in what this device captured; may be given several times',
      collect,
    )
    .option('--dry-run', 'with --redact: show what would be overwritten, and change nothing')
    .option('--yes', 'with --redact: do not ask')
    .action((options: SecretsScanOptions) => act((context) => runSecretsScan(options, context)));
}

/** Nothing that this prints holds a value. */
export function runSecretsScan(options: SecretsScanOptions, context: CommandContext): Promise<ExitCode> {
  const since = options.since === undefined ? {} : { sinceMs: parseTime(options.since, context.nowMs(), '--since') };
  return doneWithVault(context, async (open) => {
    const others = await openOthers(open, context);
    const { findings, isCut } = await withProgress(context, 'Looking through everything', (work) =>
      scanSecrets(open.vault, { ...work, ...since, others }),
    );
    const chosen = choose(findings, options.redact ?? []);
    const isDone = chosen.some(isHere) && options.dryRun !== true && (await isAgreed(chosen, options, context));
    const report = isDone
      ? await withProgress(context, 'Overwriting', async (work) => {
          const spots = chosen.flatMap((finding) => finding.spots);
          const messages = chosen.flatMap((finding) => finding.messages);
          const redacted = await open.vault.redact(spots, work);
          const changed = await redactMessages(open.vault, messages, context.nowMs());
          return { ...redacted, spots: redacted.spots + changed };
        })
      : null;
    const view = { style: context.out.style, nowMs: context.nowMs() };
    const account = report === null ? null : ((await open.sync?.status())?.account ?? null);
    if (account !== null) context.out.warn(SYNCED);
    const redaction = options.redact === undefined ? {} : { redaction: redactionDocument(chosen, report) };
    const looked = others.length === 0 ? {} : { devices: others.map(({ device }) => deviceDocument(device)) };
    context.out.result({ findings: findings.map(findingDocument), cut: isCut, ...looked, ...redaction }, () => [
      ...renderFindings(findings, isCut, view),
      ...(options.redact === undefined ? [] : renderPlan(chosen, report, view.style)),
    ]);
  });
}

/** What of it is not here, and what each of those places needs. */
const SYNCED =
  'this vault syncs: with the next sync the server lets it go, and other devices overwrite it in their copies of this history. What they captured themselves is redacted there.';

/** What other devices captured, as far as it is here. One that cannot be opened does not stop the rest. */
async function openOthers(open: OpenCore, { out }: CommandContext): Promise<OtherHistory[]> {
  const { sync, history } = open;
  if (sync === undefined || history === undefined) return [];
  const others: OtherHistory[] = [];
  for (const { id, name, state, isThis, wasThis = false } of await sync.devices()) {
    if (isThis) continue;
    try {
      const vault = await history(id);
      await vault.listSnapshots({ limit: 1 }); // in a running app only this opens it
      others.push({ device: { id, name, state, wasThis }, vault });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // It has an account, and nothing of it has come yet.
      if (error.code === 'DEVICE_NOT_FOUND') continue;
      out.warn(`what ${name} captured could not be looked through: ${error.message}`);
    }
  }
  return others;
}

/** Whether something of it can be overwritten on this device. */
function isHere({ spots, messages }: SecretFinding): boolean {
  return spots.length + messages.length > 0;
}

function choose(findings: readonly SecretFinding[], wanted: readonly string[]): readonly SecretFinding[] {
  if (wanted.includes(ALL)) return findings;
  for (const name of wanted) {
    if (findings.some(({ fingerprint }) => fingerprint === name)) continue;
    throw new AppError('ITEM_NOT_FOUND', 'No secret that was found has this fingerprint.', {
      hint: '`cairn secrets scan` lists them; `all` means every one.',
    });
  }
  return findings.filter(({ fingerprint }) => wanted.includes(fingerprint));
}

/** @throws AppError USAGE_INVALID where nobody can be asked */
async function isAgreed(
  chosen: readonly SecretFinding[],
  options: SecretsScanOptions,
  context: CommandContext,
): Promise<boolean> {
  if (options.yes === true) return true;
  const { prompter } = context;
  if (prompter === null || context.out.isJson)
    throw new AppError('USAGE_INVALID', 'Overwriting the past is not taken back.', {
      hint: 'Look at it with --dry-run, then give --yes.',
    });
  for (const line of renderPlan(chosen, null, context.out.noteStyle)) prompter.say(line);
  const question = `Overwrite ${countOf(chosen.filter(isHere).length, 'secret')} in the vault? This cannot be taken back.`;
  return prompter.confirm(question, { isDefaultYes: false });
}

function redactionDocument(chosen: readonly SecretFinding[], report: RedactReport | null): object {
  return {
    dryRun: report === null,
    secrets: chosen.map(({ fingerprint }) => fingerprint),
    spots: chosen.reduce((sum, { spots, messages }) => sum + spots.length + messages.length, 0),
    facts: chosen.reduce((sum, { facts }) => sum + facts, 0),
    ...(report === null ? {} : { overwritten: report.spots, chunks: report.chunks, left: report.left }),
  };
}
