// An export of a vault that is open here, or in a running app.

import type { App } from '../core/app.ts';
import type { ExportReport, ExportRequest } from '../core/export/export-vault.ts';
import type { Vault } from '../core/vault/vault.ts';

/** @throws AppError as `exportVault`, which is loaded only now */
export async function exportTo(app: App, vault: Vault, request: ExportRequest): Promise<ExportReport> {
  const { exportVault } = await import('../core/export/export-vault.ts');
  const { folder, sources, clock } = app;
  return exportVault({ vault, sources, home: folder.path, nowMs: () => clock.nowMs() }, request);
}
