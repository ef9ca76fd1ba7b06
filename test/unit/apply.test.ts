import { describe, expect, test } from 'vitest';
import { diffLines } from '../../cli/apply/show-diff.ts';
import { withVersionOption } from '../../cli/commands/recover.ts';
import type { DocumentStore } from '../../shared/ports/document-store.ts';
import type { RawDocument } from '../../shared/ports/documents-source.ts';
import type { Outcome } from '../../shared/ports/outcome.ts';
import { carryOut } from '../../shared/use-cases/apply/carry-out.ts';
import {
  type ApplyInput,
  type DesiredDocument,
  parameterOf,
  planApply,
} from '../../shared/use-cases/apply/plan-apply.ts';

const desired = (kind: RawDocument['kind'], name: string, text = '{}'): DesiredDocument => ({
  kind,
  name,
  file: `${kind}/${name}.yaml`,
  text,
  advanced: false,
});
const stored = (kind: RawDocument['kind'], name: string, text = '{}', version = 1): RawDocument => ({
  kind,
  name,
  parameter: `/p/${kind}/${name}`,
  version,
  text,
});
const input = (parts: Partial<ApplyInput>): ApplyInput => ({
  tagPrefix: 'p',
  desired: [],
  current: [],
  owned: new Set(),
  prune: false,
  adopt: false,
  ...parts,
});

describe('a plan', () => {
  test('compares data, not texts', () => {
    const plan = planApply(
      input({
        desired: [desired('policies', 'a', '{"x":1,"y":[{"a":1,"b":2}]}')],
        current: [stored('policies', 'a', '{ "y": [ { "b": 2, "a": 1 } ], "x": 1 }')],
      }),
    );
    expect(plan).toMatchObject({ changes: [], unchanged: [{ name: 'a' }], conflicts: [] });
    const list = planApply(
      input({
        desired: [desired('policies', 'a', '[1,2]')],
        current: [stored('policies', 'a', '[2,1]')],
        owned: new Set(['/p/policies/a']),
      }),
    );
    expect(list.changes).toHaveLength(1);
    const broken = planApply(
      input({
        desired: [desired('policies', 'a', '{}')],
        current: [stored('policies', 'a', '{')],
        owned: new Set(['/p/policies/a']),
      }),
    );
    expect(broken.changes).toMatchObject([{ action: 'change', adopts: false }]);
  });

  test('writes schedules before the policies that name them, and deletes them after', () => {
    const { changes } = planApply(
      input({
        desired: [desired('policies', 'new'), desired('schedules', 'new')],
        current: [stored('schedules', 'old'), stored('policies', 'old')],
        owned: new Set(['/p/schedules/old', '/p/policies/old']),
        prune: true,
      }),
    );
    expect(changes.map((change) => `${change.action} ${parameterOf(change)}`)).toEqual([
      'create /p/schedules/new',
      'create /p/policies/new',
      'delete /p/policies/old',
      'delete /p/schedules/old',
    ]);
  });

  test('never deletes nor changes what is not owned', () => {
    const current = [stored('policies', 'theirs'), stored('policies', 'same-name', '{"otherwise":"leave"}')];
    const plan = planApply(input({ desired: [desired('policies', 'same-name')], current, prune: true }));
    expect(plan.changes).toEqual([]);
    expect(plan.foreign.map(({ name }) => name)).toEqual(['theirs']);
    expect(plan.conflicts).toMatchObject([{ document: { name: 'same-name' } }]);
    const adopted = planApply(
      input({ desired: [desired('policies', 'same-name')], current, prune: true, adopt: true }),
    );
    expect(adopted.changes).toMatchObject([{ action: 'change', adopts: true }]);
    expect(adopted.foreign.map(({ name }) => name)).toEqual(['theirs']);
  });
});

/** A store that somebody else writes to just before the n-th write of ours. */
function memoryStore(
  documents: Record<string, { text: string; version: number }>,
  meddle?: () => void,
): DocumentStore & { log: string[] } {
  const log: string[] = [];
  const ok = <T>(value: T): Promise<Outcome<T>> => Promise.resolve({ ok: true, value });
  const unused = () => {
    throw new Error('not used here');
  };
  return {
    log,
    readAll: unused,
    ownedBy: unused,
    ownerOf: unused,
    read: (parameter) => ok(documents[parameter]),
    create({ parameter, text }, owner) {
      if (documents[parameter] !== undefined) {
        const failure = {
          class: 'exists' as const,
          code: 'ParameterAlreadyExists',
          message: '',
          call: 'SSM.PutParameter',
          definite: true,
        };
        return Promise.resolve({ ok: false, failure });
      }
      documents[parameter] = { text, version: 1 };
      log.push(`create ${parameter} ${owner}`);
      return ok(undefined);
    },
    overwrite({ parameter, text }) {
      meddle?.();
      const version = (documents[parameter]?.version ?? 0) + 1;
      documents[parameter] = { text, version };
      log.push(`overwrite ${parameter}`);
      return ok(version);
    },
    adopt(parameter, owner) {
      log.push(`adopt ${parameter} ${owner}`);
      return ok(undefined);
    },
    remove(parameter) {
      delete documents[parameter];
      log.push(`remove ${parameter}`);
      return ok(undefined);
    },
  };
}

