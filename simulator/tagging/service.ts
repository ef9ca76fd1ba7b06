import { ApiError, type EpochMs, type SimulatedService, type TaggedResource } from '../contract.ts';

// biome-ignore lint/suspicious/noExplicitAny: inputs are validated against the published model before they arrive
type Input = any;

const DEFAULT_PAGE = 50;

function invalid(message: string): ApiError {
  return new ApiError('InvalidParameterException', message);
}

function tagsAt(resource: TaggedResource, at: EpochMs): Readonly<Record<string, string>> | undefined {
  let tags: Readonly<Record<string, string>> | undefined;
  for (const entry of resource.history) {
    if (entry.at > at) break;
    tags = entry.tags;
  }
  return tags;
}

function matchesTags(tags: Readonly<Record<string, string>>, filters: readonly Input[]): boolean {
  return filters.every(({ Key, Values }) => {
    const value = tags[Key];
    return value !== undefined && (Values === undefined || Values.length === 0 || Values.includes(value));
  });
}

/** `sagemaker` or `sagemaker:endpoint` against `arn:aws:sagemaker:region:account:endpoint/name`. */
function matchesType(arn: string, filters: readonly string[]): boolean {
  const [, , service, , , ...rest] = arn.split(':');
  const type = rest.join(':').split(/[/:]/)[0];
  return filters.some((filter) => filter === service || filter === `${service}:${type}`);
}

function readToken(token: string | undefined): string {
  if (token === undefined || token === '') return '';
  const text = Buffer.from(token, 'base64').toString('utf8');
  if (!text.startsWith('arn:'))
    throw new ApiError('PaginationTokenExpiredException', 'The pagination token is not valid or has expired.');
  return text;
}

/**
 * GetResources over tags of SageMaker's resources and of tables as they were some minutes ago: new endpoints are missing, deleted ones are still
 * listed, changed tags show their old value. A resource that has no tags any more stays listed while it exists.
 */
export function createTagging(lagMs: number, resources: () => readonly TaggedResource[]): SimulatedService {
  return {
    name: 'ResourceGroupsTaggingAPI',
    operations: {
      GetResources(input: Input, { now }) {
        const at = now - lagMs;
        const filters = input.TagFilters ?? [];
        const types: string[] = input.ResourceTypeFilters ?? [];
        const arns: string[] | undefined = input.ResourceARNList;
        if (arns !== undefined && (filters.length > 0 || types.length > 0)) {
          throw invalid('ResourceARNList cannot be used together with TagFilters or ResourceTypeFilters.');
        }
        const size: number = input.ResourcesPerPage ?? DEFAULT_PAGE;
        if (size < 1 || size > 100) throw invalid('ResourcesPerPage must be between 1 and 100.');
        const after = readToken(input.PaginationToken);
        const found: { arn: string; tags: Readonly<Record<string, string>> }[] = [];
        for (const resource of resources()) {
          const { arn } = resource;
          if (arn <= after) continue;
          if (arns !== undefined && !arns.includes(arn)) continue;
          if (types.length > 0 && !matchesType(arn, types)) continue;
          const tags = tagsAt(resource, at);
          if (tags !== undefined && matchesTags(tags, filters)) found.push({ arn, tags });
        }
        found.sort((a, b) => (a.arn < b.arn ? -1 : 1));
        const page = found.slice(0, size);
        const more = found.length > size;
        return {
          PaginationToken: more ? Buffer.from(page.at(-1)!.arn).toString('base64') : '',
          ResourceTagMappingList: page.map(({ arn, tags }) => ({
            ResourceARN: arn,
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          })),
        };
      },
    },
  };
}
