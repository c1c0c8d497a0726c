// Puts the chosen theme, or the system's, on the document.

import { useStatus } from '../stores/status.ts';
import { takeTheme, useUi } from '../stores/ui.ts';

export function followTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    const { theme } = useUi.getState();
    const isDark = theme === 'dark' || (theme === 'system' && dark.matches);
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
  };
  apply();
  dark.addEventListener('change', apply);
  useUi.subscribe(apply);
  useStatus.subscribe(({ status }, before) => {
    // Only a change counts: what was chosen here a moment ago is on its way there.
    if (status !== null && status.theme !== before.status?.theme) takeTheme(status);
  });
}