describe('carrying it out', () => {
  const change = (name: string, version = 1, adopts = false) => ({
    action: 'change' as const,
    document: desired('policies', name),
    write: { parameter: `/p/policies/${name}`, text: '{"new":1}', advanced: false },
    before: stored('policies', name, '{}', version),
    adopts,
  });

  test('stops at what somebody changed since the plan, and touches nothing after it', async () => {
    const documents = {
      '/p/policies/a': { text: '{}', version: 1 },
      '/p/policies/b': { text: '{"theirs":1}', version: 2 },
      '/p/policies/c': { text: '{}', version: 1 },
    };
    const store = memoryStore(documents);
    const report = await carryOut(store, [change('a'), change('b'), change('c')], 'me');
    expect(report.done.map(parameterOf)).toEqual(['/p/policies/a']);
    expect(report.failed).toMatchObject({
      why: { kind: 'changed-meanwhile', what: expect.stringContaining('version 2') },
    });
    expect(report.notTried.map(parameterOf)).toEqual(['/p/policies/c']);
    expect(documents['/p/policies/b'].text).toBe('{"theirs":1}');
    expect(store.log).toEqual(['overwrite /p/policies/a']);
  });

  test.each([
    [change('gone'), 'somebody deleted it'],
    [{ action: 'delete' as const, before: stored('policies', 'a', '{}', 7) }, 'version 1'],
    [
      { action: 'create' as const, document: desired('policies', 'a'), write: change('a').write },
      'somebody created it',
    ],
  ])('%# meets somebody else', async (step, told) => {
    const documents = { '/p/policies/a': { text: '{}', version: 1 } };
    const report = await carryOut(memoryStore(documents), [step], 'me');
    expect(report.failed?.why).toMatchObject({ kind: 'changed-meanwhile', what: expect.stringContaining(told) });
    expect(documents).toEqual({ '/p/policies/a': { text: '{}', version: 1 } });
  });

  test('a write between our look and ours is told by its version', async () => {
    const documents: Record<string, { text: string; version: number }> = {
      '/p/policies/a': { text: '{}', version: 1 },
    };
    const store = memoryStore(documents, () => {
      documents['/p/policies/a'] = { text: '{"theirs":1}', version: 2 };
    });
    const report = await carryOut(store, [change('a')], 'me');
    expect(report.failed).toBeUndefined();
    expect(report.warnings).toMatchObject([{ what: expect.stringContaining('somebody wrote version 2') }]);
  });

  test('takes over by tag before it writes', async () => {
    const store = memoryStore({ '/p/policies/a': { text: '{}', version: 1 } });
    await carryOut(store, [change('a', 1, true)], 'me');
    expect(store.log).toEqual(['adopt /p/policies/a me', 'overwrite /p/policies/a']);
  });
});

test('differences are the fewest lines', () => {
  expect(diffLines(['a', 'b', 'c', 'd'], ['a', 'c', 'x', 'd'])).toEqual([
    [' ', 'a'],
    ['-', 'b'],
    [' ', 'c'],
    ['+', 'x'],
    [' ', 'd'],
  ]);
  expect(diffLines([], ['a'])).toEqual([['+', 'a']]);
  expect(diffLines(['a'], [])).toEqual([['-', 'a']]);
});

test.each([
  [
    ['recover', '--version', '3'],
    ['recover', '--recipe', '3'],
  ],
  [
    ['-q', 'recover', '--version=3'],
    ['-q', 'recover', '--recipe=3'],
  ],
  [['--version'], ['--version']],
  [
    ['--version', 'recover'],
    ['--version', 'recover'],
  ],
  [
    ['status', '--version'],
    ['status', '--version'],
  ],
])('%j', (args, expected) => {
  expect(withVersionOption(args)).toEqual(expected);
});
