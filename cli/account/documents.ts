import type { Parsed, Policy, Problem, Schedule } from '../../shared/documents/index.ts';
import { compilePolicy, parsePolicy, parseSchedule, readJson } from '../../shared/documents/index.ts';
import type { Zone } from '../../shared/documents/zones.ts';
import { DAY, type Instant } from '../../shared/domain/time.ts';
import type { RawDocument } from '../../shared/ports/documents-source.ts';
import type { Io } from '../output.ts';
import type { Account } from './connect.ts';

/** The stack's documents as its SSM parameters hold them. */
export interface StoredDocuments {
  readonly schedules: ReadonlyMap<string, Stored<Schedule>>;
  readonly policies: ReadonlyMap<string, Stored<Policy>>;
}

export interface Stored<T> {
  readonly parameter: string;
  readonly parsed: Parsed<T>;
}

export function parseDocuments(raw: readonly RawDocument[]): StoredDocuments {
  return {
    schedules: parseKind(raw, 'schedules', parseSchedule),
    policies: parseKind(raw, 'policies', parsePolicy),
  };
}

function parseKind<T>(
  raw: readonly RawDocument[],
  kind: RawDocument['kind'],
  parse: (name: string, value: unknown) => Parsed<T>,
): ReadonlyMap<string, Stored<T>> {
  const parsed = raw
    .filter((document) => document.kind === kind)
    .map(({ name, parameter, text }): [string, Stored<T>] => {
      const json = readJson(text);
      return [name, { parameter, parsed: json.ok ? parse(name, json.value) : json }];
    });
  return new Map(parsed);
}

/** The zone in which people think of this policy's windows: that of the first schedule it uses. */
export function zoneOf({ schedules, policies }: StoredDocuments, policyName: string): Zone | undefined {
  const policy = policies.get(policyName)?.parsed;
  if (policy === undefined || !policy.ok) return undefined;
  for (const { schedule } of policy.value.uses) {
    const stored = schedules.get(schedule)?.parsed;
    if (stored?.ok === true) return stored.value.zone;
  }
  return undefined;
}

/** Everything that is wrong with a document, or between a policy and its schedules, by parameter. */
export function findProblems(
  { schedules, policies }: StoredDocuments,
  now: Instant,
): readonly { readonly parameter: string; readonly problem: Problem }[] {
  const known = new Map([...schedules].map(([name, { parsed }]) => [name, parsed.ok ? parsed.value : undefined]));
  const own = [...schedules.values(), ...policies.values()].flatMap(({ parameter, parsed }) =>
    (parsed.ok ? [] : parsed.problems).map((problem) => ({ parameter, problem })),
  );
  const between = [...policies.values()].flatMap(({ parameter, parsed }) => {
    if (!parsed.ok) return [];
    const compiled = compilePolicy(parsed.value, known, { from: now, until: now + DAY, ...variantOf(parsed.value) });
    return (compiled.ok ? [] : compiled.problems).map((problem) => ({ parameter, problem }));
  });
  return [...own, ...between];
}

function variantOf({ variants }: Policy): { variant?: string } {
  const [variant] = variants.keys();
  return variant === undefined ? {} : { variant };
}

export type ZoneOf = (policyName: string) => Zone | undefined;

/** Zones for printing; without the right to read the documents there is UTC. */
export async function readZones(
  account: Pick<Account, 'documents' | 'explainFailure'>,
  io: Pick<Io, 'note'>,
): Promise<ZoneOf> {
  const raw = await account.documents.readAll();
  if (!raw.ok) {
    io.note(`times are in UTC only: ${account.explainFailure(raw.failure)}`);
    return () => undefined;
  }
  const documents = parseDocuments(raw.value);
  return (policyName) => zoneOf(documents, policyName);
}
