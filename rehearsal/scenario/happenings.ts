import * as v from 'valibot';
import { at, choice, count, fields, oneOf, text, word } from '../../shared/documents/schema.ts';
import { FAULT_VERBS } from './fault-verbs.ts';
import { COMPONENT_ALLOWED, COMPONENT_NAME, call, endpoint, templateParameters, time } from './happening-values.ts';

const DOCUMENT_NAME = 'schedules/<name> or policies/<name>';
const documentName = text(/^(?:schedules|policies)\/[a-z0-9-]{1,64}$/, DOCUMENT_NAME, (input) => {
  const [kind, name] = input.split('/');
  return { kind: kind as 'schedules' | 'policies', name: name! };
});

const componentName = word(COMPONENT_NAME, COMPONENT_ALLOWED);

const WHY_ALLOWED = 'why, a text of 1 to 256 characters, none of them a control character such as a line break';
const why = text(/^(?=.*\S).{1,256}$/, WHY_ALLOWED, (input) => (/\p{Cc}/u.test(input) ? undefined : input));

const putSchema = v.pipe(
  fields({
    at: time,
    put: documentName,
    document: v.optional(v.unknown()),
    text: v.optional(v.string('the raw value of the parameter, a text')),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    if ((dataset.value.document === undefined) === (dataset.value.text === undefined)) {
      addIssue({ message: 'exactly one of document and text', path: at('document') });
    }
  }),
  v.transform((input) => ({
    verb: 'put' as const,
    at: input.at,
    ...input.put,
    document: input.document,
    text: input.text,
  })),
);

/** What people do. */
const HAND_VERBS = {
  call: v.pipe(
    fields({ at: time, call, with: v.optional(v.looseObject({}, 'the input of the call, an object')) }),
    v.transform((input) => {
      const [service, operation] = input.call.split('.') as [string, string];
      return { verb: 'call' as const, at: input.at, service, operation, input: input.with ?? {} };
    }),
  ),
  requests: v.pipe(
    fields({ at: time, requests: count(1, 1_000_000), to: endpoint, component: v.optional(componentName) }),
    v.transform((input) => ({
      verb: 'requests' as const,
      at: input.at,
      count: input.requests,
      endpoint: input.to,
      component: input.component,
    })),
  ),
  put: putSchema,
  deploy: v.pipe(
    fields({ at: time, deploy: templateParameters }),
    v.transform((input) => ({ verb: 'deploy' as const, at: input.at, parameters: input.deploy })),
  ),
  remove: v.pipe(
    fields({ at: time, remove: documentName }),
    v.transform((input) => ({ verb: 'remove' as const, at: input.at, ...input.remove })),
  ),
  giveBack: v.pipe(
    fields({ at: time, giveBack: endpoint }),
    v.transform((input) => ({ verb: 'giveBack' as const, at: input.at, endpoint: input.giveBack })),
  ),
  hold: v.pipe(
    fields({
      at: time,
      hold: endpoint,
      mode: choice(['up', 'down', 'hands-off']),
      until: time,
      why,
    }),
    v.transform((input) => ({
      verb: 'hold' as const,
      at: input.at,
      endpoint: input.hold,
      mode: input.mode,
      until: input.until,
      why: input.why,
    })),
  ),
  unhold: v.pipe(
    fields({ at: time, unhold: endpoint }),
    v.transform((input) => ({ verb: 'unhold' as const, at: input.at, endpoint: input.unhold })),
  ),
} as const;

/** One schema for each verb; the key that is present says which is meant. */
const VERBS = { ...FAULT_VERBS, ...HAND_VERBS } as const;

const NAMES = Object.keys(VERBS);
const VERB_ALLOWED = `an entry { at, … } with one of ${NAMES.join(', ')}`;

function verbOf(input: unknown): number {
  if (typeof input !== 'object' || input === null) return NAMES.length;
  const index = NAMES.findIndex((verb) => Object.hasOwn(input, verb));
  return index < 0 ? NAMES.length : index;
}

type VerbOutput = v.InferOutput<(typeof VERBS)[keyof typeof VERBS]>;

/** Any entry of `happens`. */
export const happeningSchema = oneOf(verbOf, [
  ...Object.values(VERBS),
  v.custom<never>(() => false, VERB_ALLOWED),
]) as unknown as v.GenericSchema<unknown, VerbOutput>;

export type HappeningDocument = VerbOutput;
