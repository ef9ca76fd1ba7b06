import type { Difference } from '../domain/drift.ts';
import type { Json, JsonObject } from '../domain/recipe.ts';
import { canonicalJson } from './json.ts';

/** An event and a line stay small: so many members are shown, and so much of each. */
const SHOWN = 3;
const LONGEST = 80;

type Named = Pick<Difference, 'field' | 'subject'>;
type Leaf = readonly [place: string, wanted: Json | undefined, shown: Json | undefined];

/**
 * What AWS shows of something of ours against what we would put, member by member. `all`: a member that is shown and not
 * wanted differs, too; else AWS may show more than was put.
 */
export function compareShown(
  named: Named,
  shown: JsonObject | undefined,
  wanted: JsonObject,
  all: boolean,
): readonly Difference[] {
  if (shown === undefined) return [{ ...named, expected: 'as the policy says', actual: 'none' }];
  const leaves = differingLeaves(shown, wanted, all, '');
  if (leaves.length === 0) return [];
  const side = (pick: (leaf: Leaf) => Json | undefined) =>
    leaves
      .slice(0, SHOWN)
      .map((leaf) => `${leaf[0]} ${text(pick(leaf))}`)
      .join(', ') + (leaves.length > SHOWN ? ', …' : '');
  return [{ ...named, expected: side((leaf) => leaf[1]), actual: side((leaf) => leaf[2]) }];
}

function differingLeaves(shown: JsonObject, wanted: JsonObject, all: boolean, place: string): readonly Leaf[] {
  const members = all ? new Set([...Object.keys(wanted), ...Object.keys(shown)]) : Object.keys(wanted);
  return [...members].flatMap((member): readonly Leaf[] => {
    const [ours, theirs] = [wanted[member], shown[member]];
    if (canonicalJson(ours) === canonicalJson(theirs)) return [];
    if (isObject(ours) && isObject(theirs)) return differingLeaves(theirs, ours, all, `${place}${member}.`);
    return [[`${place}${member}`, ours, theirs]];
  });
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: Json | undefined): string {
  if (value === undefined) return 'absent';
  const said = typeof value === 'string' ? value : canonicalJson(value);
  return said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said;
}
