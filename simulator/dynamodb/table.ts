import { ApiError, type EpochMs } from '../contract.ts';
import { type AttributeValue, compareScalars, type Item, sizeOfItem, typeOf, validationError } from './values.ts';

export const MAXIMUM_ITEM_BYTES = 400 * 1024;
/** A page of Query and Scan ends when the items read reach 1 MB. */
export const MAXIMUM_PAGE_BYTES = 1024 * 1024;

export interface KeySchema {
  readonly hash: string;
  readonly range: string | undefined;
  /** Attribute types (S, N, B) of the key attributes. */
  readonly types: Readonly<Record<string, string>>;
}

interface Row {
  readonly item: Item;
  readonly size: number;
}

/** Items of one partition key, ordered by sort key. */
interface Partition {
  readonly id: string;
  readonly rows: Row[];
}

/** Order of a Scan: as if by hash, the same in every run. */
function scanOrder(id: string): number {
  let hash = 2166136261;
  for (let index = 0; index < id.length; index += 1) hash = Math.imul(hash ^ id.charCodeAt(index), 16777619);
  return hash >>> 0;
}

function keyText(value: AttributeValue): string {
  if (value.S !== undefined) return `S${value.S}`;
  if (value.N !== undefined) return `N${Number(value.N)}`;
  return `B${Buffer.from(value.B!).toString('base64')}`;
}

/** One table: its keys and its items. Items are never changed in place, so they may be handed out. */
export class Table {
  readonly name: string;
  readonly arn: string;
  readonly id: string;
  readonly createdAt: EpochMs;
  readonly keys: KeySchema;
  /** The parts of CreateTable's input that DescribeTable gives back. */
  readonly definition: Readonly<Record<string, unknown>>;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly #partitions = new Map<string, Partition>();
  #sorted: Partition[] | undefined;
  #count = 0;
  #bytes = 0;

  constructor(init: {
    name: string;
    arn: string;
    id: string;
    createdAt: EpochMs;
    keys: KeySchema;
    definition: Readonly<Record<string, unknown>>;
    tags: readonly { readonly Key: string; readonly Value: string }[];
  }) {
    this.name = init.name;
    this.arn = init.arn;
    this.id = init.id;
    this.createdAt = init.createdAt;
    this.keys = init.keys;
    this.definition = init.definition;
    this.tags = init.tags;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Checks that `key` is exactly the primary key. */
  checkKey(key: Item): void {
    const names = this.keyNames();
    if (Object.keys(key).length !== names.length || names.some((name) => key[name] === undefined)) {
      throw validationError('The provided key element does not match the schema');
    }
    for (const name of names) {
      if (typeOf(key[name]!) !== this.keys.types[name]) {
        throw validationError('The provided key element does not match the schema');
      }
      this.#checkKeyValue(name, key[name]!);
    }
  }

  #checkKeyValue(name: string, value: AttributeValue): void {
    const text = value.S ?? value.B;
    if (text !== undefined && text.length === 0) {
      throw validationError(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
      );
    }
    const limit = name === this.keys.hash ? 2048 : 1024;
    if (text !== undefined && Buffer.byteLength(text) > limit) {
      const kind = name === this.keys.hash ? 'hashkey' : 'rangekey';
      throw validationError(
        `One or more parameter values were invalid: Size of ${kind} has exceeded the maximum size limit of ${limit} bytes`,
      );
    }
  }

  checkItem(item: Item): void {
    for (const name of this.keyNames()) {
      const value = item[name];
      if (value === undefined) {
        throw validationError(`One or more parameter values were invalid: Missing the key ${name} in the item`);
      }
      const wanted = this.keys.types[name]!;
      if (typeOf(value) !== wanted) {
        throw validationError(
          `One or more parameter values were invalid: Type mismatch for key ${name} expected: ${wanted} actual: ${typeOf(value)}`,
        );
      }
      this.#checkKeyValue(name, value);
    }
    if (sizeOfItem(item) > MAXIMUM_ITEM_BYTES) throw validationError('Item size has exceeded the maximum allowed size');
  }

