import { gunzipSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { SCHEMA_VERSION } from '../domain/record.ts';

export type Item = Record<string, AttributeValue>;

/** First part of an item's `pk`. */
const ITEM_KINDS = ['fleet', 'archive', 'recipe', 'hold', 'hold-history', 'samples', 'breaker'] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

type Body = Readonly<Record<string, unknown>>;
/** Of the kinds whose body changed; the others are as they were. */
type Upgrade = Partial<Readonly<Record<ItemKind, (body: Body) => Body>>>;

/**
 * The entry at index n makes version n + 2 out of n + 1: one entry for every version since the first. An item is
 * upgraded when it is read and stored in the new shape when it is next written; a step is therefore never taken out.
 */
export const UPGRADES: readonly Upgrade[] = [];

/** `newer`: it belongs to a newer version of us, and reading it as ours would lose what that one wrote. */
export type ReadItem<T> = { readonly body: T; readonly version: number } | 'newer' | 'damaged';

export type ReadItems = <T>(item: Item) => ReadItem<T>;

type Report = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/** The one place where an item of the table becomes a value. What cannot be read is reported, and never thrown. */
export function createItemReader(report: Report, upgrades: readonly Upgrade[] = UPGRADES): ReadItems {
  const current = upgrades.length + 1;
  return <T>(item: Item): ReadItem<T> => {
    const pk = item['pk']?.S ?? '';
    const key = { pk, sk: item['sk']?.S };
    const schemaVersion = schemaVersionOf(item);
    if (schemaVersion > current) {
      report('an item was written by a newer version: it is left alone', { ...key, schemaVersion });
      return 'newer';
    }
    const kind = ITEM_KINDS.find((candidate) => candidate === pk.split('/')[0]);
    const body = kind && bodyOf(kind, item);
    if (kind === undefined || body === undefined) {
      report('an item cannot be read: it is left alone', key);
      return 'damaged';
    }
    const upgraded = upgrades.slice(schemaVersion - 1).reduce((old, step) => step[kind]?.(old) ?? old, body);
    return { body: upgraded as T, version: Number(item['version']?.N ?? 0) };
  };
}

export function isNewer(item: Item): boolean {
  return schemaVersionOf(item) > SCHEMA_VERSION;
}

function schemaVersionOf(item: Item): number {
  return Number(item['schemaVersion']?.N ?? 1);
}

/** Undefined: not what we write; one such item must not stop the whole fleet. */
function bodyOf(kind: ItemKind, item: Item): Body | undefined {
  if (kind === 'breaker') return { until: Number(item['until']?.N ?? 0) };
  try {
    const compressed = item['body']?.B;
    const text = compressed === undefined ? (item['body']?.S ?? '') : gunzipSync(compressed).toString('utf8');
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? (body as Body) : undefined;
  } catch {
    return undefined;
  }
}

export function itemOf(pk: string, sk: string, body: object, version: number): Item {
  return {
    pk: { S: pk },
    sk: { S: sk },
    schemaVersion: { N: String(SCHEMA_VERSION) },
    version: { N: String(version) },
    body: { S: JSON.stringify(body) },
  };
}
