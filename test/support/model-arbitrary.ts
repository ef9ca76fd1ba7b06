import fc from 'fast-check';
import { loadServiceModel, type Shape, shapeOf } from '../../simulator/wire/model.ts';

type ServiceName = Parameters<typeof loadServiceModel>[0];

/**
 * Arbitraries in place of a shape (`VariantName`) or of a structure's member (`ProductionVariant.ModelName`); null leaves
 * the member out.
 */
export type Overrides = Readonly<Record<string, fc.Arbitrary<unknown> | null>>;

const LONGEST = 24;
const MOST_ITEMS = 3;

/** Any value of a shape of the published model: lengths, ranges, patterns and enums as AWS declares them. */
export function arbitraryOf(service: ServiceName, name: string, overrides: Overrides = {}): fc.Arbitrary<unknown> {
  const model = loadServiceModel(service);
  const build = (shapeName: string): fc.Arbitrary<unknown> => {
    const override = overrides[shapeName];
    return override ?? ofShape(shapeOf(model, shapeName), shapeName, build, overrides);
  };
  return build(name);
}

function ofShape(
  shape: Shape,
  name: string,
  build: (shapeName: string) => fc.Arbitrary<unknown>,
  overrides: Overrides,
): fc.Arbitrary<unknown> {
  const { min, max } = shape;
  switch (shape.type) {
    case 'structure':
      return structure(shape, name, build, overrides);
    case 'list': {
      const most = Math.min(max ?? MOST_ITEMS, Math.max(min ?? 0, MOST_ITEMS));
      return fc.array(build(shape.member ?? ''), { minLength: min ?? 0, maxLength: most });
    }
    case 'map':
      return fc.dictionary(build(shape.key ?? '') as fc.Arbitrary<string>, build(shape.value ?? ''), {
        minKeys: min ?? 0,
        maxKeys: Math.min(max ?? MOST_ITEMS, MOST_ITEMS),
      });
    case 'string':
      return text(shape);
    case 'integer':
    case 'long':
      return fc.integer({ min: min ?? -1_000_000, max: max ?? 1_000_000 });
    case 'float':
      return fc.float({ min: min ?? -1000, max: max ?? 1000, noNaN: true }).map((value) => value + 0);
    case 'double':
      return fc.double({ min: min ?? -1e6, max: max ?? 1e6, noNaN: true }).map((value) => value + 0);
    case 'boolean':
      return fc.boolean();
    case 'timestamp':
      return fc.date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
    case 'blob':
      return fc.uint8Array();
    default:
      return shape.type satisfies never;
  }
}

function structure(
  { members = {}, required = [] }: Shape,
  name: string,
  build: (shapeName: string) => fc.Arbitrary<unknown>,
  overrides: Overrides,
): fc.Arbitrary<unknown> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [member, shapeName] of Object.entries(members)) {
    const key = `${name}.${member}`;
    if (overrides[key] === null || overrides[shapeName] === null) continue;
    fields[member] = overrides[key] ?? build(shapeName);
  }
  return fc.record(fields, { requiredKeys: required.filter((member) => member in fields), noNullPrototype: true });
}

/** Patterns over nearly all of Unicode, or with look-aheads, that plain words of these characters satisfy. */
const WORDS = fc.string({
  unit: fc.constantFrom(...'abcXYZ0189-_.:/=+@ '.split('')),
  minLength: 1,
  maxLength: LONGEST - 2,
});
const WIDE_PATTERN = /\\p\{|\\u|\(\?!|^\.\*$|^\[\\s\\S\]\+$|^\[\^:\]/;

function text({ min = 0, max = Infinity, pattern, enum: allowed }: Shape): fc.Arbitrary<string> {
  if (allowed !== undefined) return fc.constantFrom(...allowed);
  const longest = Math.min(max, Math.max(min, LONGEST));
  if (pattern === undefined || WIDE_PATTERN.test(pattern)) {
    return WORDS.map((words) => `a${words}z`.padEnd(min, 'x').slice(0, longest));
  }
  const matching = fc.stringMatching(new RegExp(`^(?:${pattern})$`), { size: '-1' });
  // Unicode's line ends and what JSON cannot carry are not what is tested here.
  return matching.filter((value) => value.length >= min && value.length <= max && /^[\x20-\x7e]*$/.test(value));
}
