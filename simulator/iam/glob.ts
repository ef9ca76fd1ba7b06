import type { RequestContext } from '../contract.ts';

const compiled = new Map<string, RegExp>();

/** Stand for `*` and `?` that came out of a variable: they are characters, not wildcards. */
const LITERAL_STAR = '\uE000';
const LITERAL_MARK = '\uE001';

function mask(value: string): string {
  return value.replaceAll('*', LITERAL_STAR).replaceAll('?', LITERAL_MARK);
}

/** The text that a filled-in pattern stands for where it is compared as a whole. */
export function unmask(text: string): string {
  return text.replaceAll(LITERAL_STAR, '*').replaceAll(LITERAL_MARK, '?');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
}

/** `*` is any text, `?` any one character; everything else is literal and case counts. */
export function matchesGlob(pattern: string, text: string): boolean {
  if (!/[*?]/.test(pattern)) return unmask(pattern) === text;
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    const wild = escapeRegExp(pattern).replaceAll('*', '.*').replaceAll('?', '.');
    expression = new RegExp(`^${wild.replaceAll(LITERAL_STAR, '\\*').replaceAll(LITERAL_MARK, '\\?')}$`, 's');
    compiled.set(pattern, expression);
  }
  return expression.test(text);
}

const ARN_PARTS = 6;

/** The last part of an ARN, the resource, may hold colons itself. */
function splitArn(arn: string): string[] | undefined {
  const parts = arn.split(':');
  if (parts.length < ARN_PARTS) return undefined;
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
}

/** A wildcard in an ARN never reaches over one of its first five colons. */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*' || pattern === arn) return true;
  const wanted = splitArn(pattern);
  const given = splitArn(arn);
  if (wanted === undefined || given === undefined) return false;
  return wanted.every((part, index) => matchesGlob(part, given[index]!));
}

/** Looks a condition key up; the case of keys does not count. */
export function contextValue(context: RequestContext, key: string): string | readonly string[] | undefined {
  const direct = context[key];
  if (direct !== undefined) return direct;
  const wanted = key.toLowerCase();
  const found = Object.keys(context).find((candidate) => candidate.toLowerCase() === wanted);
  return found === undefined ? undefined : context[found];
}

/**
 * `${aws:PrincipalAccount}` and `${key, 'default'}` filled in; undefined when a variable has no single value, which makes
 * the statement apply to nothing. `${*}`, `${?}` and `${$}` are the characters themselves, and so is a
 * wildcard in a value.
 */
export function fillVariables(text: string, context: RequestContext): string | undefined {
  if (!text.includes('${')) return text;
  let isComplete = true;
  const filled = text.replace(/\$\{([^}]*)\}/g, (_whole, inner: string) => {
    if (inner === '*' || inner === '?' || inner === '$') return mask(inner);
    const [, key = '', fallback] = /^\s*([^,]+?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(inner) ?? [];
    const value = contextValue(context, key);
    if (typeof value === 'string') return mask(value);
    if (value === undefined && fallback !== undefined) return mask(fallback);
    isComplete = false;
    return '';
  });
  return isComplete ? filled : undefined;
}
