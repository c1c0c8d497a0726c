// Sync of a running app, over its REST addresses.

import { z } from 'zod';

import {
  syncCodeSchema,
  syncConflictSchema,
  syncDeviceSchema,
  syncJoinSchema,
  syncStatusSchema,
} from '../../shared/contract/sync.ts';
import { AppError } from '../../shared/model/app-error.ts';
import type { SyncControl } from '../core.ts';
import type { RunningApp } from './running-app.ts';

const enteredSchema = z.object({ isEntered: z.boolean() });

export function controlRunningSync(app: RunningApp): SyncControl {
  const path = (name: string): string => `/api/sync/${name}`;
  const status = async (answer: Promise<unknown>) => parse(syncStatusSchema, await answer);
  const devices = async (answer: Promise<unknown>) => parse(syncDeviceSchema.array(), member(await answer, 'devices'));
  const joins = async (answer: Promise<unknown>) => parse(syncJoinSchema.array(), member(await answer, 'joins'));
  const conflicts = async (answer: Promise<unknown>) =>
    parse(syncConflictSchema.array(), member(await answer, 'conflicts'));
  return {
    status: () => status(app.get(path('status'))),
    login: (request) => status(app.post(path('login'), request)),
    requestCode: async (request) => parse(syncCodeSchema, await app.post(path('code'), request)),
    checkCode: async () => parse(enteredSchema, await app.post(path('code/check'), {})).isEntered,
    logout: () => status(app.post(path('logout'), {})),
    setOn: (isOn) => status(app.post(path('on'), { isOn })),
    now: (options) => status(app.post(path('now'), options)),
    devices: () => devices(app.get(path('devices'))),
    rename: (name) => status(app.post(path('rename'), { name })),
    revoke: (reference) => devices(app.post(path(`devices/${encodeURIComponent(reference)}/revoke`), {})),
    joins: () => joins(app.get(path('joins'))),
    answerJoin: (reference, answer) => joins(app.post(path(`joins/${encodeURIComponent(reference)}`), answer)),
    conflicts: () => conflicts(app.get(path('conflicts'))),
    resolve: (entity, field, value) => conflicts(app.post(path('conflicts/resolve'), { entity, field, value })),
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError('API_REFUSED', 'The running Cairn answered in another way than this one expects.', {
    hint: 'Both must be of the same version: start Cairn again.',
  });
}
