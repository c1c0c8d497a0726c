// Whether the dialog that makes a checkpoint is open, and of which snapshot: any screen may open it, the shell shows it.

import { create } from 'zustand';

interface CheckpointDialog {
  /** Null while it is closed; empty for a checkpoint of the present. */
  readonly snapshot: string | null;
}

export const useCheckpointDialog = create<CheckpointDialog>(() => ({ snapshot: null }));

/** Opens it for a past snapshot, or for the present. */
export function openCheckpointDialog(snapshot = ''): void {
  useCheckpointDialog.setState({ snapshot });
}

export function closeCheckpointDialog(): void {
  useCheckpointDialog.setState({ snapshot: null });
}