  keyNames(): string[] {
    return this.keys.range === undefined ? [this.keys.hash] : [this.keys.hash, this.keys.range];
  }

  keyOf(item: Item): Item {
    return Object.fromEntries(this.keyNames().map((name) => [name, item[name]!]));
  }

  #find(partition: Partition, key: Item): { index: number; found: boolean } {
    const range = this.keys.range;
    if (range === undefined) return { index: 0, found: partition.rows.length > 0 };
    const wanted = key[range]!;
    let low = 0;
    let high = partition.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = compareScalars(partition.rows[middle]!.item[range]!, wanted);
      if (order === 0) return { index: middle, found: true };
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return { index: low, found: false };
  }

  get(key: Item): Item | undefined {
    const partition = this.#partitions.get(keyText(key[this.keys.hash]!));
    if (partition === undefined) return undefined;
    const { index, found } = this.#find(partition, key);
    return found ? partition.rows[index]!.item : undefined;
  }

  put(item: Item): void {
    const id = keyText(item[this.keys.hash]!);
    let partition = this.#partitions.get(id);
    if (partition === undefined) {
      partition = { id, rows: [] };
      this.#partitions.set(id, partition);
      this.#sorted = undefined;
    }
    const { index, found } = this.#find(partition, item);
    const row = { item, size: sizeOfItem(item) };
    this.#bytes += row.size - (found ? partition.rows[index]!.size : 0);
    this.#count += found ? 0 : 1;
    partition.rows.splice(index, found ? 1 : 0, row);
  }

  delete(key: Item): void {
    const id = keyText(key[this.keys.hash]!);
    const partition = this.#partitions.get(id);
    if (partition === undefined) return;
    const { index, found } = this.#find(partition, key);
    if (!found) return;
    const [removed] = partition.rows.splice(index, 1);
    this.#bytes -= removed!.size;
    this.#count -= 1;
    if (partition.rows.length === 0) {
      this.#partitions.delete(id);
      this.#sorted = undefined;
    }
  }

  /** Items of one partition key in sort order, after `startKey` if given. */
  *query(hash: AttributeValue, forward: boolean, startKey: Item | undefined): Generator<Row> {
    const partition = this.#partitions.get(keyText(hash));
    if (partition === undefined) return;
    const { rows } = partition;
    const start = startKey === undefined ? undefined : this.#find(partition, startKey);
    if (forward) {
      const first = start === undefined ? 0 : start.index + (start.found ? 1 : 0);
      for (let index = first; index < rows.length; index += 1) yield rows[index]!;
    } else {
      const last = start === undefined ? rows.length - 1 : start.index - 1;
      for (let index = last; index >= 0; index -= 1) yield rows[index]!;
    }
  }

  *scan(startKey: Item | undefined, segment: { index: number; total: number } | undefined): Generator<Row> {
    this.#sorted ??= [...this.#partitions.values()].sort(
      (a, b) => scanOrder(a.id) - scanOrder(b.id) || (a.id < b.id ? -1 : 1),
    );
    const startId = startKey === undefined ? undefined : keyText(startKey[this.keys.hash]!);
    for (const partition of this.#sorted) {
      const order = scanOrder(partition.id);
      if (segment !== undefined && order % segment.total !== segment.index) continue;
      if (startId !== undefined && partition.id !== startId) {
        const startOrder = scanOrder(startId);
        if (order < startOrder || (order === startOrder && partition.id < startId)) continue;
      }
      const from = partition.id === startId ? startKey : undefined;
      if (from !== undefined && this.keys.range === undefined) continue;
      const start = from === undefined ? undefined : this.#find(partition, from);
      const first = start === undefined ? 0 : start.index + (start.found ? 1 : 0);
      for (let index = first; index < partition.rows.length; index += 1) yield partition.rows[index]!;
    }
  }
}

export function tableNotFound(name: string): ApiError {
  return new ApiError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
}
