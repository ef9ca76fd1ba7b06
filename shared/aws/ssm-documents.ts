import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import type { DocumentStore, DocumentWrite } from '../ports/document-store.ts';
import type { Outcome } from '../ports/outcome.ts';
import { outcomeOf } from './classify.ts';
import { createDocumentSource } from './ssm.ts';

const PAGE_SIZE = 50;
const PAGES_LIMIT = 1_000;

/** Tag on parameters that `apply` wrote; its value is the owner. */
export function ownerTag(tagPrefix: string): string {
  return `${tagPrefix}:applied-by`;
}

export function createDocumentStore(client: SSMClient, tagPrefix: string): DocumentStore {
  return {
    ...createDocumentSource(client, tagPrefix),
    ...createReads(client, tagPrefix),
    ...createWrites(client, tagPrefix),
  };
}

function createReads(client: SSMClient, tagPrefix: string): Pick<DocumentStore, 'ownedBy' | 'ownerOf' | 'read'> {
  const tag = ownerTag(tagPrefix);
  return {
    ownedBy: (owner) => outcomeOf('SSM.DescribeParameters', () => readOwned(client, tagPrefix, owner)),
    ownerOf: (parameter) =>
      outcomeOf('SSM.ListTagsForResource', async () => {
        const answer = await client.send(
          new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: parameter }),
        );
        return answer.TagList?.find(({ Key }) => Key === tag)?.Value;
      }),
    async read(parameter) {
      const answer = await outcomeOf('SSM.GetParameter', () =>
        client.send(new GetParameterCommand({ Name: parameter })),
      );
      if (answer.ok) {
        const { Version, Value } = answer.value.Parameter ?? {};
        return { ok: true, value: { version: Version ?? 0, text: Value ?? '' } };
      }
      return answer.failure.class === 'missing' ? { ok: true, value: undefined } : answer;
    },
  };
}

async function readOwned(client: SSMClient, tagPrefix: string, owner: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  let token: string | undefined;
  for (let page = 0; page < PAGES_LIMIT; page += 1) {
    const answer = await client.send(
      new DescribeParametersCommand({
        ParameterFilters: [
          { Key: 'Path', Option: 'Recursive', Values: [`/${tagPrefix}`] },
          { Key: `tag:${ownerTag(tagPrefix)}`, Values: [owner] },
        ],
        MaxResults: PAGE_SIZE,
        NextToken: token,
      }),
    );
    for (const { Name } of answer.Parameters ?? []) if (Name !== undefined) names.add(Name);
    token = answer.NextToken;
    if (token === undefined || token === '') return names;
  }
  throw new Error(`more than ${PAGES_LIMIT} pages of parameters below /${tagPrefix}`);
}

function createWrites(
  client: SSMClient,
  tagPrefix: string,
): Pick<DocumentStore, 'create' | 'overwrite' | 'adopt' | 'remove'> {
  const tag = ownerTag(tagPrefix);
  return {
    async create(write, owner) {
      const answer = await outcomeOf('SSM.PutParameter', async () => {
        await client.send(new PutParameterCommand({ ...requestOf(write), Tags: [{ Key: tag, Value: owner }] }));
      });
      return existsAsClass(answer);
    },
    overwrite: (write) =>
      outcomeOf('SSM.PutParameter', async () => {
        const answer = await client.send(new PutParameterCommand({ ...requestOf(write), Overwrite: true }));
        return answer.Version ?? 0;
      }),
    adopt: (parameter, owner) =>
      outcomeOf('SSM.AddTagsToResource', async () => {
        await client.send(
          new AddTagsToResourceCommand({
            ResourceType: 'Parameter',
            ResourceId: parameter,
            Tags: [{ Key: tag, Value: owner }],
          }),
        );
      }),
    async remove(parameter) {
      const answer = await outcomeOf('SSM.DeleteParameter', async () => {
        await client.send(new DeleteParameterCommand({ Name: parameter }));
      });
      return !answer.ok && answer.failure.class === 'missing' ? { ok: true, value: undefined } : answer;
    },
  };
}

/** Without a tier a parameter keeps the one it has: AWS makes no advanced one standard again. */
function requestOf({ parameter, text, advanced }: DocumentWrite) {
  return {
    Name: parameter,
    Value: text,
    Type: 'String' as const,
    ...(advanced && { Tier: 'Advanced' as const }),
  };
}

function existsAsClass(outcome: Outcome<void>): Outcome<void> {
  if (outcome.ok || outcome.failure.code !== 'ParameterAlreadyExists') return outcome;
  return { ok: false, failure: { ...outcome.failure, class: 'exists' } };
}
