import {
  GetResourcesCommand,
  type ResourceGroupsTaggingAPIClient,
  type TagFilter,
} from '@aws-sdk/client-resource-groups-tagging-api';
import type { Candidate, CandidateFinder, TableFinder } from '../ports/documents-source.ts';
import { outcomeOf } from './classify.ts';

const PAGE_SIZE = 100;
const PAGES_LIMIT = 1_000;

/** Candidates for enrolment. The tagging API is late and lists ghosts: SageMaker's ListTags decides. */
export function createCandidateFinder(client: ResourceGroupsTaggingAPIClient, tagPrefix: string): CandidateFinder {
  const read = () => readPages(client, 'sagemaker:endpoint', { Key: `${tagPrefix}:policy` });
  return { candidates: () => outcomeOf('ResourceGroupsTaggingAPI.GetResources', read) };
}

/** Tables that stacks of this tag prefix made: a deleted stack leaves its table behind. */
export function createTableFinder(client: ResourceGroupsTaggingAPIClient, tagPrefix: string): TableFinder {
  async function read() {
    const tables = await readPages(client, 'dynamodb:table', { Key: `${tagPrefix}:table`, Values: ['state'] });
    return tables.map(({ arn }) => arn.slice(arn.indexOf('/') + 1));
  }
  return { tables: () => outcomeOf('ResourceGroupsTaggingAPI.GetResources', read) };
}

async function readPages(
  client: ResourceGroupsTaggingAPIClient,
  type: string,
  filter: TagFilter,
): Promise<readonly Candidate[]> {
  const resources: Candidate[] = [];
  let token: string | undefined;
  for (let page = 0; page < PAGES_LIMIT; page += 1) {
    const answer = await client.send(
      new GetResourcesCommand({
        TagFilters: [filter],
        ResourceTypeFilters: [type],
        ResourcesPerPage: PAGE_SIZE,
        PaginationToken: token,
      }),
    );
    for (const { ResourceARN, Tags } of answer.ResourceTagMappingList ?? []) {
      if (ResourceARN === undefined) continue;
      const tags = Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
      resources.push({ arn: ResourceARN, tags });
    }
    token = answer.PaginationToken;
    if (token === undefined || token === '') return resources;
  }
  throw new Error(`more than ${PAGES_LIMIT} pages of tagged resources of ${type}`);
}
