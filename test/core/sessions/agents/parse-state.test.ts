import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { setJsonMember } from '../../../../src/core/sessions/agents/json-edit.ts';
import { parseAgentState } from '../../../../src/core/sessions/agents/parse-state.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/agent-sessions/', import.meta.url));
const NEW = `${FIXTURES}v2/agents/sessions/2026-02-19_connect-flow_enr0i6/`;
const OLD = `${FIXTURES}v1/agents/sessions/2026-01-12_overhaul_k9m2x7/`;

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

describe('parseAgentState()', () => {
  it('reads the newer shape', () => {
    expect(parseAgentState(read(`${NEW}state.json`), read(`${NEW}plan.json`))).toEqual({
      shape: 2,
      title: 'Connect flow',
      type: 'full',
      status: 'active',
      phase: 'build',
      progress: { done: 3, total: 5, current: 4 },
      createdAtMs: Date.UTC(2026, 1, 19, 13, 41, 49),
      updatedAtMs: null, // a midnight that stands for a day
      git: { branch: 'main' },
      commits: [{ sha: 'abc1234', message: 'cp', created_at: '2026-02-19T17:00:00+00:00', checkpoint: 1 }],
      links: { spec: 'spec.md', plan: 'plan.json', plan_readable: 'plan.md' },
    });
  });

  it('reads the older shape, which says by its plan that it is complete though its phase lags', () => {
    expect(parseAgentState(read(`${OLD}state.json`), null)).toMatchObject({
      shape: 1,
      title: 'Overhaul sessions',
      type: 'feature',
      status: 'complete',
      phase: 'plan',
      progress: { done: 2, total: 2, current: null },
      updatedAtMs: Date.UTC(2026, 0, 12, 0, 11),
      commits: [{ sha: '0123abc', checkpoint: 1 }],
    });
  });

  it('is nothing where the file is torn', () => {
    expect(
      parseAgentState(read(`${FIXTURES}v2/agents/sessions/2026-02-21_session_ie6tea-torn/state.json`), null),
    ).toBeNull();
  });

  it.each([
    ['completed', 'complete'],
    ['complete', 'complete'],
    ['finalized', 'complete'],
    ['in_progress', 'active'],
    ['In Progress', 'active'],
    ['draft', 'active'],
    ['paused', 'paused'],
    ['failed', 'failed'],
    ['waiting for review', 'waiting_for_review'],
    ['__proto__', '__proto__'],
  ])('takes the status %s for %s', (word, status) => {
    expect(parseAgentState(JSON.stringify({ status: word }), null)?.status).toBe(status);
  });

  it('counts the planned checkpoints where the state names no number, and never their statuses', () => {
    const plan = JSON.stringify({ checkpoints: [{ status: 'pending' }, { status: 'pending' }, {}] });
    for (const total of [null, 0, 'x', -1]) {
      const state = { build_progress: { checkpoints_total: total, checkpoints_completed: [1, 1, '2', 3] } };
      expect(parseAgentState(JSON.stringify(state), plan)?.progress).toEqual({ done: 2, total: 3, current: null });
    }
    expect(parseAgentState('{"build_progress":{}}', null)?.progress.total).toBeNull();
    expect(parseAgentState('{"build_progress":{}}', '{"tranches":[]}')?.progress.total).toBeNull();
  });

  it('takes any bytes, and any values in any place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const text = Buffer.from(bytes).toString('utf8');
        parseAgentState(text, text);
      }),
    );
    const names = [
      'topic',
      'status',
      'phases',
      'plan_state',
      'build_progress',
      'git',
      'commits',
      'artifacts',
      'created_at',
    ];
    const inner = ['checkpoints_completed', 'checkpoints_total', 'status', 'checkpoints', 'branch', 'sha'];
    const values = fc.oneof(
      fc.json().map((text): unknown => JSON.parse(text)),
      fc.dictionary(fc.constantFrom(...inner), fc.jsonValue()),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), values), fc.jsonValue(), (state, plan) => {
        const parsed = parseAgentState(JSON.stringify(state), JSON.stringify(plan));
        expect(parsed).not.toBeNull();
        expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
      }),
    );
  });
});

describe('setJsonMember()', () => {
  it('changes one value and nothing else', () => {
    const text = '{\r\n\t"a" : [ 1,{"topic":"inner"} ],\r\n\t"topic": "Old \\"one\\"" ,\r\n\t"z": 1e3\r\n}\r\n';

    expect(setJsonMember(text, 'topic', 'New "one"\n')).toBe(
      '{\r\n\t"a" : [ 1,{"topic":"inner"} ],\r\n\t"topic": "New \\"one\\"\\n" ,\r\n\t"z": 1e3\r\n}\r\n',
    );
  });

  it('adds what is not there, set apart as its neighbours are', () => {
    expect(setJsonMember('{\n  "a": 1,\n  "b": [2]\n}\n', 'status', 'done')).toBe(
      '{\n  "a": 1,\n  "b": [2],\n  "status": "done"\n}\n',
    );
    expect(setJsonMember(' {} ', 'a', 'b')).toBe(' {"a": "b"} ');
    expect(setJsonMember('{"a":1}', 'b', 'c')).toBe('{"a":1,"b": "c"}');
  });

  it.each(['', '[]', '"x"', '{"a":', 'null', '{"a":1}}'])('refuses %j', (text) => {
    expect(setJsonMember(text, 'a', 'b')).toBeNull();
  });

  it('means the same as setting it in the object, in any layout', () => {
    const name = fc.oneof(fc.constantFrom('topic', 'status', 'a'), fc.string());
    const layout = fc.constantFrom(undefined, 2, 4, '\t', ' ');
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue()), name, fc.string(), layout, (object, key, value, space) => {
        const text = JSON.stringify(object, null, space);

        const changed = setJsonMember(text, key, value);

        expect(JSON.parse(changed ?? 'null')).toEqual(JSON.parse(JSON.stringify({ ...object, [key]: value })));
        if (Object.hasOwn(object, key) && object[key] === value) expect(changed).toBe(text);
      }),
    );
  });
});
