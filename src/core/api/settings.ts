// Settings, exclusion rules with what they would hide, retention with what would go, sources.

import { AppError } from '../../shared/model/app-error.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { JsonValue } from '../../shared/model/json.ts';
import type { RetentionLimits } from '../../shared/model/retention.ts';
import { uiStateSchema, type Exclusions, type PrunePreview } from '../../shared/contract/schemas.ts';
import { enableSourcesSync, listConfigSync, setConfigValueSync } from '../config/config.ts';
import { EXCLUSIONS_SETTING, readExclusionRules } from '../config/exclusion-settings.ts';
import { compileExclusion } from '../capture/rules/exclusion.ts';
import { EXCLUSION_KINDS, parseRuleList } from '../capture/rules/exclusion-rules.ts';
import { previewExclusion } from '../capture/rules/preview-exclusion.ts';
import { sampleSources } from '../session/sample-sources.ts';
import type { PruneReport } from '../vault/vault.ts';
import type { ApiDeps } from './api-deps.ts';
import { os } from './handlers.ts';

const UI_STATE_SETTING = 'ui-state';
/** Changes of the last days that rules are tried on. */
const PREVIEW_RUNS = 200;
const MAX_SAMPLES = 8;
const done = { ok: true as const };

export function settingsHandlers({ session }: ApiDeps) {
  const { app } = session;
  return {
    sources: {
      detect: os.sources.detect.handler(async () => {
        const samples = await sampleSources(app);
        const { sources } = session.status();
        return {
          sources: sources.map((source) => {
            const { id: _, ...sample } = samples.find(({ id }) => id === source.id) ?? noSample(source.id);
            return { ...source, ...sample };
          }),
        };
      }),
      enable: os.sources.enable.handler(async ({ input }) => {
        const unknown = input.ids.find((id) => !app.configPlace.sourceIds.includes(id));
        if (unknown !== undefined)
          throw new AppError('USAGE_INVALID', 'There is no such source.', { hint: 'See what `cairn config` lists.' });
        app.prepareFolder();
        enableSourcesSync(app.configPlace, input.ids);
        await session.unlocked().app.loadCaptureSettings();
        session.noteSettingsChanged();
        return session.status();
      }),
    },
    settings: {
      list: os.settings.list.handler(async () => ({ entries: [...listConfigSync(app.configPlace)] })),
      set: os.settings.set.handler(async ({ input }) => {
        app.prepareFolder();
        setConfigValueSync(app.configPlace, input.key, input.value);
        if (session.status().vault === 'unlocked') await session.unlocked().app.loadCaptureSettings();
        session.noteSettingsChanged();
        return done;
      }),
      exclusions: os.settings.exclusions.handler(async () => {
        const { sources, paths, urls, commands } = await readExclusionRules(session.unlocked().app.vault);
        return { sources: [...sources], paths: [...paths], urls: [...urls], commands: [...commands] };
      }),
      setExclusions: os.settings.setExclusions.handler(async ({ input }) => {
        compile(input);
        const { app: opened } = session.unlocked();
        await opened.vault.writeSetting(EXCLUSIONS_SETTING, { ...input });
        await opened.loadCaptureSettings();
        session.noteSettingsChanged();
        return done;
      }),
      leftOut: os.settings.leftOut.handler(async () => {
        const newest = (await session.unlocked().app.leftOut()).at(-1);
        const isAny = newest !== undefined && newest.leftOut.length > 0;
        return isAny
          ? { since: new Date(newest.atMs).toISOString(), parts: [...newest.leftOut] }
          : { since: null, parts: [] };
      }),
      previewExclusions: os.settings.previewExclusions.handler(async ({ input }) => {
        const items = await recentItems();
        const { hidden, trimmed } = previewExclusion(compile(input), items);
        const touched = new Set([...hidden, ...trimmed]);
        const samples = items.filter(({ key }) => touched.has(key)).slice(0, MAX_SAMPLES);
        return { count: touched.size, samples: samples.map(({ title, kind }) => ({ title, kind })) };
      }),
      previewRetention: os.settings.previewRetention.handler(({ input }) => previewPrune(input)),
      dataFolder: os.settings.dataFolder.handler(async () => ({ path: app.folder.path })),
      uiState: os.settings.uiState.handler(async () => {
        const parsed = uiStateSchema.safeParse(await session.unlocked().app.vault.readSetting(UI_STATE_SETTING));
        return { state: parsed.success ? parsed.data : null };
      }),
      setUiState: os.settings.setUiState.handler(async ({ input }) => {
        const value: { [name: string]: JsonValue | undefined } = { ...input.state };
        await session.unlocked().app.vault.writeSetting(UI_STATE_SETTING, value);
        return done;
      }),
    },
  };

  function compile(rules: Exclusions) {
    const parsed = Object.fromEntries(EXCLUSION_KINDS.map((kind) => [kind, parseRuleList(kind, rules[kind])]));
    return compileExclusion({ ...rules, ...parsed }, app.exclusionEnvironment);
  }

  async function previewPrune(limits: RetentionLimits): Promise<PrunePreview> {
    const { vault } = session.unlocked().app;
    return viewPrune(await vault.prune(limits, app.clock.nowMs(), { isDryRun: true }));
  }

  /** What is open and what came and went lately, each item once. */
  async function recentItems(): Promise<readonly SnapshotItem[]> {
    const { vault } = session.unlocked().app;
    const [newest] = await vault.listSnapshots({ limit: 1 });
    const open = newest === undefined ? [] : (await vault.readSnapshot(newest.id)).itemList;
    const { runs } = await vault.changes({ limit: PREVIEW_RUNS });
    const items = [...runs.flatMap((run) => [...run.removed, ...run.added]), ...open];
    return [...new Map(items.map((item) => [item.key, item])).values()];
  }
}

function noSample(id: string): { id: string; isPresent: boolean; summary: string; sample: string[] } {
  return { id, isPresent: false, summary: '', sample: [] };
}

export function viewPrune({ plan, freedBytes }: PruneReport): PrunePreview {
  return {
    snapshots: plan.remove.length,
    checkpoints: plan.removeCheckpoints.length,
    freedBytes: Math.round(freedBytes),
    keep: { ...plan.keep },
  };
}
