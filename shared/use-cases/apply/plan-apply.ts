import type { DocumentWrite } from '../../ports/document-store.ts';
import type { RawDocument } from '../../ports/documents-source.ts';

/** A document as it should be: valid, in the text that its parameter is to hold. */
export interface DesiredDocument {
  readonly kind: RawDocument['kind'];
  readonly name: string;
  /** Where it was read, for messages. */
  readonly file: string;
  readonly text: string;
  readonly advanced: boolean;
}

export interface ApplyInput {
  readonly tagPrefix: string;
  readonly desired: readonly DesiredDocument[];
  readonly current: readonly RawDocument[];
  /** Parameters that this owner's tag is on. */
  readonly owned: ReadonlySet<string>;
  /** Delete owned documents that are not desired any more. */
  readonly prune: boolean;
  /** Take over documents of the same name that bear no tag or another owner's. */
  readonly adopt: boolean;
}

export type ApplyChange =
  | { readonly action: 'create'; readonly document: DesiredDocument; readonly write: DocumentWrite }
  | {
      readonly action: 'change';
      readonly document: DesiredDocument;
      readonly write: DocumentWrite;
      readonly before: RawDocument;
      /** It was not this owner's: the tag is put on before the write. */
      readonly adopts: boolean;
    }
  | { readonly action: 'delete'; readonly before: RawDocument };

export interface ApplyPlan {
  /** In the order in which they are carried out: no policy ever names a schedule that is not there. */
  readonly changes: readonly ApplyChange[];
  readonly unchanged: readonly DesiredDocument[];
  /** Would be changed, but are somebody else's; any of these, and nothing is written. */
  readonly conflicts: readonly { readonly document: DesiredDocument; readonly before: RawDocument }[];
  /** Owned, not desired any more, and kept because nobody said `prune`. */
  readonly left: readonly RawDocument[];
  /** Somebody else's and of no concern here: never touched. */
  readonly foreign: readonly RawDocument[];
}

/** What has to be written so that the parameters are as desired. Pure. */
export function planApply({ tagPrefix, desired, current, owned, prune, adopt }: ApplyInput): ApplyPlan {
  const there = new Map(current.map((document) => [document.parameter, document]));
  const wanted = new Set<string>();
  const writes: ApplyChange[] = [];
  const unchanged: DesiredDocument[] = [];
  const conflicts: ApplyPlan['conflicts'][number][] = [];
  for (const document of desired) {
    const parameter = `/${tagPrefix}/${document.kind}/${document.name}`;
    wanted.add(parameter);
    const before = there.get(parameter);
    const write = { parameter, text: document.text, advanced: document.advanced };
    if (before === undefined) writes.push({ action: 'create', document, write });
    else if (saysTheSame(before.text, document.text)) unchanged.push(document);
    else if (owned.has(parameter) || adopt) {
      writes.push({ action: 'change', document, write, before, adopts: !owned.has(parameter) });
    } else conflicts.push({ document, before });
  }
  const rest = current.filter(({ parameter }) => !wanted.has(parameter));
  const gone = rest.filter(({ parameter }) => owned.has(parameter));
  const deletes = prune ? gone.map((before): ApplyChange => ({ action: 'delete', before })) : [];
  return {
    changes: inOrder([...writes, ...deletes]),
    unchanged,
    conflicts,
    left: prune ? [] : gone,
    foreign: rest.filter(({ parameter }) => !owned.has(parameter)),
  };
}

/** Schedules are written before the policies that name them and deleted after them. */
function inOrder(changes: readonly ApplyChange[]): readonly ApplyChange[] {
  const rank = (change: ApplyChange): number => {
    if (change.action === 'delete') return change.before.kind === 'policies' ? 2 : 3;
    return change.document.kind === 'schedules' ? 0 : 1;
  };
  return [...changes].sort((a, b) => rank(a) - rank(b) || compareText(parameterOf(a), parameterOf(b)));
}

export function parameterOf(change: ApplyChange): string {
  return change.action === 'delete' ? change.before.parameter : change.write.parameter;
}

/** Equal as data: the order of fields and the spaces of a console edit are no change. */
function saysTheSame(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return canonical(JSON.parse(a)) === canonical(JSON.parse(b));
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).sort(([a], [b]) => compareText(a, b));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
