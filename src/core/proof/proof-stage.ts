// What the proofs share: a scratch folder, a scratch vault, and the way from a capture to a restore.

import { AppError } from '../../shared/model/app-error.ts';
import type { SourceId } from '../../shared/model/ids.ts';
import type { CaptureOutcome, CaptureRequest } from '../capture/collector.ts';
import type { RestoreService } from '../restore/restore-service.ts';
import type { RunProgram } from '../sources/host/run-program.ts';
import type { RestoreOptions, Source } from '../sources/source.ts';

/** A scratch vault, as far as a proof needs it. */
export interface ProofVault {
  capture(request: CaptureRequest): Promise<CaptureOutcome>;
  readonly restores: Pick<RestoreService, 'plan' | 'apply'>;
}

/** What one kind of proof works with. */
export interface ProofStage {
  readonly folder: string;
  readonly run: RunProgram;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** A vault of its own, open only for this work, that captures from these sources. */
  withVault<Result>(
    options: { readonly enabled: readonly SourceId[]; readonly sources?: readonly Source[] },
    work: (open: ProofVault) => Promise<Result>,
  ): Promise<Result>;
}

/** Captures, lets something be destroyed, and restores everything that was captured. */
export async function captureAndRestore(
  open: ProofVault,
  stage: ProofStage,
  options: Pick<RestoreOptions, 'shouldApplyGit'>,
  destroy: () => Promise<void>,
): Promise<void> {
  const { signal } = stage;
  const { summary } = await open.capture({ kind: 'manual', signal });
  await destroy();
  const request = {
    snapshotId: summary.id,
    only: [],
    options: {
      ...options,
      shouldRunCommands: false,
      worktreeDir: null,
      allowsFileUrls: false,
      withScrollback: true,
    },
    signal,
  };
  const plan = await open.restores.plan(request);
  await open.restores.apply(plan, request, { signal, onStep: () => undefined });
}

export function notProven(): AppError {
  return new AppError('SOURCE_FAILED', 'The scratch thing did not come back as it was.', {
    hint: 'Your own vault is not touched by this. Please report it.',
  });
}
