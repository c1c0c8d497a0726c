// A dialog over the page: focus stays inside, Esc closes, and the element that opened it gets the focus back.

import { Dialog as RadixDialog } from 'radix-ui';
import type { ReactNode } from 'react';

import { useReturnFocus } from './use-return-focus.ts';

export interface DialogProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

export function Dialog({ title, description, isOpen, onClose, children, actions }: DialogProps) {
  const returnFocus = useReturnFocus(isOpen);
  return (
    <RadixDialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="overlay" />
        <RadixDialog.Content
          className="dialog"
          onCloseAutoFocus={returnFocus}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <div className="stack">
            <RadixDialog.Title asChild>
              <h2>{title}</h2>
            </RadixDialog.Title>
            {description !== undefined && (
              <RadixDialog.Description asChild>
                <div className="soft">{description}</div>
              </RadixDialog.Description>
            )}
          </div>
          {children}
          {actions !== undefined && <div className="dialog__actions">{actions}</div>}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}
