import { ApiError, type Kernel, type Operation, type SimulatedService } from '../contract.ts';
import {
  checkName,
  checkValue,
  KEPT_VERSIONS,
  notFound,
  PAGE_BY_PATH,
  PAGE_DESCRIBE,
  type Parameter,
  ParameterStore,
  pageOf,
  STANDARD_BYTES,
  type Tier,
  validation,
} from './parameters.ts';

// biome-ignore lint/suspicious/noExplicitAny: inputs are validated against the published model before they arrive
type Input = any;

function tierOf(input: Input, existing: Parameter | undefined): Tier {
  if (input.Tier === 'Advanced') return 'Advanced';
  if (input.Tier === 'Intelligent-Tiering')
    return Buffer.byteLength(input.Value) > STANDARD_BYTES ? 'Advanced' : (existing?.tier ?? 'Standard');
  // An advanced parameter cannot be made standard again; without a tier it stays what it is.
  if (input.Tier === undefined) return existing?.tier ?? 'Standard';
  if (existing?.tier === 'Advanced') {
    throw validation(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.",
    );
  }
  return 'Standard';
}

function createPutParameter(kernel: Kernel, store: ParameterStore): Operation {
  return (input: Input, { caller, now }) => {
    const name: string = input.Name;
    checkName(name);
    const existing = store.find(name);
    if (existing !== undefined && input.Overwrite !== true) {
      throw new ApiError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    if (existing === undefined && input.Type === undefined) {
      throw validation('A parameter type is required when you create a parameter.');
    }
    if (existing !== undefined && input.Tags !== undefined) {
      throw validation(
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
      );
    }
    const tier = tierOf(input, existing);
    checkValue(input.Value, tier);
    const pattern: string | undefined = input.AllowedPattern ?? existing?.allowedPattern;
    if (pattern !== undefined && !new RegExp(pattern).test(input.Value)) {
      throw new ApiError(
        'ParameterPatternMismatchException',
        `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
      );
    }
    const parameter: Parameter = existing ?? {
      name,
      arn: `${store.arnPrefix}${name.startsWith('/') ? '' : '/'}${name}`,
      type: input.Type,
      tier,
      description: undefined,
      dataType: input.DataType ?? 'text',
      allowedPattern: undefined,
      by: '',
      tags: new Map((input.Tags ?? []).map((tag: Input) => [tag.Key, tag.Value])),
      versions: [],
    };
    parameter.type = input.Type ?? parameter.type;
    parameter.tier = tier;
    parameter.description = input.Description ?? parameter.description;
    parameter.allowedPattern = pattern;
    parameter.by = `arn:aws:iam::${kernel.accountId}:user/${caller.name}`;
    const version = (parameter.versions.at(-1)?.version ?? 0) + 1;
    parameter.versions.push({ version, value: input.Value, modifiedAt: now });
    if (parameter.versions.length > KEPT_VERSIONS) parameter.versions.shift();
    store.add(parameter);
    store.emitChange(parameter, existing === undefined ? 'Create' : 'Update');
    return { Tier: tier, Version: version };
  };
}

function checkPath(path: string): void {
  if (!path.startsWith('/')) {
    throw validation(
      'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.',
    );
  }
}

function createGetByPath(store: ParameterStore): Operation {
  return (input: Input) => {
    const path: string = input.Path;
    checkPath(path);
    if (input.ParameterFilters !== undefined)
      throw validation('ParameterFilters: filters of GetParametersByPath are not simulated');
    const prefix = path.endsWith('/') ? path : `${path}/`;
    const below = store.sorted().filter(({ name }) => {
      const full = name.startsWith('/') ? name : `/${name}`;
      if (!full.startsWith(prefix)) return false;
      return input.Recursive === true || !full.slice(prefix.length).includes('/');
    });
    const { page, next } = pageOf(below, input.NextToken, input.MaxResults ?? PAGE_BY_PATH);
    return { Parameters: page.map(({ name }) => store.show(name)), ...next };
  };
}

function matchesFilter(parameter: Parameter, filter: Input): boolean {
  const values: string[] = filter.Values ?? [];
  const option: string = filter.Option ?? 'Equals';
  switch (filter.Key) {
    case 'Name':
      return values.some((value) =>
        option === 'BeginsWith'
          ? parameter.name.startsWith(value)
          : option === 'Contains'
            ? parameter.name.includes(value)
            : parameter.name === value,
      );
    case 'Path':
      return values.some((value) => {
        const prefix = value.endsWith('/') ? value : `${value}/`;
        if (!parameter.name.startsWith(prefix)) return false;
        return option === 'Recursive' || !parameter.name.slice(prefix.length).includes('/');
      });
    case 'Type':
      return values.includes(parameter.type);
    case 'Tier':
      return values.includes(parameter.tier);
    default: {
      if (typeof filter.Key === 'string' && filter.Key.startsWith('tag:')) {
        const value = parameter.tags.get(filter.Key.slice(4));
        return value !== undefined && (values.length === 0 || values.includes(value));
      }
      throw new ApiError(
        'InvalidFilterKey',
        `The specified key is not simulated: ${filter.Key}. Use Name, Path, Type, Tier or tag:KEY.`,
      );
    }
  }
}

function createDescribe(store: ParameterStore): Operation {
  return (input: Input) => {
    const filters: Input[] = (input.ParameterFilters ?? []).concat(
      (input.Filters ?? []).map((filter: Input) => ({ ...filter, Option: 'BeginsWith' })),
    );
    const matching = store.sorted().filter((parameter) => filters.every((filter) => matchesFilter(parameter, filter)));
    const { page, next } = pageOf(matching, input.NextToken, input.MaxResults ?? PAGE_DESCRIBE);
    const shown = page.map((parameter) => ({
      Name: parameter.name,
      ARN: parameter.arn,
      Type: parameter.type,
      LastModifiedDate: new Date(parameter.versions.at(-1)!.modifiedAt),
      LastModifiedUser: parameter.by,
      Description: parameter.description,
      AllowedPattern: parameter.allowedPattern,
      Version: parameter.versions.at(-1)!.version,
      Tier: parameter.tier,
      Policies: [],
      DataType: parameter.dataType,
    }));
    return { Parameters: shown, ...next };
  };
}

function taggedParameter(store: ParameterStore, input: Input): Parameter {
  const parameter = input.ResourceType === 'Parameter' ? store.find(input.ResourceId) : undefined;
  if (parameter === undefined)
    throw new ApiError(
      'InvalidResourceId',
      'The resource ID is not valid. Verify that you entered the correct ID and try again.',
    );
  return parameter;
}

function createReads(store: ParameterStore): Record<string, Operation> {
  return {
    GetParameter(input: Input) {
      const parameter = store.show(input.Name);
      if (parameter === undefined) throw notFound();
      return { Parameter: parameter };
    },
    GetParameters(input: Input) {
      const names = input.Names as string[];
      const shown = names.map((name) => store.show(name));
      return {
        Parameters: shown.filter((parameter) => parameter !== undefined),
        InvalidParameters: names.filter((_, index) => shown[index] === undefined),
      };
    },
    GetParametersByPath: createGetByPath(store),
    DescribeParameters: createDescribe(store),
    ListTagsForResource(input: Input) {
      const { tags } = taggedParameter(store, input);
      return { TagList: [...tags].map(([Key, Value]) => ({ Key, Value })) };
    },
  };
}

export function createSsm(kernel: Kernel): SimulatedService {
  const store = new ParameterStore(kernel);
  return {
    name: 'SSM',
    operations: {
      ...createReads(store),
      PutParameter: createPutParameter(kernel, store),
      DeleteParameter(input: Input) {
        if (!store.delete(input.Name)) throw notFound();
        return {};
      },
      DeleteParameters(input: Input) {
        const names = input.Names as string[];
        const deleted = names.filter((name) => store.delete(name));
        return { DeletedParameters: deleted, InvalidParameters: names.filter((name) => !deleted.includes(name)) };
      },
      AddTagsToResource(input: Input) {
        const { tags } = taggedParameter(store, input);
        for (const { Key, Value } of input.Tags as Input[]) tags.set(Key, Value);
        return {};
      },
    },
  };
}
