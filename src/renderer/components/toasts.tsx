// The notices of stores/toasts, read out by screen readers as they come.

import { X } from 'lucide-react';

import { closeToast, useToasts } from '../stores/toasts.ts';
import { Button, IconButton } from './button.tsx';
import { plainTitle } from './visible-text.ts';

export function Toasts() {
  const { toasts } = useToasts();
  return (
    <div className="toasts" role="region" aria-label="Notices" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} className={`toast toast--${toast.tone}`} role={toast.tone === 'bad' ? 'alert' : 'status'}>
          <span className="grow captured">{plainTitle(toast.text)}</span>
          {toast.action !== undefined && (
            <Button
              onClick={() => {
                toast.action?.run();
                closeToast(toast.id);
              }}
            >
              {toast.action.label}
            </Button>
          )}
          <IconButton label="Close notice" icon={<X size={16} />} onClick={() => closeToast(toast.id)} />
        </div>
      ))}
    </div>
  );
}
