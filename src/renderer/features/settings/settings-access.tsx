// The settings as the core lists them, for the sections; and one of them as a field needs it: its value, how to set it, what was wrong.

import { createContext, useContext, useState, type ReactNode } from 'react';

import type { ConfigEntryView } from '../../../shared/contract/schemas.ts';
import type { AppError } from '../../../shared/model/app-error.ts';
import { ErrorMessage, Loading } from '../../components/feedback.tsx';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useQuery } from '../../client/use-query.ts';

type Value = ConfigEntryView['value'];

const Entries = createContext<ReadonlyMap<string, ConfigEntryView>>(new Map());

/** Reads the settings, again whenever somebody changes them, for what stands inside. */
export function SettingsAccess({ children }: { readonly children: ReactNode }) {
  const { data, error, reload } = useQuery('settings.list', (signal) => api.settings.list(undefined, { signal }), {
    reloadOn: ['settings.changed'],
  });
  if (error !== null && data === null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading what="Reading the settings" />;
  return <Entries value={new Map(data.entries.map((entry) => [entry.key, entry]))}>{children}</Entries>;
}

export interface Setting {
  readonly value: Value;
  readonly description: string;
  /** "Default: 30." */
  readonly defaultWords: string;
  readonly isSaving: boolean;
  readonly hasSaved: boolean;
  readonly error: AppError | null;
  /** Sets it, in the words of the command line; resolves true where that was done. */
  readonly save: (text: string, shown: Value) => Promise<boolean>;
}

/** One setting. What was just set shows at once; the core's own word follows. */
export function useSetting(key: string): Setting {
  const entry = useContext(Entries).get(key);
  const [pending, setPending] = useState<{ readonly shown: Value; readonly before: Value } | null>(null);
  const [hasSaved, setSaved] = useState(false);
  const setting = useAction((text: string) => api.settings.set({ key, value: text }));
  const stored = entry?.value ?? null;
  const isPending = pending !== null && Object.is(pending.before, stored);
  return {
    value: isPending ? pending.shown : stored,
    description: entry?.description ?? '',
    defaultWords: entry === undefined ? '' : `Default: ${tellValue(entry.defaultValue)}.`,
    isSaving: setting.isRunning,
    hasSaved,
    error: setting.error,
    save: async (text, shown) => {
      setPending({ shown, before: stored });
      setSaved(false);
      const isDone = await setting.run(text);
      if (!isDone) setPending(null);
      setSaved(isDone);
      return isDone;
    },
  };
}

/** The settings' values of now, by key. */
export function useSettingValue(key: string): Value {
  return useContext(Entries).get(key)?.value ?? null;
}

function tellValue(value: Value): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return value === null || value === '' ? 'none' : String(value);
}
