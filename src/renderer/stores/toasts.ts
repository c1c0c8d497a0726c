// Short notices at the edge of the window. Trouble stays until it is closed, success goes by itself.

import { create } from 'zustand';

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'info' | 'bad';
  readonly action?: { readonly label: string; readonly run: () => void };
}

interface ToastStore {
  readonly toasts: readonly Toast[];
}

const SHOWN_MS = 8_000;
const MAX_TOASTS = 4;
let ids = 0;

export const useToasts = create<ToastStore>(() => ({ toasts: [] }));

export function showToast(toast: Omit<Toast, 'id'>): void {
  ids += 1;
  const id = ids;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, { ...toast, id }].slice(-MAX_TOASTS) }));
  if (toast.tone === 'info') setTimeout(() => closeToast(id), SHOWN_MS);
}

export function closeToast(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}
