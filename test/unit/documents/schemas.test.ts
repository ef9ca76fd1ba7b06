import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderSchemas, SCHEMA_FOLDER } from '../../../scripts/generate-schemas.ts';

const RENDERED = renderSchemas();

test.each([...RENDERED.keys()])('docs/schemas/%s is what `node scripts/generate-schemas.ts` writes', (file) => {
  expect(readFileSync(new URL(file, SCHEMA_FOLDER), 'utf8')).toBe(RENDERED.get(file));
});

test('no other schema lies there', () => {
  expect(readdirSync(SCHEMA_FOLDER).sort()).toEqual([...RENDERED.keys()].sort());
});

test('schemas refuse unknown fields everywhere', () => {
  const objects: unknown[] = [];
  JSON.parse(RENDERED.get('policy.schema.json')!, (_key, value: unknown) => {
    if (typeof value === 'object' && value !== null && 'properties' in value) objects.push(value);
    return value;
  });
  expect(objects.length).toBeGreaterThan(8);
  for (const object of objects) expect(object).toMatchObject({ additionalProperties: false });
});
