import type { Parsed, Problem } from './problem.ts';
import { makeProblem, showValue } from './problem.ts';

/** What one SSM parameter holds, in bytes; above the first, parameters cost money, so it must be said. */
export const STANDARD_TIER_BYTES = 4_096;
export const ADVANCED_TIER_BYTES = 8_192;

export const NAME_PATTERN = /^[a-z0-9-]{1,64}$/;
export const NAME_ALLOWED = 'a name of 1 to 64 characters of a-z, 0-9 and -';

const encoder = new TextEncoder();

/** The text that goes into the parameter. */
export function toParameterText(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

/** A document's name and size: what is wrong before its fields are looked at. */
export function checkFrame(name: string, value: unknown): Problem[] {
  const problems: Problem[] = [];
  if (!NAME_PATTERN.test(name)) problems.push({ field: 'name', value: showValue(name), allowed: NAME_ALLOWED });
  const bytes = encoder.encode(toParameterText(value)).byteLength;
  const advanced = typeof value === 'object' && value !== null && (value as { tier?: unknown }).tier === 'advanced';
  const limit = advanced ? ADVANCED_TIER_BYTES : STANDARD_TIER_BYTES;
  if (bytes > limit) {
    const allowed = advanced
      ? `at most ${limit} bytes as JSON: no SSM parameter holds more`
      : `at most ${limit} bytes as JSON: a free SSM parameter holds no more (tier: advanced, which costs, takes ${ADVANCED_TIER_BYTES})`;
    problems.push({ field: 'document', value: `${bytes} bytes`, allowed, path: [] });
  }
  return problems;
}

/** The value of a parameter's text. */
export function readJson(text: string): Parsed<unknown> {
  // Far above what SSM can hold: the text came from somewhere else, and is not worth parsing.
  if (text.length > 16 * ADVANCED_TIER_BYTES) {
    const allowed = `at most ${ADVANCED_TIER_BYTES} bytes`;
    return { ok: false, problems: [makeProblem([], `${text.length} characters`, allowed)] };
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, problems: [makeProblem([], text, `JSON (${error.message})`)] };
  }
}
