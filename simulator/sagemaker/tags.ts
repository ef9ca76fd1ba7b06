import { ApiError, type CallContext, type EpochMs, type Operation, type TaggedResource } from '../contract.ts';
import { validationError } from './naming.ts';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

interface TagHistory extends TaggedResource {
  readonly history: { at: EpochMs; tags: Readonly<Record<string, string>> | undefined }[];
}

const MAXIMUM_TAGS = 50;

/** Tags of models, endpoint configs and endpoints by ARN, with their past: the tagging API answers from a lagging copy, in lower case. */
export class TagRegistry {
  readonly #byArn = new Map<string, TagHistory>();

  create(arn: string, tags: Readonly<Record<string, string>>, at: EpochMs): void {
    const key = arn.toLowerCase();
    const known = this.#byArn.get(key);
    if (known) known.history.push({ at, tags });
    else this.#byArn.set(key, { arn: key, history: [{ at, tags }] });
  }

  drop(arn: string, at: EpochMs): void {
    this.#byArn.get(arn.toLowerCase())?.history.push({ at, tags: undefined });
  }

  /** Undefined when no such resource exists now. */
  current(arn: string): Readonly<Record<string, string>> | undefined {
    return this.#byArn.get(arn.toLowerCase())?.history.at(-1)?.tags;
  }

  set(arn: string, tags: Readonly<Record<string, string>>, at: EpochMs): void {
    this.#byArn.get(arn.toLowerCase())!.history.push({ at, tags });
  }

  resources(): readonly TaggedResource[] {
    return [...this.#byArn.values()];
  }
}

/** User tags of a create call. AWS keeps the `aws:` prefix for itself and refuses it in any spelling. */
export function readTags(tags: readonly Tag[] | undefined): Record<string, string> {
  const result: Record<string, string> = {};
  for (const { Key, Value } of tags ?? []) {
    if (Key.toLowerCase().startsWith('aws:')) {
      throw validationError(`aws: prefixed tag key names are not allowed for external use. Tag key: ${Key}`);
    }
    if (Key in result)
      throw validationError(`Duplicate tag key found. Please note that Tag keys are case insensitive. Tag key: ${Key}`);
    result[Key] = Value;
  }
  checkTagCount(result);
  return result;
}

function checkTagCount(tags: Readonly<Record<string, string>>): void {
  const count = Object.keys(tags).filter((key) => !key.toLowerCase().startsWith('aws:')).length;
  if (count > MAXIMUM_TAGS) {
    throw new ApiError(
      'ResourceLimitExceeded',
      `Number of tags ${count} exceeds the limit of ${MAXIMUM_TAGS} tags per resource.`,
    );
  }
}

function toTagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function createTagOperations(registry: TagRegistry): Record<string, Operation> {
  const find = (arn: string): [string, Readonly<Record<string, string>>] => {
    // ARNs of SageMaker are lower-cased, but callers build them from names.
    const key = arn.toLowerCase();
    const tags = registry.current(key);
    if (!tags) throw validationError(`The resource ${arn} does not exist.`);
    return [key, tags];
  };
  return {
    AddTags(input: { ResourceArn: string; Tags: Tag[] }, { now }: CallContext) {
      const [arn, before] = find(input.ResourceArn);
      const after = { ...before, ...readTags(input.Tags) };
      checkTagCount(after);
      registry.set(arn, after, now);
      return { Tags: toTagList(after) };
    },
    DeleteTags(input: { ResourceArn: string; TagKeys: string[] }, { now }: CallContext) {
      const [arn, before] = find(input.ResourceArn);
      const reserved = input.TagKeys.find((key) => key.toLowerCase().startsWith('aws:'));
      if (reserved !== undefined) {
        throw validationError(`aws: prefixed tag key names are not allowed for external use. Tag key: ${reserved}`);
      }
      registry.set(
        arn,
        Object.fromEntries(Object.entries(before).filter(([key]) => !input.TagKeys.includes(key))),
        now,
      );
      return {};
    },
    ListTags(input: { ResourceArn: string; NextToken?: string; MaxResults?: number }) {
      const [, tags] = find(input.ResourceArn);
      const list = toTagList(tags);
      const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
      if (!Number.isInteger(from) || from < 0) throw validationError('Invalid NextToken');
      const to = from + (input.MaxResults ?? 50);
      return { Tags: list.slice(from, to), ...(to < list.length ? { NextToken: String(to) } : {}) };
    },
  };
}
