import { GetResourcesCommand, type ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import type { CandidateFinder } from '../ports/documents-source.ts';
import { outcomeOf } from './classify.ts';

const PAGE_SIZE = 100;
const PAGES_LIMIT = 1_000;

/** Candidates for enrolment. The tagging API is late and lists ghosts: SageMaker's ListTags decides. */
export function createCandidateFinder(client: ResourceGroupsTaggingAPIClient, tagPrefix: string): CandidateFinder {
  async function readPages() {
    const candidates: { arn: string; tags: Readonly<Record<string, string>> }[] = [];
    let token: string | undefined;
    for (let page = 0; page < PAGES_LIMIT; page += 1) {
      const answer = await client.send(
        new GetResourcesCommand({
          TagFilters: [{ Key: `${tagPrefix}:policy` }],
          ResourceTypeFilters: ['sagemaker:endpoint'],
          ResourcesPerPage: PAGE_SIZE,
          PaginationToken: token,
        }),
      );
      for (const { ResourceARN, Tags } of answer.ResourceTagMappingList ?? []) {
        if (ResourceARN === undefined) continue;
        const tags = Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
        candidates.push({ arn: ResourceARN, tags });
      }
      token = answer.PaginationToken;
      if (token === undefined || token === '') return candidates;
    }
    throw new Error(`more than ${PAGES_LIMIT} pages of tagged endpoints`);
  }

  return { candidates: () => outcomeOf('ResourceGroupsTaggingAPI.GetResources', readPages) };
}
