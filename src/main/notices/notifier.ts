// Notifications of the system. Their texts name nothing that was captured: other programs can read and keep them.

import type { ElectronApi } from '../electron-api.ts';

export interface Notice {
  readonly title: string;
  readonly body: string;
  /** A button where the system has them, else a click on the notice itself. */
  readonly action?: { readonly label: string; readonly run: () => void };
  readonly onClick?: () => void;
}

export interface Notifier {
  show(notice: Notice): void;
}

export interface NotifierDeps {
  readonly Notification: ElectronApi['Notification'];
  readonly platform: NodeJS.Platform;
}

export function createNotifier({ Notification, platform }: NotifierDeps): Notifier {
  // One that nobody holds can be collected before it is clicked.
  const shown = new Set<object>();
  return {
    show: ({ title, body, action, onClick }) => {
      if (!Notification.isSupported()) return;
      const hasButtons = platform === 'darwin' || platform === 'win32';
      const click = action === undefined || hasButtons ? onClick : action.run;
      const notification = new Notification({
        title,
        body: action === undefined || hasButtons ? body : `${body}\nClick here: ${action.label.toLowerCase()}.`,
        silent: true,
        actions: action !== undefined && hasButtons ? [{ type: 'button', text: action.label }] : [],
      });
      shown.add(notification);
      const forget = (): void => {
        shown.delete(notification);
      };
      notification.on('action', () => {
        forget();
        action?.run();
      });
      notification.on('click', () => {
        forget();
        click?.();
      });
      notification.on('close', forget);
      notification.show();
    },
  };
}
