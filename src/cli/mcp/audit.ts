// Who asked what: every call of an agent, sealed in the vault. What was answered is not kept twice.

import { z } from 'zod';

import type { Vault } from '../../core/vault/vault.ts';

const SETTING = 'mcp-audit';
const MAX_CALLS = 2_000;
const MAX_ARGUMENTS = 500;

const auditSchema = z.object({
  calls: z.array(
    z.object({
      atMs: z.number(),
      /** What the program calls itself: nobody vouches for it. */
      client: z.string(),
      tool: z.string(),
      arguments: z.string(),
    }),
  ),
});
export type AuditedCall = z.infer<typeof auditSchema>['calls'][number];

/** Oldest first. */
export async function readAudit(vault: Pick<Vault, 'readSetting'>): Promise<readonly AuditedCall[]> {
  const parsed = auditSchema.safeParse(await vault.readSetting(SETTING));
  return parsed.success ? parsed.data.calls : [];
}

/** Notes a call before it is answered. @throws AppError where it cannot be noted: then nothing may be answered */
export async function noteCall(vault: Pick<Vault, 'readSetting' | 'writeSetting'>, call: AuditedCall): Promise<void> {
  const calls = [...(await readAudit(vault)), { ...call, arguments: call.arguments.slice(0, MAX_ARGUMENTS) }];
  await vault.writeSetting(SETTING, { calls: calls.slice(-MAX_CALLS) });
}
