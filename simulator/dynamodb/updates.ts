import { readOperand, readPath, type Values } from './expressions.ts';
import type { Operand, Path, PathStep, UpdateClauses } from './syntax.ts';
import { type AttributeValue, addNumbers, type Item, typeOf, validationError } from './values.ts';

const PATH_INVALID = 'The document path provided in the update expression is invalid for update';

/** A copy of `container` in which the value at `path` is what `change` makes of it; the rest is shared. */
function changeAt(
  container: Readonly<Record<string, AttributeValue>>,
  path: Path,
  change: (old: AttributeValue | undefined) => AttributeValue | undefined,
): Record<string, AttributeValue> {
  const [head, ...rest] = path as [string, ...PathStep[]];
  const copy = { ...container };
  const changed = rest.length === 0 ? change(copy[head]) : changeInside(copy[head], rest, change);
  if (changed === undefined) delete copy[head];
  else copy[head] = changed;
  return copy;
}

function changeInside(
  value: AttributeValue | undefined,
  path: Path,
  change: (old: AttributeValue | undefined) => AttributeValue | undefined,
): AttributeValue {
  const [head, ...rest] = path;
  if (typeof head === 'string') {
    if (value?.M === undefined) throw validationError(PATH_INVALID);
    return { M: changeAt(value.M, path, change) };
  }
  if (value?.L === undefined) throw validationError(PATH_INVALID);
  const list = [...value.L];
  // An index beyond the end appends.
  const index = Math.min(head!, list.length);
  if (rest.length > 0 && list[index] === undefined) throw validationError(PATH_INVALID);
  const changed = rest.length === 0 ? change(list[index]) : changeInside(list[index], rest, change);
  if (changed === undefined) list.splice(index, 1);
  else list[index] = changed;
  return { L: list };
}

function readUpdateOperand(operand: Operand, item: Item, values: Values): AttributeValue {
  if (operand.kind === 'sum') {
    const left = readUpdateOperand(operand.left, item, values);
    const right = readUpdateOperand(operand.right, item, values);
    if (left.N === undefined || right.N === undefined) {
      throw validationError('An operand in the update expression has an incorrect data type');
    }
    return { N: addNumbers(left.N, right.N, operand.sign) };
  }
  if (operand.kind === 'call') {
    const [first, second] = operand.args;
    if (first === undefined || second === undefined || operand.args.length !== 2) {
      throw validationError(
        `Invalid UpdateExpression: Incorrect number of operands for operator or function; operator or function: ${operand.name}, number of operands: ${operand.args.length}`,
      );
    }
    if (operand.name === 'if_not_exists') {
      const present = first.kind === 'path' ? readPath(item, first.path) : undefined;
      return present ?? readUpdateOperand(second, item, values);
    }
    if (operand.name === 'list_append') {
      const left = readUpdateOperand(first, item, values);
      const right = readUpdateOperand(second, item, values);
      if (!left.L || !right.L) throw validationError('An operand in the update expression has an incorrect data type');
      return { L: [...left.L, ...right.L] };
    }
    throw validationError(`Invalid UpdateExpression: Invalid function name; function: ${operand.name}`);
  }
  const value = readOperand(operand, item, values);
  if (value === undefined) {
    throw validationError('The provided expression refers to an attribute that does not exist in the item');
  }
  return value;
}

const SETS = ['SS', 'NS', 'BS'] as const;

function setKey(member: string | Uint8Array): string {
  return typeof member === 'string' ? member : Buffer.from(member).toString('base64');
}

function addTo(old: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (value.N !== undefined) {
    if (old !== undefined && old.N === undefined)
      throw validationError('An operand in the update expression has an incorrect data type');
    return { N: addNumbers(old?.N ?? '0', value.N, 1) };
  }
  for (const type of SETS) {
    const added = value[type] as readonly (string | Uint8Array)[] | undefined;
    if (added === undefined) continue;
    const present = (old?.[type] ?? []) as readonly (string | Uint8Array)[];
    if (old !== undefined && old[type] === undefined)
      throw validationError('An operand in the update expression has an incorrect data type');
    const keys = new Set(present.map(setKey));
    return { [type]: [...present, ...added.filter((member) => !keys.has(setKey(member)))] } as AttributeValue;
  }
  throw validationError(
    `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: ${typeOf(value)}`,
  );
}

function deleteFrom(old: AttributeValue | undefined, value: AttributeValue): AttributeValue | undefined {
  for (const type of SETS) {
    const removed = value[type] as readonly (string | Uint8Array)[] | undefined;
    if (removed === undefined) continue;
    if (old === undefined) return undefined;
    const present = old[type] as readonly (string | Uint8Array)[] | undefined;
    if (present === undefined) throw validationError('An operand in the update expression has an incorrect data type');
    const keys = new Set(removed.map(setKey));
    const left = present.filter((member) => !keys.has(setKey(member)));
    return left.length === 0 ? undefined : ({ [type]: left } as AttributeValue);
  }
  throw validationError(
    `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: ${typeOf(value)}`,
  );
}

/** All right-hand sides read the item as it was before the update. */
export function applyUpdate(clauses: UpdateClauses, before: Item, base: Item, values: Values): Item {
  let item: Item = base;
  for (const { path, value } of clauses.set) {
    const next = readUpdateOperand(value, before, values);
    item = changeAt(item, path, () => next);
  }
  for (const { path, value } of clauses.add) {
    const operand = readUpdateOperand(value, before, values);
    item = changeAt(item, path, (old) => addTo(old, operand));
  }
  for (const { path, value } of clauses.delete) {
    const operand = readUpdateOperand(value, before, values);
    item = changeAt(item, path, (old) => deleteFrom(old, operand));
  }
  // Highest index first: indexes in one expression mean the list as it was.
  const removals = [...clauses.remove].sort((a, b) => Number(b.at(-1)) - Number(a.at(-1)) || 0);
  for (const path of removals) {
    if (path.length > 1 && readPath(item, path.slice(0, -1)) === undefined) throw validationError(PATH_INVALID);
    if (readPath(item, path) === undefined) continue;
    item = changeAt(item, path, () => undefined);
  }
  return item;
}

/** Keeps what the paths name; list elements close up in order. */
export function project(item: Item, paths: readonly Path[]): Item {
  const result: Record<string, Node> = {};
  for (const path of paths) {
    const value = readPath(item, path);
    if (value === undefined) continue;
    insert(result, path, value);
  }
  return Object.fromEntries(Object.entries(result).map(([name, node]) => [name, finishNode(node)]));
}

type Node = { leaf: AttributeValue } | { map: Record<string, Node> } | { list: Map<number, Node> };

function insert(container: Record<string, Node>, path: Path, value: AttributeValue): void {
  let map: Record<string, Node> | Map<number, Node> = container;
  for (const [index, step] of path.entries()) {
    const next = path[index + 1];
    const present: Node | undefined = map instanceof Map ? map.get(step as number) : map[step as string];
    const node: Node =
      present ?? (next === undefined ? { leaf: value } : typeof next === 'number' ? { list: new Map() } : { map: {} });
    if (map instanceof Map) map.set(step as number, node);
    else map[step as string] = node;
    if ('leaf' in node) return;
    map = 'map' in node ? node.map : node.list;
  }
}

function finishNode(node: Node): AttributeValue {
  if ('leaf' in node) return node.leaf;
  if ('map' in node)
    return { M: Object.fromEntries(Object.entries(node.map).map(([name, inner]) => [name, finishNode(inner)])) };
  return { L: [...node.list].sort(([a], [b]) => a - b).map(([, inner]) => finishNode(inner)) };
}
