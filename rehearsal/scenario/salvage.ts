import * as v from 'valibot';
import { parseInstant } from '../../shared/documents/values.ts';
import { endpointSchema, type ScenarioDocument } from './grammar.ts';
import { parameterValue } from './happening-values.ts';
import { type HappeningDocument, happeningSchema } from './happenings.ts';

/** What can be read of a document that is not a scenario as a whole. */
export interface Salvage {
  readonly document: ScenarioDocument;
  /** Entry by entry; undefined: this one cannot be read. */
  readonly happens: readonly (HappeningDocument | undefined)[];
  readonly endpointNames: readonly string[];
}

const SOME_START = Date.UTC(2026, 0, 1);

/** Each part by itself, so that one slip of the pen does not hide what is wrong elsewhere. */
export function salvage(value: unknown): Salvage {
  const source = isObject(value) ? value : {};
  const start = typeof source['start'] === 'string' ? parseInstant(source['start']) : undefined;
  const endpoints = entriesOf(source['endpoints']);
  // Times of an unreadable start are neither before nor after it.
  const happens = start !== undefined && Array.isArray(source['happens']) ? source['happens'] : [];
  return {
    document: {
      start: start ?? SOME_START,
      parameters: Object.fromEntries(
        entriesOf(source['parameters']).flatMap(([name, entry]) => {
          const parsed = v.safeParse(parameterValue, entry);
          return parsed.success ? [[name, parsed.output]] : [];
        }),
      ),
      schedules: documentsOf(source['schedules']),
      policies: documentsOf(source['policies']),
      endpoints: Object.fromEntries(
        endpoints.flatMap(([name, entry]) => {
          const parsed = v.safeParse(endpointSchema, entry);
          return parsed.success ? [[name, parsed.output]] : [];
        }),
      ),
    },
    happens: happens.map((entry) => {
      const parsed = v.safeParse(happeningSchema, entry);
      return parsed.success ? parsed.output : undefined;
    }),
    endpointNames: endpoints.map(([name]) => name),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entriesOf(section: unknown): [string, unknown][] {
  return isObject(section) ? Object.entries(section) : [];
}

function documentsOf(section: unknown): Record<string, string | Record<string, unknown>> {
  const readable = entriesOf(section).filter(
    (entry): entry is [string, string | Record<string, unknown>] => typeof entry[1] === 'string' || isObject(entry[1]),
  );
  return Object.fromEntries(readable);
}
